"""How connections end: the coverage of what was wholly seen is kept before anybody learns why."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from producers.feeds import Parsed
from producers.websocket import WebSocketSource
from producers.websocket.connector import Endpoint
from producers.websocket.subscription import LoginRefusedError
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Gap, Record, Trade
from tests import factories
from tests.producers.websocket.test_source import FAST, FakeFeed, Reader, run, venue

NO_REPORTS = replace(FAST, coverage_every_s=60.0)
"""Coverage is reported only when a connection ends."""


class Broken(FakeFeed):
    """Reading ``boom`` fails, and so does keeping a connection alive for the third time."""

    def __init__(self, *, keepalives: int = 10**9) -> None:
        self._keepalives = keepalives

    def keepalive(self) -> str | None:
        self._keepalives -= 1
        if self._keepalives < 0:
            raise ZeroDivisionError("a fault of ours")
        return super().keepalive()

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        if text == b"boom":
            raise ZeroDivisionError("a fault of ours")
        return super().parse(text, received_time_us)


def now_us() -> int:
    return time.time_ns() // 1000


async def until_failure(source: WebSocketSource) -> list[Record]:
    """What it gives before it fails."""
    records: list[Record] = []
    with pytest.raises(ZeroDivisionError):
        async for batch in source:
            records.extend(batch)
    return records


async def talk(connection: ServerConnection, messages: Sequence[str]) -> None:
    await connection.recv()
    for message in messages:
        await connection.send(message)
        await asyncio.sleep(0.02)
    async for _ in connection:
        await connection.send("heard")


def test_coverage_of_what_was_seen_stands_before_the_error_that_ends_the_source() -> None:
    async def scenario() -> None:
        async with venue(lambda connection: talk(connection, ["ack BTC-USD"])) as url:
            limits = replace(NO_REPORTS, keepalive_s=0.1)
            source = WebSocketSource(Broken(keepalives=2), ["BTC-USD"], url=url, limits=limits)
            (span,) = await until_failure(source)
            assert isinstance(span, Coverage)
            assert span.symbol == "BTC-USD"
            assert 50_000 < span.through_us - span.from_us < 5_000_000

    run(scenario())


def test_connection_that_failed_in_the_middle_of_a_message_has_not_wholly_seen_it() -> None:
    async def scenario() -> None:
        messages = ["ack BTC-USD", *["seq 1"] * 5, "boom"]
        async with venue(lambda connection: talk(connection, messages)) as url:
            source = WebSocketSource(Broken(), ["BTC-USD"], url=url, limits=NO_REPORTS)
            assert await until_failure(source) == []
            assert source.counters.messages == 6

    run(scenario())


def test_error_of_the_connection_that_is_being_replaced_ends_the_source() -> None:
    async def scenario() -> None:
        connections: list[ServerConnection] = []

        async def handler(connection: ServerConnection) -> None:
            connections.append(connection)
            await connection.recv()
            if len(connections) == 1:
                await connection.send("ack BTC-USD")
                await connection.send("bye")
            else:
                await connections[0].send("boom")
                await connection.send("ack BTC-USD")
            await connection.wait_closed()

        async with venue(handler) as url:
            await until_failure(WebSocketSource(Broken(), ["BTC-USD"], url=url, limits=NO_REPORTS))

    run(scenario())


def test_market_of_a_connection_that_ends_while_the_next_one_is_subscribed_is_covered_through_its_end() -> None:
    async def scenario() -> None:
        connections: list[ServerConnection] = []
        cut = asyncio.Event()

        async def handler(connection: ServerConnection) -> None:
            connections.append(connection)
            await connection.recv()
            if len(connections) == 1:
                await connection.send("ack BTC-USD")
                await asyncio.sleep(0.1)
                await connection.send("bye")
            else:
                connections[0].transport.abort()
                await cut.wait()
                await connection.send("ack BTC-USD")
            await connection.wait_closed()

        async with venue(handler) as url:
            source = WebSocketSource(FakeFeed(), ["BTC-USD"], url=url, limits=NO_REPORTS)
            reader = Reader(source)
            await reader.until(lambda: reader.of(Coverage))  # at once: it does not wait for the next one
            assert source.counters.switches == 0
            cut.set()
            await reader.until(lambda: source.counters.switches == 1)
            await reader.end()
            assert source.counters.reconnects == 0

    run(scenario())


def test_refused_key_of_the_next_connection_ends_the_source_and_keeps_what_the_present_one_saw() -> None:
    class Login(FakeFeed):
        traits = replace(FakeFeed.traits, needs_login=True)

        def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
            if text == b"no":
                return Parsed(authenticated=False, refused="revoked")
            return Parsed(authenticated=True) if text == b"welcome" else super().parse(text, received_time_us)

    async def scenario() -> None:
        connections: list[ServerConnection] = []

        async def handler(connection: ServerConnection) -> None:
            connections.append(connection)
            await connection.send("welcome" if len(connections) == 1 else "no")
            if len(connections) == 1:
                await connection.recv()
                await connection.send("ack BTC-USD")
                await asyncio.sleep(0.1)
                await connection.send("bye")
            await connection.wait_closed()

        async with venue(handler) as url:
            records: list[Record] = []
            with pytest.raises(LoginRefusedError, match="revoked"):
                async for batch in WebSocketSource(Login(), ["BTC-USD"], url=url, limits=NO_REPORTS):
                    records.extend(batch)
            (span,) = records
            assert isinstance(span, Coverage)

    run(scenario())


@pytest.mark.parametrize("goodbye", [True, False])
def test_market_goes_on_unbroken_only_when_all_that_came_on_the_replaced_connection_was_taken(goodbye: bool) -> None:
    async def scenario() -> None:
        connections: list[ServerConnection] = []

        async def handler(connection: ServerConnection) -> None:
            connections.append(connection)
            await connection.recv()
            if len(connections) == 1:
                await connection.send("ack BTC-USD,ETH-USD")
                await connection.send("bye")
                await connection.wait_closed()
                return
            await connection.send("ack BTC-USD")
            await asyncio.sleep(0.1)
            await connections[0].send("more")  # heard after the other one was confirmed
            await asyncio.sleep(0.1)
            if not goodbye:
                connections[0].transport.abort()
                await asyncio.sleep(0.1)
            await connection.send("ack ETH-USD")
            with suppress(ConnectionClosed):
                while True:
                    await asyncio.sleep(0.02)
                    await connection.send("more")

        async with venue(handler) as url:
            symbols = ["BTC-USD", "ETH-USD"]
            source = WebSocketSource(FakeFeed(), symbols, url=url, limits=replace(FAST, ack_timeout_s=5.0))
            reader = Reader(source)
            await reader.until(lambda: source.counters.switches == 1)
            more = source.counters.ignored["more"]
            await reader.until(lambda: source.counters.ignored["more"] > more + 10)
            await reader.end()
            spans = [(c.from_us, c.through_us) for c in reader.of(Coverage) if c.symbol == "BTC-USD"]
            assert all(before[1] == after[0] for before, after in pairwise(spans))
            whole_us = spans[-1][1] - spans[0][0]
            assert (whole_us > 350_000) is goodbye  # else no trade has told yet that nothing was missed

    run(scenario())


def test_error_of_a_connection_ends_the_source_though_the_next_one_cannot_be_opened() -> None:
    async def scenario() -> None:
        connections: list[ServerConnection] = []

        async def handler(connection: ServerConnection) -> None:
            connections.append(connection)
            await talk(connection, ["ack BTC-USD", "bye"])

        async def refuse(*_: Any) -> Response | None:
            if not connections:
                return None
            await connections[0].send("boom")
            await asyncio.sleep(0.1)
            return Response(503, "busy", Headers())

        async with serve(handler, "127.0.0.1", 0, process_request=refuse) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await until_failure(WebSocketSource(Broken(), ["BTC-USD"], url=url, limits=NO_REPORTS))

    run(scenario())


def test_address_of_an_endpoint_is_not_shown() -> None:
    endpoint = Endpoint(feed=FakeFeed(), address="wss://venue.example/?token=hunter2", shown="wss://…", finite=False)
    assert "hunter2" not in repr(endpoint)


class Timed(FakeFeed):
    """``trade ID TIME_US`` is a trade; whether ids count up is told by the test."""

    def __init__(self, *, contiguous_ids: bool) -> None:
        self.traits = replace(FakeFeed.traits, contiguous_ids=contiguous_ids)

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        what, _, rest = bytes(text).decode().partition(" ") if isinstance(text, bytes) else text.partition(" ")
        if what != "trade":
            return super().parse(text, received_time_us)
        trade_id, at_us = rest.split()
        fake = MarketKey("fake", "BTC-USD", "fake")
        trade = factories.trade(trade_id, market=fake, event_time_us=int(at_us), received_time_us=received_time_us)
        return Parsed(records=(trade,))


@pytest.mark.parametrize("contiguous_ids", [False, True])
def test_outage_behind_a_connection_that_ended_while_it_was_held_is_a_gap(contiguous_ids: bool) -> None:
    """The present connection is slow to go; the next one comes, trades and drops meanwhile: then none is connected."""
    opened = 0
    came_back_us = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal opened, came_back_us
        opened += 1
        number = opened
        await connection.recv()
        if number == 3:
            came_back_us = now_us()
        await connection.send("ack BTC-USD")
        if number == 1:
            for trade_id in (10, 11, 12):
                await connection.send(f"trade {trade_id} {now_us()}")
                await asyncio.sleep(0.05)
            await connection.send("bye")
            connection.transport.pause_reading()  # it does not answer our goodbye
            await asyncio.sleep(1)
            connection.transport.abort()
        elif number == 2:
            await asyncio.sleep(0.02)
            for trade_id in (13, 14):
                await connection.send(f"trade {trade_id} {now_us()}")
            await asyncio.sleep(0.05)
            connection.transport.abort()
        else:
            await asyncio.sleep(0.5)
            await connection.send(f"trade 30 {now_us()}")
            await connection.wait_closed()

    async def scenario() -> None:
        limits = replace(FAST, close_timeout_s=0.4, backoff_base_s=0.5, backoff_cap_s=0.6, stable_after_s=60)
        async with venue(handler) as url:
            source = WebSocketSource(Timed(contiguous_ids=contiguous_ids), ["BTC-USD"], url=url, limits=limits)
            reader = Reader(source)
            await reader.until(lambda: "30" in {getattr(each, "trade_id", None) for each in reader.records})
            await reader.end()
            at_us = {each.trade_id: each.event_time_us for each in reader.records if isinstance(each, Trade)}
            *_, gap = (each for each in reader.records if isinstance(each, Gap))
            assert (gap.reason, gap.to_us) == ("disconnected", at_us["30"])
            assert gap.from_us is not None
            assert gap.from_us <= came_back_us
            for span in (each for each in reader.records if isinstance(each, Coverage)):
                assert span.through_us <= came_back_us - 100_000 or span.from_us >= at_us["14"] + 100_000

    run(scenario())
