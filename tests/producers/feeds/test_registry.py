"""The feeds by name."""

import dataclasses
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from producers.feeds import FEEDS, UnknownFeedError, feed
from tapehouse.errors import SettingsError, TerminalError

NAMES = ("coinbase", "coinbase-advanced", "kraken", "binance", "bitstamp", "okx", "bybit", "finnhub", "polygon")
KEYS = {"finnhub": {"token": "k"}, "polygon": {"key": "k"}}


def test_each_feed_is_found_by_its_own_name() -> None:
    assert tuple(FEEDS) == NAMES
    for name, found in FEEDS.items():
        assert feed(name) is found
        assert found.name == name


def test_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(
        UnknownFeedError, match="'krakn'; the feeds are coinbase, coinbase-advanced, kraken, binance, bitstamp"
    ) as e:
        feed("krakn")
    assert isinstance(e.value, TerminalError)
    assert str(pickle.loads(pickle.dumps(e.value))) == str(e.value)


@pytest.mark.parametrize("page", ["README.md", "docs/design.md", "docs/operations.md"])
def test_every_feed_has_its_place_in_the_docs(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    assert [name for name in FEEDS if not re.search(rf"(?<![\w-]){name}(?![\w-])", text)] == []


@pytest.mark.parametrize("name", FEEDS)
def test_addresses_can_be_replaced_and_requests_follow(name: str) -> None:
    found: Any = FEEDS[name]
    addresses = {"rest_url": "http://127.0.0.1:1", "websocket_url": "ws://127.0.0.1:2"}
    local = dataclasses.replace(found, **addresses, **KEYS.get(name, {}))
    if local.traits.paging is not None:
        request = local.backfill("BTC-USDT", from_id="5", to_id="9", from_us=1, to_us=2)
        assert request.url.startswith("http://127.0.0.1:1/")
    assert local.address().startswith("ws://127.0.0.1:2")
    assert found.websocket_url.startswith("wss://")
    assert found.rest_url.startswith("https://")


@pytest.mark.parametrize(
    ("name", "setting"), [("finnhub", "TAPEHOUSE_FINNHUB_TOKEN"), ("polygon", "TAPEHOUSE_POLYGON_KEY")]
)
def test_vendor_without_a_key_names_the_setting_where_it_would_connect_and_parses_all_the_same(
    name: str, setting: str
) -> None:
    found = FEEDS[name]
    with pytest.raises(SettingsError, match=f"{setting} is not set"):
        found.address()
    assert found.parse("[]", 1).records == ()


@pytest.mark.parametrize("name", KEYS)
def test_key_of_a_vendor_is_shown_nowhere(name: str) -> None:
    secret = "s3cr&t/+ é"
    found: Any = dataclasses.replace(FEEDS[name], **dict.fromkeys(KEYS[name], secret))  # type: ignore[type-var]
    connected = found.parse('[{"ev":"status","status":"connected","message":"Connected Successfully"}]', 1)
    shown = [found, connected, found.websocket_url, found.rest_url, *found.subscribe(["BTC-USD"])]
    if found.traits.paging is not None:
        request = found.backfill("BTC-USD", from_id=None, to_id=None, from_us=1, to_us=2)
        assert secret in request.headers["Authorization"]
        shown += [request, request.url, request.params]
    for text in (f(thing) for thing in shown for f in (str, repr)):
        assert not {part for part in ("s3cr", "%26t") if part in text}


@pytest.mark.parametrize("name", NAMES)
def test_feed_can_be_copied_to_another_process(name: str) -> None:
    assert pickle.loads(pickle.dumps(FEEDS[name])) == FEEDS[name]
    assert len({FEEDS[name], FEEDS[name]}) == 1
