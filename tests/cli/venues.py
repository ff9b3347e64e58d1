"""The simulated venues on a loop of their own, beside a test that runs commands; and what is in the stream then."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3

from cli.command import Target
from embedded.venues import Simulator
from tapehouse.kpl import deaggregate
from tapehouse.record import Trade


class Venues:
    """Their addresses, and their trades, made when the test says so."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self.simulator, self._loop = simulator, loop

    def urls(self, feed: str) -> list[str]:
        return ["--feed", feed, "--url", self.simulator.url(feed), "--rest-url", self.simulator.rest_url(feed)]

    def trade(self, exchange: str, count: int, symbol: str | None = None) -> None:
        async def make() -> None:
            self.simulator.trade(exchange, count, symbol)

        asyncio.run_coroutine_threadsafe(make(), self._loop).result(30)

    def truth(self, feed: str, symbol: str) -> list[Trade]:
        return [trade for trade in self.simulator.truth_of(feed) if trade.symbol == symbol]


@contextlib.contextmanager
def simulated() -> Iterator[Venues]:
    with turned(Simulator(beat_s=0.1)) as found:
        yield found


@contextlib.contextmanager
def turned(simulator: Simulator) -> Iterator[Venues]:
    """This one, on a loop of its own."""
    loop = asyncio.new_event_loop()
    turning = threading.Thread(target=loop.run_forever)
    turning.start()
    asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result(30)
    try:
        yield Venues(simulator, loop)
    finally:
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        turning.join(30)
        loop.close()


def in_stream(here: Target) -> list[dict[str, Any]]:
    """Every record of the stream."""
    client = boto3.client("kinesis", endpoint_url=here.stack.endpoint("kinesis"))
    found: list[dict[str, Any]] = []
    for shard in client.list_shards(StreamName="trades")["Shards"]:
        words: dict[str, Any] = {"StreamName": "trades", "ShardId": shard["ShardId"]}
        iterator = client.get_shard_iterator(**words, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            page = client.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                parts = deaggregate(record["Data"])
                found += [json.loads(data) for data in ([record["Data"]] if parts is None else [p.data for p in parts])]
            iterator = page["NextShardIterator"]
            if not page["Records"] and page["MillisBehindLatest"] == 0:
                break
    return found
