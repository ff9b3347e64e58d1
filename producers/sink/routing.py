"""Gives each entry the shard it goes to, and keeps the list of open shards true while the sink runs.

Shards are listed at the start, at intervals, and soon after a throttle or where an entry was stored in an unknown one:
the stream may have been split. Where they cannot be listed, partition keys decide, after one warning.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from producers.sink.config import SinkConfig
from producers.sink.pacing import Pacer
from producers.sink.packing import Entry
from producers.sink.shards import ListsShards, open_shards
from tapehouse import logs
from tapehouse.kinesis import CallFailedError, StreamRefusedError

log = logs.of(__name__)

AGAIN_S: Final = 5.0
"""Seconds between two listings, at least, however many throttles ask for one."""


class Router:
    """Which open shard of one stream an entry goes to. Belongs to one event loop; ``uniform`` is in [0, 1)."""

    def __init__(self, config: SinkConfig, *, uniform: Callable[[], float]) -> None:
        self._config = config
        self._pacer = Pacer(
            bytes_per_s=config.shard_bytes_per_s, records_per_s=config.shard_records_per_s, uniform=uniform
        )
        self._wanted = asyncio.Event()

    @property
    def shards(self) -> int:
        """How many are known; 0: the partition key decides."""
        return self._pacer.shards

    async def watch(self, client: ListsShards, pool: Executor, on_listed: Callable[[], None]) -> None:
        """List the shards for ever, in the pool's threads; ``on_listed`` is called after each try."""
        loop, every_s = asyncio.get_running_loop(), self._config.shards_every_s
        again_s = min(AGAIN_S, every_s)
        warned = False
        while True:
            self._wanted.clear()
            try:
                self._pacer.use(await loop.run_in_executor(pool, open_shards, client, self._config.stream))
            except (CallFailedError, StreamRefusedError) as error:
                if not self.shards and not warned:
                    warned = True
                    log.warning("sink_shards_unknown", error=error, note="load is neither spread nor paced by shard")
            on_listed()
            await asyncio.sleep(again_s)
            try:
                async with asyncio.timeout(every_s - again_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    def place(self, entry: Entry, size: int) -> bool:
        """Give the entry of ``size`` bytes a shard; False where none has room now."""
        if not self.shards:
            entry.shard = entry.explicit_hash_key = None
            return True
        chosen = self._pacer.choose(size, time.monotonic())
        if chosen is None:
            return False
        entry.shard, entry.explicit_hash_key = chosen
        return True

    def ready_at(self, size: int, now: float) -> float:
        """When some shard will have room for ``size`` bytes."""
        return self._pacer.ready_at(size, now)

    def confirmed(self, entry: Entry) -> None:
        """Kinesis has the entry: stored elsewhere than was meant, the shards are no longer those that are listed."""
        if entry.shard is not None and entry.stored_in != entry.shard.id:
            self._wanted.set()

    def throttled(self, entry: Entry, now: float) -> None:
        """Its shard refused the entry: send less there, and look whether there are others."""
        if entry.shard is not None:
            self._pacer.throttled(entry.shard, now)
            self._wanted.set()
