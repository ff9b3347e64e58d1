"""The newsroom as an HTTP client meets it, without our fetchers: each source's own words, codes and headers."""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from embedded.newsroom import DamagedBodyError, Newsroom, NewsroomPortError
from embedded.newsroom.desk import Desk
from embedded.newsroom.recordings import folder_of
from tapehouse.intervals import DAY_US

NOON_US = 20_786 * DAY_US + DAY_US // 2  # 2026-11-29T12:00Z
APP = {
    "Authorization": "Basic " + base64.b64encode(b"id:secret").decode(),
    "User-Agent": "linux:tapehouse:1 (by /u/x)",
    "Content-Type": "application/x-www-form-urlencoded",
}


@dataclass
class Clock:
    """One that a test moves."""

    now_us: int = NOON_US

    def __call__(self) -> int:
        return self.now_us


@dataclass
class Client:
    """Asks one newsroom."""

    room: Newsroom
    clock: Clock
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> bytes:
        line = http.client.HTTPConnection("127.0.0.1", self.room.port, timeout=5)
        with contextlib.closing(line):
            line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = line.getresponse()
            self.status, self.headers = answer.status, {name.lower(): value for name, value in answer.getheaders()}
            return answer.read()

    def get(self, path: str, **headers: str) -> Any:
        return json.loads(self.raw(path, **headers))

    def alphavantage(self, **query: str) -> Any:
        words = {"function": "NEWS_SENTIMENT", "apikey": "key-123456", **query}
        return self.get(f"/alphavantage/query?{urlencode(words)}")

    def token(self) -> str:
        said = self.raw("/reddit/api/v1/access_token", method="POST", body="grant_type=client_credentials", **APP)
        return str(json.loads(said)["access_token"])

    def reddit(self, path: str, token: str) -> Any:
        return self.get(f"/reddit/r/CryptoCurrency/{path}", **{**APP, "Authorization": f"bearer {token}"})


@pytest.fixture
def client() -> Iterator[Client]:
    clock = Clock()
    with Newsroom(clock=clock) as room:
        yield Client(room, clock)


# -- Alpha Vantage -----------------------------------------------------------------------------------------------------


def test_a_ticker_s_stories_of_a_span_come_oldest_first(client: Client) -> None:
    words = {"tickers": "CRYPTO:BTC", "time_from": "20261127T0000", "time_to": "20261129T0000", "sort": "EARLIEST"}
    feed = client.alphavantage(**words, limit="1000")["feed"]
    times = [story["time_published"] for story in feed]
    assert len(feed) > 5
    assert times == sorted(times)
    assert "20261127T000000" <= times[0] <= times[-1] <= "20261129T000000"
    assert all("CRYPTO:BTC" in [each["ticker"] for each in story["ticker_sentiment"]] for story in feed)
    page = client.alphavantage(**words, limit="3")
    assert (page["items"], page["feed"]) == ("3", feed[:3])
    newest = client.alphavantage(**{**words, "sort": "LATEST"}, limit="3")
    assert newest["feed"] == feed[:-4:-1]


def test_several_tickers_mean_stories_about_all_of_them(client: Client) -> None:
    both = client.alphavantage(tickers="CRYPTO:BTC,CRYPTO:ETH", limit="1000")["feed"]
    alone = client.alphavantage(tickers="CRYPTO:BTC", limit="1000")["feed"]
    assert 0 < len(both) < len(alone)
    assert all({"CRYPTO:BTC", "CRYPTO:ETH"} <= {t["ticker"] for t in story["ticker_sentiment"]} for story in both)


def test_no_story_is_from_the_future(client: Client) -> None:
    feed = client.alphavantage(time_from="20261129T0000", time_to="20261130T0000", limit="1000")["feed"]
    assert feed
    assert max(story["time_published"] for story in feed) <= "20261129T120000"
    client.clock.now_us += DAY_US // 4
    later = client.alphavantage(time_from="20261129T0000", time_to="20261130T0000", limit="1000")["feed"]
    assert len(later) > len(feed)


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ({"tickers": "CRYPTO:NONE"}, "Invalid inputs."),
        ({"tickers": "BTC"}, "Invalid inputs."),
        ({"time_from": "2026-11-29"}, "Invalid inputs."),
        ({"time_from": "20261399T0000"}, "Invalid inputs."),
        ({"sort": "NEWEST"}, "Invalid inputs."),
        ({"limit": "none"}, "Invalid inputs."),
        ({"topics": "gardening"}, "Invalid inputs."),
        ({"apikey": ""}, "the parameter apikey is invalid or missing."),
        ({"function": "OTHER"}, "This API function does not exist."),
    ],
)
def test_what_it_does_not_understand_it_refuses_with_status_200(
    client: Client, query: dict[str, str], begins: str
) -> None:
    said = client.alphavantage(**query)
    assert client.status == 200
    assert "feed" not in said
    (text,) = said.values()
    assert text.startswith(begins)


