"""The simulated venues as an HTTP and WebSocket client meets them, without our feeds."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.frames import Close, Frame, Opcode

from embedded.venues import PortInUseError, Simulator


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


async def get(url: str) -> tuple[int, Any]:
    def ask() -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    return await asyncio.to_thread(ask)


async def said(line: ClientConnection) -> Any:
    return json.loads(await line.recv(), parse_float=Decimal)


def test_same_seed_makes_the_same_trades_and_another_seed_another() -> None:
    async def made(seed: int) -> list[tuple[str, str, str, str, str | None]]:
        async with Simulator(seed=seed) as venues:
            venues.trade("kraken", 50)
            return [(t.symbol, t.trade_id, t.price, t.size, t.side) for t in venues.truth]

    async def scenario() -> None:
        assert await made(7) == await made(7)
        assert await made(7) != await made(8)

    run(scenario())


def test_coinbase_gives_the_makers_side_and_one_last_match() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("coinbase", 3, "BTC-USD")
            async with connect(venues.url("coinbase")) as line:
                await line.send('{"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches"]}')
                ack = await said(line)
                assert ack == {
                    "type": "subscriptions",
                    "channels": [{"name": "matches", "product_ids": ["BTC-USD"]}],
                }
                assert (await said(line))["type"] == "last_match"
                venues.trade("coinbase", 1, "BTC-USD")
                match, true = await said(line), venues.truth[-1]
                assert match["type"] == "match"
                assert {match["side"], true.side} == {"buy", "sell"}
                assert (match["price"], str(match["trade_id"])) == (true.price, true.trade_id)

    run(scenario())


def test_coinbase_advanced_snapshot_is_newest_first_and_numbers_its_messages() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("coinbase", 120, "ETH-USD")
            async with connect(venues.url("coinbase-advanced")) as line:
                await line.send('{"type":"subscribe","product_ids":["ETH-USD"],"channel":"market_trades"}')
                snapshot, ack = await said(line), await said(line)
                numbers = [int(t["trade_id"]) for t in snapshot["events"][0]["trades"]]
                assert numbers == [int(t.trade_id) for t in reversed(venues.truth[-100:])]
                assert ack["channel"] == "subscriptions"
                assert [snapshot["sequence_num"], ack["sequence_num"]] == [0, 1]

    run(scenario())


def test_kraken_writes_prices_as_numbers_with_all_their_digits() -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("kraken")) as line:
            assert (await said(line))["channel"] == "status"
            await line.send('{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","XBT/USD"]}}')
            ack, refusal = await said(line), await said(line)
            assert ack["success"] is True
            assert refusal["error"] == "Currency pair not supported XBT/USD"
            venues.trade("kraken", 1, "BTC-USD")
            row, true = (await said(line))["data"][0], venues.truth[-1]
            assert str(row["price"]) == true.price
            assert row["side"] == true.side
            await line.send('{"method":"ping","req_id":5}')
            pong = await said(line)
            assert (pong["method"], pong["req_id"]) == ("pong", 5)

    run(scenario())


def test_binance_wraps_events_on_the_combined_path_only() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            raw = venues.url("binance").removesuffix("/stream") + "/ws/btcusdt@aggTrade"
            async with connect(venues.url("binance")) as combined, connect(raw) as bare:
                await combined.send('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":9}')
                assert await said(combined) == {"result": None, "id": 9}
                venues.trade("binance", 1, "BTC-USDT")
                wrapped, event, true = await said(combined), await said(bare), venues.truth[-1]
                assert wrapped["stream"] == "btcusdt@trade"
                assert wrapped["data"]["m"] is (true.side == "sell")
                assert event["e"] == "aggTrade"
                assert f"a:{event['a']}" == venues.truth_of("binance-agg")[-1].trade_id

    run(scenario())


@pytest.mark.parametrize(
    ("feed", "path", "number"),
    [
        (
            "coinbase",
            "/products/BTC-USD/trades?limit=4&after={above}",
            lambda body: [r["trade_id"] for r in body][::-1],
        ),
        (
            "coinbase-advanced",
            "/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1000",
            lambda body: [int(r["trade_id"]) for r in body["trades"]][::-1][4:8],
        ),
        ("kraken", "/0/public/Trades?pair=XBTUSD&count=8", lambda body: [r[6] for r in body["result"]["XXBTZUSD"]][4:]),
        (
            "binance",
            "/api/v3/historicalTrades?symbol=BTCUSDT&fromId={first}&limit=4",
            lambda body: [r["id"] for r in body],
        ),
    ],
)
def test_rest_pages_give_the_past_in_each_venues_paging(feed: str, path: str, number: Any) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            exchange = feed.partition("-")[0]
            venues.trade(exchange, 20, "BTC-USDT" if feed == "binance" else "BTC-USD")
            true = [int(t.trade_id) for t in venues.truth]
            url = venues.rest_url(feed) + path.format(above=true[8], first=true[4])
            status, body = await get(url)
            assert (status, number(body)) == (200, true[4:8])

    run(scenario())


def test_rest_throttle_is_said_as_each_venue_says_it_and_passes() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            status, faults = await get(f"http://127.0.0.1:{venues.port}/faults?rest_status=429&rest_times=2")
            assert (status, faults["rest_times"]) == (200, 2)
            assert (await get(venues.rest_url("binance") + "/api/v3/aggTrades?symbol=BTCUSDT"))[0] == 429
            answer = await get(venues.rest_url("kraken") + "/0/public/Trades?pair=XBTUSD")
            assert answer == (200, {"error": ["EGeneral:Too many requests"]})
            assert (await get(venues.rest_url("coinbase") + "/products/BTC-USD/trades"))[0] == 200

    run(scenario())


def test_half_a_body_ends_before_its_length() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("coinbase", 5, "BTC-USD")
            venues.faults.rest_half_body = 1
            url = venues.rest_url("coinbase") + "/products/BTC-USD/trades"
            with pytest.raises(http.client.IncompleteRead):
                await get(url)
            assert (await get(url))[0] == 200

    run(scenario())


def test_misspelt_fault_is_answered_with_the_faults_there_are() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            status, body = await get(f"http://127.0.0.1:{venues.port}/faults?skipp=3")
            assert status == 400
            assert "withhold_acks" in body["error"]

    run(scenario())


def test_cut_breaks_the_line_in_the_middle_of_a_message() -> None:
    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("kraken")) as line:
            await said(line)
            venues.cut()
            with pytest.raises(ConnectionClosed) as caught:
                await line.recv()
            assert not isinstance(caught.value, ConnectionClosedOK)

    run(scenario())


def test_cut_breaks_the_others_beside_a_line_that_is_half_closed() -> None:
    """The venue has answered a client's close, which has not yet hung up: nothing more can be written to it."""

    async def scenario() -> None:
        async with Simulator() as venues, connect(venues.url("coinbase")) as staying:
            told, leaving = await asyncio.open_connection("127.0.0.1", venues.port)
            request = "GET /kraken HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            leaving.write(f"{request}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
            assert b" 101 " in await told.readuntil(b"\r\n\r\n")
            leaving.write(Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=True))
            await told.read()  # until the venue's end of the line is closed
            try:
                assert venues.connections == 2
                venues.cut()
                with pytest.raises(ConnectionClosed):
                    await staying.recv()
                while venues.connections:
                    await asyncio.sleep(0.01)
            finally:
                leaving.close()

    run(scenario())


