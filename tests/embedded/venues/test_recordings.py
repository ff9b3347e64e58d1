"""Recorded sessions are served byte for byte, and end as the source expects."""

import asyncio
import gzip
import json
import os
import urllib.request
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from embedded.venues import Recording, Simulator
from embedded.venues.recordings import play, recordings_in
from producers.feeds import FEEDS
from producers.websocket import WebSocketSource
from tapehouse.record import Gap, Trade

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "recorded"
ODD = [
    '{"channel":"heartbeat"}',
    ' { "spaced" :  1.10 } ',
    '{"text":"é \\u00e9 🙂 \\ud83d"}',
    "not JSON at all",
    "",
    '{"long":"' + "x" * 70_000 + '"}',
]


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 60))


@pytest.fixture
def recorded() -> Path:
    if not RECORDED.is_dir():
        reason = f"the recordings are not at {RECORDED}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return RECORDED


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recording folder of its own: one kraken file with the given messages, a second apart."""

    def write(messages: list[str], *, packed: bool = True) -> Path:
        lines = [json.dumps({"received": 1000.0 + n, "raw": raw}) for n, raw in enumerate(messages)]
        text = "".join(line + "\n" for line in lines)
        (tmp_path / "kraken").mkdir()
        if packed:
            (tmp_path / "kraken" / "day.jsonl.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / "kraken" / "day.jsonl").write_text(text, encoding="utf-8")
        sent = {"raw": json.dumps({"event": "subscribe", "pair": ["XBT/USD", "ALGO/XBT"]})}
        requests = {"kraken/day.jsonl.gz": {"url": "wss://venue.example", "sent": [sent]}}
        (tmp_path / "requests.json").write_text(json.dumps(requests))
        return tmp_path

    return write


async def heard(url: str) -> tuple[list[bytes], str]:
    """Every message of a session as bytes, and the words of its close."""
    messages: list[bytes] = []
    async with connect(url, compression=None, max_size=None) as line:
        await line.send("{}")
        try:
            while True:
                messages.append(await line.recv(decode=False))
        except (ConnectionClosedOK, ConnectionClosedError) as closed:
            return messages, f"{line.close_code} {closed.rcvd.reason if closed.rcvd else ''}"


@pytest.mark.parametrize("packed", [True, False])
def test_messages_come_byte_for_byte_in_order_and_end_with_a_normal_close(
    folder: Callable[..., Path], packed: bool
) -> None:
    async def scenario() -> None:
        async with Simulator(recordings=folder(ODD, packed=packed), speed=None) as venues:
            messages, closed = await heard(venues.replay_url(venues.recordings[0]))
            assert messages == [text.encode() for text in ODD]
            assert closed == "1000 end of recording"
            await asyncio.wait_for(venues.finished.wait(), 5)

    run(scenario())


def test_nothing_is_played_before_the_client_speaks(folder: Callable[..., Path]) -> None:
    async def scenario() -> None:
        async with Simulator(recordings=folder(ODD), speed=None) as venues:
            line = await connect(venues.replay_url(venues.recordings[0]))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line.recv(), 0.2)
            await line.close()

    run(scenario())


def test_sessions_are_listed_with_their_canonical_symbols(folder: Callable[..., Path]) -> None:
    async def scenario() -> None:
        async with Simulator(recordings=folder(["{}"])) as venues:

            def ask() -> Any:
                with urllib.request.urlopen(f"http://127.0.0.1:{venues.port}/replay", timeout=5) as answer:
                    return json.loads(answer.read())

            assert await asyncio.to_thread(ask) == [
                {
                    "feed": "kraken",
                    "path": "/replay/kraken/day",
                    "file": "day.jsonl.gz",
                    "symbols": ["BTC-USD", "ALGO-BTC"],
                }
            ]

    run(scenario())


def test_recorded_pace_is_kept_and_a_clock_that_steps_back_does_not_stop_it(tmp_path: Path) -> None:
    file = tmp_path / "paced.jsonl"
    times = [10.0, 12.0, 11.0, 13.0]
    file.write_text("".join(json.dumps({"received": at, "raw": str(at)}) + "\n" for at in times))
    waits: list[float] = []
    sent: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def send(text: str) -> None:
        sent.append(text)

    assert asyncio.run(play(file, send, speed=2.0, sleep=sleep)) == 4
    assert waits == [1.0, 0.5]
    assert sent == [str(at) for at in times]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: gzip.compress(b'{"received":1}\n')])
def test_damaged_recording_ends_the_session_with_an_error_and_not_as_its_end(
    folder: Callable[..., Path], damage: Callable[[bytes], bytes]
) -> None:
    async def scenario() -> None:
        place = folder(ODD)
        file = place / "kraken" / "day.jsonl.gz"
        file.write_bytes(damage(file.read_bytes()))
        async with Simulator(recordings=place, speed=None) as venues:
            _, closed = await heard(venues.replay_url(venues.recordings[0]))
            assert closed.startswith("1011 day.jsonl.gz: line")
            assert not venues.finished.is_set()

    run(scenario())


def test_folder_without_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no recordings"):
        Simulator(recordings=tmp_path)


def raw_messages(session: Recording) -> list[bytes]:
    with gzip.open(session.file, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["raw"].encode() for line in lines]


@pytest.mark.recorded
def test_every_recorded_session_is_delivered_whole(recorded: Path) -> None:
    async def scenario() -> None:
        async with Simulator(recordings=recorded, speed=None) as venues:
            assert len(venues.recordings) == 10
            for session in venues.recordings:
                messages, closed = await heard(venues.replay_url(session))
                assert closed == "1000 end of recording"
                assert messages == raw_messages(session), session.path

    run(scenario())


@pytest.mark.recorded
def test_requests_and_streams_tell_the_recorded_markets(recorded: Path) -> None:
    markets = {session.path.removeprefix("/replay/"): session.symbols for session in recordings_in(recorded)}
    assert markets["coinbase/advanced-trade_2026-08-09"] == ("BTC-USD", "ETH-USD")
    assert "BTC-USD" in markets["kraken/v1-trade_2021-04-05"]
    assert markets["binance/spot-trade-btcusdt_2024-08-08"] == ("BTC-USDT",)
    assert "DENT-USDT" in markets["binance/spot-aggtrade_2021-04-05"]
    assert all(markets.values())


TRADES = {
    "coinbase/advanced-trade_2026-08-09": 279,
    "coinbase/exchange_2021-04-17": 107,
    "kraken/v1-trade_2021-04-05": 28,
    "kraken/v1-ticker_2021-04-05": 0,
    "binance/spot-trade-btcusdt_2024-08-08": 9757,
    "binance/spot-trade-btcusdt_2024-08-09": 10147,
    "binance/spot-trade-ethusdt_2024-08-08": 6106,
    "binance/spot-aggtrade_2021-04-05": 1240,
    "binance/spot-aggtrade-kline_2021-04-17": 24,
    "binance/spot-aggtrade-kline_2021-10-12": 2,
}


@pytest.mark.recorded
def test_source_takes_every_recorded_trade_once_finds_no_gap_and_ends(recorded: Path) -> None:
    async def scenario() -> None:
        async with Simulator(recordings=recorded, speed=None) as venues:
            taken = {}
            for session in venues.recordings:
                source = WebSocketSource(
                    FEEDS[session.feed], session.symbols, url=venues.replay_url(session), finite=True
                )
                records = [record async for batch in source for record in batch]
                keys = [(r.symbol, r.source, r.trade_id) for r in records if isinstance(r, Trade)]
                assert len(set(keys)) == len(keys)
                assert [r for r in records if isinstance(r, Gap)] == []
                assert source.counters.messages == len(raw_messages(session))
                assert (source.counters.reconnects, source.counters.unparsed) == (0, 0)
                taken[session.path.removeprefix("/replay/")] = len(keys)
            assert taken == TRADES

    run(scenario())