def test_its_refusals_come_on_demand_and_that_of_the_day_prints_the_key(client: Client) -> None:
    assert client.get("/faults?information=day-over&information_times=2")["information_times"] == 2
    assert "your API key as key-123456 " in client.alphavantage()["Information"]
    assert client.get("/fear-greed/fng/")["data"]
    client.get("/faults?information=too-fast")
    assert "1 request per second" in client.alphavantage()["Information"]
    assert "feed" in client.alphavantage()


# -- Finnhub -----------------------------------------------------------------------------------------------------------


def test_finnhub_gives_its_newest_page_from_behind_an_id(client: Client) -> None:
    news = client.get("/finnhub/news?category=crypto&minId=0", X_Finnhub_Token="t")
    ids = [story["id"] for story in news]
    assert len(news) == 100
    assert ids == sorted(ids, reverse=True)
    assert news[0]["datetime"] <= NOON_US // 1_000_000
    assert client.get(f"/finnhub/news?category=crypto&minId={ids[3]}&token=t") == news[:3]
    assert client.get(f"/finnhub/news?category=crypto&minId={ids[0]}&token=t") == []
    assert client.get("/finnhub/news?category=forex&token=t") == []


@pytest.mark.parametrize("token", ["", "bad"])
def test_finnhub_wants_a_token(client: Client, token: str) -> None:
    assert "error" in client.get("/finnhub/news?category=crypto", X_Finnhub_Token=token)
    assert client.status == 401


# -- the feeds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", ["coindesk", "cointelegraph"])
def test_a_feed_has_the_paper_s_newest_items(client: Client, paper: str) -> None:
    body = client.raw(f"/{paper}/rss")
    items = ET.fromstring(body).findall("./channel/item")
    guids = [item.findtext("guid", "") for item in items]
    assert client.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert len(set(guids)) == len(items) == 40
    assert all(guid.startswith(f"{paper}-") for guid in guids)
    assert client.headers["last-modified"].endswith(" GMT")
    assert client.raw(f"/{paper}/rss") == body


def test_a_feed_that_did_not_change_says_so_and_one_that_did_is_sent(client: Client) -> None:
    client.raw("/coindesk/rss")
    tag, changed = client.headers["etag"], client.headers["last-modified"]
    for condition in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"other", W/{tag}'},
        {"If_Modified_Since": changed},
        {"If_Modified_Since": "Mon, 30 Nov 2026 00:00:00 GMT"},
    ):
        assert client.raw("/coindesk/rss", **condition) == b""
        assert (client.status, client.headers["etag"]) == (304, tag)
    for condition in (
        {"If_None_Match": '"other"', "If_Modified_Since": changed},
        {"If_Modified_Since": "Mon, 05 Jan 2026 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert client.raw("/coindesk/rss", **condition)
        assert client.status == 200
    client.clock.now_us += DAY_US
    assert client.raw("/coindesk/rss", If_None_Match=tag, If_Modified_Since=changed)
    assert client.status == 200


# -- Reddit ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listing", ["new", "comments"])
def test_pages_of_a_listing_follow_each_other_and_end(client: Client, listing: str) -> None:
    token, names, pages = client.token(), list[str](), 0
    after: Any = ""
    while after is not None:
        data = client.reddit(f"{listing}?limit=100&raw_json=1&after={after}", token)["data"]
        names += [child["data"]["name"] for child in data["children"]]
        pages, after = pages + 1, data["after"]
    assert (len(names), len(set(names)), pages) == (1_000, 1_000, 10)
    assert {name.partition("_")[0] for name in names} == {"t3" if listing == "new" else "t1"}
    assert client.reddit(f"{listing}?after=t3_none", token)["data"]["children"] == []
    assert client.headers["x-ratelimit-used"] == "11"
    assert client.headers["x-ratelimit-remaining"] == "989.0"
    assert client.headers["x-ratelimit-reset"] == "600"


def test_a_token_is_wanted_given_to_apps_alone_and_over_after_an_hour(client: Client) -> None:
    token = client.token()
    assert client.reddit("new", token)["kind"] == "Listing"
    client.clock.now_us += 3_600 * 1_000_000
    assert client.reddit("new", token)["error"] == 401
    assert client.reddit("new", client.token())["kind"] == "Listing"
    wrong = {**APP, "Authorization": "Basic " + base64.b64encode(b"id:bad").decode()}
    client.raw("/reddit/api/v1/access_token", method="POST", body="grant_type=client_credentials", **wrong)
    assert client.status == 401
    client.raw("/reddit/api/v1/access_token", method="POST", body="grant_type=none", **APP)
    assert client.status == 400
    client.raw("/reddit/r/CryptoCurrency/hot", **{**APP, "Authorization": f"bearer {client.token()}"})
    assert client.status == 404


def test_a_library_s_own_user_agent_is_throttled(client: Client) -> None:
    client.raw("/reddit/r/CryptoCurrency/new", User_Agent="python-requests/2.32")
    assert (client.status, client.headers["retry-after"]) == (429, "1")


def test_points_grow_and_what_a_moderator_takes_away_is_gone(client: Client) -> None:
    def posts() -> dict[str, Any]:
        children = client.reddit("new?limit=100", client.token())["data"]["children"]
        return {child["data"]["name"]: child["data"] for child in children}

    before = posts()
    client.clock.now_us += 8 * 3_600 * 1_000_000
    both = [(post, now) for name, now in posts().items() if (post := before.get(name))]
    assert all(now["score"] >= post["score"] for post, now in both)
    assert any(now["score"] > post["score"] for post, now in both)
    gone = [now for _, now in both if now["selftext"] == "[removed]"]
    assert gone
    assert {(now["author"], now["removed_by_category"]) for now in gone} == {("[deleted]", "moderator")}
    assert any(post["created"] != post["created_utc"] for post, _ in both)


# -- Fear & Greed ------------------------------------------------------------------------------------------------------


def test_the_index_has_one_value_a_day_newest_first(client: Client) -> None:
    (today,) = client.get("/fear-greed/fng/")["data"]
    data = client.get("/fear-greed/fng/?limit=5&format=json")["data"]
    assert data[0] == today
    assert today["time_until_update"] == "43200"
    stamps = [datetime.fromtimestamp(int(each["timestamp"]), UTC).isoformat() for each in data]
    assert stamps == [f"2026-11-{day}T00:00:00+00:00" for day in (29, 28, 27, 26, 25)]
    assert all(each.keys() == {"value", "value_classification", "timestamp"} for each in data[1:])
    history = client.get("/fear-greed/fng/?limit=0")["data"]
    assert history[-1]["timestamp"] == "1517443200"
    assert {each["value_classification"] for each in history} > {"Fear", "Neutral", "Greed"}
    assert client.get("/fear-greed/fng/?limit=x")["metadata"]["error"]


# -- the server itself -------------------------------------------------------------------------------------------------


def test_one_source_can_fail_while_the_others_answer(client: Client) -> None:
    client.get("/faults?at=coindesk&status=503&status_times=1")
    client.raw("/cointelegraph/rss")
    assert client.status == 200
    client.raw("/coindesk/rss")
    assert (client.status, client.headers["retry-after"]) == (503, "0")
    client.raw("/coindesk/rss")
    assert client.status == 200


def test_half_a_body_is_less_than_its_header_says(client: Client) -> None:
    client.room.faults.half_body = 1
    with pytest.raises(http.client.IncompleteRead):
        client.raw("/coindesk/rss")
    assert client.raw("/coindesk/rss")


@pytest.mark.parametrize("query", ["half_body=x", "information=never", "fire=1"])
def test_a_fault_that_is_not_known_is_named(client: Client, query: str) -> None:
    assert query.partition("=")[0] in client.get(f"/faults?{query}")["error"]
    assert client.status == 400


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/alphavantage/other", "/finnhub/quote", "/coindesk", "/fear-greed/"]
)
def test_other_paths_are_not_found(client: Client, path: str) -> None:
    client.raw(path)
    assert client.status == 404


def test_health_counts_who_was_asked(client: Client) -> None:
    client.raw("/coindesk/rss")
    assert client.get("/health") == {"status": "ok", "answered": {"coindesk": 1}}


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NewsroomPortError, match=f"port {port} on 127.0.0.1 is in use"), Newsroom(port=port):
            pass