def test_unknown_venue_is_refused_and_health_gives_the_trades() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("kraken", 3)
            status, health = await get(f"http://127.0.0.1:{venues.port}/health")
            assert (status, health["status"], health["trades"]["kraken"]) == (200, "ok", 3)
            assert (await get(f"http://127.0.0.1:{venues.port}/mtgox/trades"))[0] == 404
            with pytest.raises(Exception, match="404"):
                await connect(f"ws://127.0.0.1:{venues.port}/mtgox")

    run(scenario())


def test_bounded_market_starts_with_its_first_subscriber_and_closes_normally() -> None:
    async def scenario() -> None:
        async with Simulator(rate=2000, trades=60, markets={"kraken": ("BTC-USD",)}) as venues:
            async with connect(venues.url("kraken")) as line:
                await line.send('{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}')
                numbers: list[int] = []
                with pytest.raises(ConnectionClosedOK, match="end of trading"):
                    while True:
                        frame = await said(line)
                        numbers += [row["trade_id"] for row in frame.get("data", []) if "trade_id" in row]
            assert numbers == [int(t.trade_id) for t in venues.truth]
            assert len(numbers) == 60
            assert venues.finished.is_set()

    run(scenario())


def test_taken_port_is_named_in_one_sentence() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            with pytest.raises(PortInUseError, match=f"port {venues.port} .* is in use"):
                await Simulator(port=venues.port).__aenter__()

    run(scenario())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "embedded.venues", *arguments]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True)


def test_process_writes_its_truth_and_ends_on_sigterm(tmp_path: Path) -> None:
    port, truth = free_port(), tmp_path / "truth.jsonl"
    process = start("--port", str(port), "--rate", "200", "--truth", str(truth))
    assert process.stderr is not None
    with process:
        assert "listening" in process.stderr.readline()

        async def scenario() -> None:
            async with connect(f"ws://127.0.0.1:{port}/kraken/v2") as line:
                await said(line)
                while not truth.stat().st_size:
                    await asyncio.sleep(0.02)
                process.send_signal(signal.SIGTERM)  # with a client still there
                with pytest.raises(ConnectionClosed):
                    while True:
                        await line.recv()

        run(scenario())
        assert process.wait(10) == 0
    assert all(json.loads(line)["kind"] == "trade" for line in truth.read_text().splitlines())


def test_process_says_one_sentence_when_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with start("--port", str(taken.getsockname()[1])) as process:
            assert process.stderr is not None
            words = process.stderr.read()
            assert process.wait(10) == 1
    assert len(words.strip().splitlines()) == 1
    assert "in use" in words
