"""Bitstamp, OKX, Bybit, Finnhub and Polygon as a client meets them at the simulator, without our feeds."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from embedded.venues import MARKETS, Simulator
from embedded.venues.exchange import Exchange, Fill
from embedded.venues.registry import VENUES, own_feed
from tapehouse.record import Trade


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


async def get(url: str, **headers: str) -> tuple[int, Any]:
    def ask() -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
                return answer.status, json.loads(answer.read(), parse_float=Decimal)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    return await asyncio.to_thread(ask)


async def said(line: ClientConnection) -> Any:
    return json.loads(await line.recv(), parse_float=Decimal)


def test_bitstamps_numbers_are_one_sequence_of_all_markets() -> None:
    exchange = Exchange("bitstamp", ["BTC-USD", "ETH-USD"], seed=3, shared_numbers=True)
    fills: list[Fill] = [one for n in range(20) for one in exchange.make(3, 10**15 + n, ("BTC-USD", "ETH-USD")[n % 2])]
    numbers = [one.number for one in fills]
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    bitcoin = [one.number for one in fills if one.symbol == "BTC-USD"]
    assert bitcoin != list(range(bitcoin[0], bitcoin[0] + len(bitcoin)))


def test_bitstamp_confirms_a_channel_and_gives_numbers_twice() -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("bitstamp")) as line:
            await line.send('{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}')
            ack = {"event": "bts:subscription_succeeded", "channel": "live_trades_btcusd", "data": {}}
            assert await said(line) == ack
            await line.send('{"event":"bts:subscribe","data":{"channel":"live_trades_nope"}}')
            assert (await said(line))["data"] == {"code": None, "message": "Bad subscription string."}
            await line.send('{"event":"bts:heartbeat"}')
            assert (await said(line))["data"] == {"status": "success"}
            venues.trade("bitstamp", 1, "ETH-USD")
            venues.trade("bitstamp", 1, "BTC-USD")
            sent, true = await said(line), venues.truth_of("bitstamp")[-1]
            assert (sent["event"], sent["channel"]) == ("trade", "live_trades_btcusd")
            data = sent["data"]
            assert (str(data["id"]), data["price_str"], data["amount_str"]) == (true.trade_id, true.price, true.size)
            assert (str(data["price"]), data["microtimestamp"]) == (true.price, str(true.event_time_us))
            assert data["type"] == (0 if true.side == "buy" else 1)

    run(scenario())


def test_bitstamps_page_reaches_back_from_now() -> None:
    now_us = 1_700_000_000_000_000
    clock = [now_us - 7_000_000_000]

    async def scenario() -> None:
        async with Simulator(clock=lambda: clock[0]) as venues:
            for age_s in (7_000, 3_000, 30):
                clock[0] = now_us - age_s * 1_000_000
                venues.trade("bitstamp", 1, "BTC-USD")
            clock[0] = now_us
            true = [trade.trade_id for trade in venues.truth_of("bitstamp")]
            for reach, count in (("minute", 1), ("hour", 2), ("day", 3)):
                url = venues.rest_url("bitstamp") + f"/api/v2/transactions/btcusd/?time={reach}"
                status, rows = await get(url)
                assert (status, [row["tid"] for row in rows]) == (200, true[::-1][:count])
            assert len((await get(venues.rest_url("bitstamp") + "/api/v2/transactions/btcusd/"))[1]) == 2
            assert (await get(venues.rest_url("bitstamp") + "/api/v2/transactions/nope/"))[0] == 404

    run(scenario())


def test_okx_answers_a_text_ping_and_pushes_the_last_trade_on_subscribing() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("okx", 5, "BTC-USDT")
            async with connect(venues.url("okx")) as line:
                await line.send("ping")
                assert await line.recv() == "pong"
                arg = {"channel": "trades-all", "instId": "BTC-USDT"}
                await line.send(json.dumps({"id": "1512", "op": "subscribe", "args": [arg]}))
                assert await said(line) == {"id": "1512", "event": "subscribe", "arg": arg, "connId": "a4d3ae55"}
                last = await said(line)
                assert last["data"][0]["tradeId"] == venues.truth_of("okx")[-1].trade_id
                assert "count" not in last["data"][0]
                await line.send('{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}')
                assert (await said(line))["code"] == "60018"
                await line.send("nonsense")
                assert (await said(line))["code"] == "60012"

    run(scenario())


def test_okx_gives_orders_with_their_count_on_the_public_path() -> None:
    async def scenario() -> None:
        async with Simulator(seed=2) as venues:
            url = venues.url("okx").replace("business", "public")
            async with connect(url) as line:
                await line.send('{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}')
                assert (await said(line))["event"] == "subscribe"
                venues.trade("okx", 60, "BTC-USDT")
                last, counts = int(venues.truth_of("okx")[0].trade_id) - 1, set()
                while last < int(venues.truth_of("okx")[-1].trade_id):
                    (row,) = (await said(line))["data"]
                    assert int(row["tradeId"]) - int(row["count"]) == last
                    last = int(row["tradeId"])
                    counts.add(row["count"])
                assert counts == {"1", "2", "3"}

    run(scenario())


def test_okx_pages_down_by_id_and_by_time() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("okx", 150, "BTC-USDT")
            true = venues.truth_of("okx")
            url = venues.rest_url("okx") + "/api/v5/market/history-trades?instId=BTC-USDT&limit=500"
            body = (await get(f"{url}&type=1&after={true[120].trade_id}"))[1]
            assert [row["tradeId"] for row in body["data"]] == [t.trade_id for t in true[119:19:-1]]
            until_ms = true[-1].event_time_us // 1000
            timed = (await get(f"{url}&type=2&after={until_ms}"))[1]["data"]
            assert timed
            assert all(int(row["ts"]) < until_ms for row in timed)
            assert (await get(url.replace("BTC-USDT", "X")))[1]["code"] == "51001"

    run(scenario())


def test_bybit_confirms_requests_by_number_and_sends_a_market_s_matches_together() -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("bybit")) as line:
            await line.send('{"req_id":"100001","op":"ping"}')
            assert ((await said(line))["ret_msg"], venues.subscribed_feeds) == ("pong", set())
            ask = {"req_id": "7", "op": "subscribe", "args": ["publicTrade.BTCUSDT", "publicTrade.ETHUSDT"]}
            await line.send(json.dumps(ask))
            ack = await said(line)
            assert (ack["success"], ack["op"], ack["req_id"]) == (True, "subscribe", "7")
            venues.trade("bybit", 4, "ETH-USDT")
            venues.trade("bybit", 2, "SOL-USDT")
            pushed, true = await said(line), [t for t in venues.truth_of("bybit") if t.symbol == "ETH-USDT"]
            assert (pushed["topic"], pushed["type"]) == ("publicTrade.ETHUSDT", "snapshot")
            assert [(row["i"], row["p"], row["v"], row["S"].lower(), row["T"] * 1000) for row in pushed["data"]] == [
                (t.trade_id, t.price, t.size, t.side, t.event_time_us) for t in true
            ]
            await line.send('{"op":"unsubscribe","args":["publicTrade.ETHUSDT"]}')
            assert (await said(line))["op"] == "unsubscribe"
            await line.send(json.dumps({**ask, "args": [f"publicTrade.A{n}USDT" for n in range(11)]}))
            assert (await said(line))["ret_msg"] == "args size >10"
            await line.send("nonsense")
            assert (await said(line))["success"] is False

    run(scenario())


def test_finnhub_wants_a_token_and_confirms_nothing() -> None:
    async def scenario() -> None:
        async with Simulator(beat_s=60) as venues:
            for address in (venues.url("finnhub"), venues.url("finnhub") + "?token=bad"):
                with pytest.raises(InvalidStatus, match="401"):
                    await connect(address)
            async with connect(venues.url("finnhub") + "?token=k") as line:
                for wire in ("COINBASE:BTC-USD", "AAPL", "BINANCE:ETHUSDT"):
                    await line.send(json.dumps({"type": "subscribe", "symbol": wire}))
                await line.send('{"type":"subscribe","symbol":"NOPE"}')
                assert await said(line) == {"msg": "Invalid symbol NOPE", "type": "error"}
                for exchange, symbol in (("binance", "ETH-USDT"), ("coinbase", "ETH-USD"), ("us", "AAPL-USD")):
                    venues.trade(exchange, 2, symbol)
                first, second = await said(line), await said(line)
                assert [row["s"] for row in first["data"]] == ["BINANCE:ETHUSDT"] * 2
                assert [row["s"] for row in second["data"]] == ["AAPL"] * 2
                true = venues.truth_of("finnhub")
                assert [(str(r["p"]), str(r["v"]), r["t"] * 1000) for r in second["data"]] == [
                    (t.price, t.size, t.event_time_us) for t in true[-2:]
                ]
                assert {t.side for t in true} == {None}

    run(scenario())


def test_finnhub_pings_as_text_and_takes_fifty_symbols() -> None:
    many = {"coinbase": tuple(f"C{n}-USD" for n in range(51))}

    async def scenario() -> None:
        async with Simulator(beat_s=0.01) as pinging, connect(pinging.url("finnhub") + "?token=k") as line:
            assert await said(line) == {"type": "ping"}
        async with Simulator(beat_s=60, markets=many) as venues, connect(venues.url("finnhub") + "?token=k") as line:
            for symbol in many["coinbase"]:
                await line.send(json.dumps({"type": "subscribe", "symbol": f"COINBASE:{symbol}"}))
            assert (await said(line))["msg"] == "Subscribing to too many symbols"

    run(scenario())


def test_polygon_greets_takes_a_key_and_gives_all_exchanges_of_a_pair() -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("polygon")) as line:
            assert (await said(line))[0]["status"] == "connected"
            await line.send('{"action":"subscribe","params":"XT.BTC-USD"}')
            assert (await said(line))[0] == {"ev": "status", "status": "error", "message": "not authorized"}
            await line.send('{"action":"auth","params":"bad"}')
            assert (await said(line))[0]["status"] == "auth_failed"
            await line.send('{"action":"auth","params":"k"}')
            assert (await said(line))[0]["status"] == "auth_success"
            await line.send('{"action":"subscribe","params":"XT.BTC-USD,XT.NO-PE"}')
            assert (await said(line))[0]["message"] == "subscribed to: XT.BTC-USD"
            assert (await said(line))[0]["message"] == "not found: XT.NO-PE"
            venues.trade("kraken", 1, "BTC-USD")
            venues.trade("kraken", 1, "BTC-EUR")
            venues.trade("coinbase", 1, "BTC-USD")
            ours = [t for t in venues.truth_of("polygon") if t.symbol == "BTC-USD"]
            for true, number in zip(ours, (23, 1), strict=True):
                (event,) = await said(line)
                assert (event["x"], str(event["i"]), event["pair"]) == (number, true.trade_id, "BTC-USD")
                assert (str(event["p"]), event["t"] * 1000) == (true.price, true.event_time_us)
                assert event["c"] == [1 if true.side == "sell" else 2]

    run(scenario())


def test_polygons_pages_want_the_key_and_go_up_in_time() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("coinbase", 4, "BTC-USD")
            venues.trade("kraken", 4, "BTC-USD")
            url = venues.rest_url("polygon") + "/v3/trades/X:BTC-USD?order=asc"
            assert (await get(url))[0] == 401
            assert (await get(f"{url}&apiKey=bad"))[0] == 401
            status, body = await get(url.replace("X:", "X%3A"), Authorization="Bearer k")
            assert status == 200
            true = sorted(venues.truth_of("polygon"), key=lambda t: t.event_time_us)
            times = [row["participant_timestamp"] for row in body["results"]]
            assert times == [t.event_time_us * 1000 for t in true]
            since, until = times[2], times[-1]
            some = (await get(f"{url}&apiKey=k&timestamp.gte={since}&timestamp.lt={until}"))[1]["results"]
            assert [row["participant_timestamp"] for row in some] == [t for t in times if since <= t < until]
            assert (await get(url.replace("BTC", "NOPE"), Authorization="Bearer k"))[0] == 404

    run(scenario())


@pytest.mark.parametrize(
    ("feed", "path", "status"),
    [
        ("bitstamp", "/api/v2/transactions/btcusd/", 429),
        ("okx", "/api/v5/market/history-trades?instId=BTC-USDT", 429),
        ("polygon", "/v3/trades/X:BTC-USD?apiKey=k", 429),
    ],
)
def test_throttle_is_said_by_each_and_passes(feed: str, path: str, status: int) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.faults.rest_status, venues.faults.rest_times = 429, 1
            assert (await get(venues.rest_url(feed) + path))[0] == status
            assert (await get(venues.rest_url(feed) + path))[0] == 200

    run(scenario())


@pytest.mark.parametrize(
    ("feed", "ask", "refused"),
    [
        ("bitstamp", '{"event":"bts:subscribe","data":{"channel":"live_trades_ethusd"}}', "Bad subscription string."),
        ("okx", '{"op":"subscribe","args":[{"channel":"trades-all","instId":"ETH-USDT"}]}', "instId:ETH-USDT doesn't"),
        (
            "bybit",
            '{"op":"subscribe","args":["publicTrade.BTCUSDT","publicTrade.ETHUSDT"]}',
            "error:handler not found,topic:publicTrade.ETHUSDT",
        ),
        ("finnhub", '{"type":"subscribe","symbol":"COINBASE:ETH-USD"}', "Invalid symbol COINBASE:ETH-USD"),
        ("polygon", '{"action":"subscribe","params":"XT.ETH-USD"}', "not found: XT.ETH-USD"),
    ],
)
def test_refused_symbol_is_refused_in_the_venues_words(feed: str, ask: str, refused: str) -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url(feed) + "?token=k") as line:
            venues.faults.refuse = {"ETH-USD", "ETH-USDT"}
            await line.send('{"action":"auth","params":"k"}' if feed == "polygon" else ask)
            await line.send(ask)
            while refused not in (heard := str(await line.recv())):
                assert "success" in heard or "connected" in heard or "ping" in heard

    run(scenario())


def test_vendors_connection_ends_when_all_that_it_reports_has_ended() -> None:
    markets = {"coinbase": ("BTC-USD",), "us": ("AAPL-USD",)}

    async def scenario() -> None:
        async with Simulator(rate=2000, trades=40, markets=markets) as venues:
            async with connect(venues.url("finnhub") + "?token=k") as line:
                for wire in ("COINBASE:BTC-USD", "AAPL"):
                    await line.send(json.dumps({"type": "subscribe", "symbol": wire}))
                rows: list[Any] = []
                with pytest.raises(ConnectionClosedOK):
                    while True:
                        rows += (await said(line)).get("data", [])
            assert venues.finished.is_set()
            assert len(venues.truth) == 80
            # A trade between the two requests reached nobody.
            assert sorted({row["s"] for row in rows}) == ["AAPL", "COINBASE:BTC-USD"]

    run(scenario())


def test_every_exchange_is_reported_by_some_feed_and_every_feed_by_its_name() -> None:
    assert {exchange for venue in VENUES.values() for exchange in venue.exchanges} == set(MARKETS)
    assert {name for name, venue in VENUES.items() if venue.feed != name} == set()
    assert own_feed("us") == "finnhub"
    assert own_feed("coinbase") == "coinbase"


def test_truth_gives_each_trade_once() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            for exchange in MARKETS:
                venues.trade(exchange, 5)
            true: list[Trade] = venues.truth
            assert [t.exchange for t in true] == [exchange for exchange in MARKETS for _ in range(5)]
            assert {t.source for t in true if t.exchange == "us"} == {"finnhub"}

    run(scenario())


def test_process_runs_the_exchanges_that_are_named(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "embedded.venues", "--port", "0", "--exchanges", "us,okx", "--rate", "500"]
    with subprocess.Popen([*command, "--truth", str(truth)], cwd=root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "listening" in process.stderr.readline()
        exchanges: set[str] = set()
        while exchanges != {"us", "okx"}:
            lines = truth.read_text().split("\n")[:-1]
            exchanges = {json.loads(line)["exchange"] for line in lines}
            time.sleep(0.02)
        process.terminate()
        assert process.wait(10) == 0
    wrong = subprocess.run(
        [*command[:5], "--exchanges", "mtgox"], cwd=root, capture_output=True, text=True, timeout=30, check=False
    )
    assert wrong.returncode == 2
    assert "mtgox: no such exchange; there are coinbase, kraken" in wrong.stderr