def test_it_is_a_process_that_ends_when_it_is_told_to() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded.newsroom", "--port", "0"],
        cwd=Path(__file__).parents[3],
        env={**os.environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process:
        line = process.stderr.readline()
        assert "listening" in line
        port = int(line.partition("port=")[2].split()[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


# -- recordings --------------------------------------------------------------------------------------------------------


def test_recordings_are_played_as_they_are_and_sources_without_one_are_empty(tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    news = tmp_path / "news"
    news.mkdir()
    body = b'{"items": "1",  "feed": [{"title": "x"}]}\n'
    (news / "alphavantage_a.json").write_bytes(body)
    (news / "finnhub_1.json").write_bytes(b'[{"id": 5}]')
    (news / "finnhub_2.json").write_bytes(b'[{"id": 9}]')
    with Newsroom(recordings=tmp_path / "recorded", clock=Clock()) as room:
        client = Client(room, Clock())
        assert client.raw("/alphavantage/query?function=NEWS_SENTIMENT&apikey=k&tickers=CRYPTO:BTC") == body
        assert [client.get(f"/finnhub/news?token=t&minId={least}") for least in (0, 5, 9)] == [
            [{"id": 5}],
            [{"id": 9}],
            [],
        ]
        assert ET.fromstring(client.raw("/coindesk/rss")).findall("./channel/item") == []
        assert client.get("/fear-greed/fng/?limit=9")["data"] == []
        assert client.reddit("new", client.token())["data"]["children"] == []


def test_a_damaged_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "reddit_x.json.gz").write_bytes(b"no gzip")
    assert folder_of(tmp_path) == tmp_path / "news"
    with pytest.raises(DamagedBodyError, match=r"reddit_x\.json\.gz cannot be read"):
        Newsroom(recordings=tmp_path)


def test_the_desk_is_not_asked_twice_for_a_day() -> None:
    desk = Desk(1)
    assert desk.of_day(20_786) is desk.of_day(20_786)
