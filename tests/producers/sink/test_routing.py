"""The shards stay known, and entries get theirs; over HTTP see ``test_sink_on_embedded_kinesis``."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from producers.sink import SinkConfig
from producers.sink.packing import Entry
from producers.sink.routing import Router
from tapehouse.market import MarketKey


class Stream:
    """A stream of ``shards`` shards that counts how often it is asked; its first ``failures`` answers are errors."""

    def __init__(self, shards: int, failures: int = 0) -> None:
        self.shards, self.failures, self.asked = shards, failures, 0

    def list_shards(self, **_: Any) -> Any:
        self.asked += 1
        if self.asked <= self.failures:
            raise ConnectionResetError("reset")
        described = [
            {
                "ShardId": f"shard-{n}",
                "HashKeyRange": {"StartingHashKey": str(n * 100), "EndingHashKey": str(n * 100 + 99)},
                "SequenceNumberRange": {"StartingSequenceNumber": "1"},
            }
            for n in range(self.shards)
        ]
        return {"Shards": described}


def entry() -> Entry:
    return Entry(MarketKey("kraken", "BTC-USD", "kraken"), "k", 1, [], [b"x"])


def watched(stream: Stream, listings: int, *, config: SinkConfig) -> Router:
    """A router after so many listings."""
    router = Router(config, uniform=lambda: 0.5)

    async def work() -> None:
        enough = asyncio.Event()
        with ThreadPoolExecutor(1) as pool:

            def listed() -> None:
                if stream.asked >= listings:
                    enough.set()

            watching = asyncio.create_task(router.watch(stream, pool, listed))
            async with asyncio.timeout(30):
                await enough.wait()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(work())
    return router


def test_without_shards_the_partition_key_decides_even_for_what_had_a_hash_key() -> None:
    router, retried = Router(SinkConfig(stream="tape"), uniform=lambda: 0.5), entry()
    retried.explicit_hash_key = "7"
    assert router.place(retried, 10**9)
    assert router.shards == 0
    assert retried.request() == {"Data": b"x", "PartitionKey": "k"}


def test_a_listing_that_failed_is_tried_again_and_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    router = watched(Stream(2, failures=3), 4, config=SinkConfig(stream="tape", shards_every_s=0.01))
    assert router.shards == 2
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


def test_an_entry_gets_a_shard_and_a_hash_key_of_it() -> None:
    router, placed = watched(Stream(2), 1, config=SinkConfig(stream="tape")), entry()
    assert router.place(placed, 100)
    assert placed.shard is not None
    assert placed.shard.first <= int(placed.explicit_hash_key or -1) <= placed.shard.last


def test_a_full_shard_says_when_it_will_have_room() -> None:
    router = watched(Stream(1), 1, config=SinkConfig(stream="tape"))
    now = time.monotonic()
    assert sum(router.place(entry(), 100_000) for _ in range(50)) < 50
    assert router.ready_at(100_000, now) > now
