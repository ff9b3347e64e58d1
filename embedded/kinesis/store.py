"""All streams of a server: made, found, changed and deleted, each change written down before it counts."""

import random
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tapehouse import logs

from .errors import ACCOUNT, ApiError, internal_failure, shard_not_found, stream_not_found
from .journal import CATALOG_VERSION, Journal
from .shard import Shard
from .stream import HOUR_US, Resharding, Stream

log = logs.of(__name__)
Clock: TypeAlias = Callable[[], int]
"""Now, in µs since the epoch, UTC."""
SWEEP_US: Final = 1_000_000
"""Trimmed records and expired shards are looked for at most once a second."""
SEGMENTS_PER_RETENTION: Final = 8
"""A segment is ended after an eighth of the retention, so that slow streams give their room back too."""


class Store:
    """The streams. One thread uses it."""

    def __init__(
        self, journal: Journal, *, clock: Clock, rng: random.Random, salt: str, transition_us: int = 0
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._salt = salt
        self._transition_us = transition_us
        self._streams: dict[str, Stream] = {}
        self._serial = 0
        self._last_created_us = 0
        self._swept_us = 0
        self.identity = secrets.token_hex(16)
        """Signs iterators and tokens; kept in the journal, so that they outlive a restart."""
        catalog = journal.load()
        if catalog is None:
            self.save()
        else:
            self._restore(catalog)

    def _restore(self, catalog: dict[str, Any]) -> None:
        self.identity = catalog["identity"]
        self._serial = catalog["serial"]
        self._last_created_us = catalog["last_created_us"]
        for entry in catalog["streams"]:
            stream = Stream.restored(entry, self._journal.shard_log)
            self._streams[stream.name] = stream

    def save(self) -> None:
        """Write the catalog. Raises InternalFailure when it could not be written: the caller takes its change back."""
        catalog = {
            "version": CATALOG_VERSION,
            "identity": self.identity,
            "serial": self._serial,
            "last_created_us": self._last_created_us,
            "streams": [stream.saved() for stream in self._streams.values()],
        }
        try:
            self._journal.save(catalog)
        except OSError as error:
            log.exception("catalog_not_written")
            raise internal_failure() from error

    def names(self) -> list[str]:
        return sorted(name for name, stream in self._streams.items() if not self._gone(stream))

    def find(self, name: str) -> Stream:
        """The stream of this name, whatever its status. Raises ResourceNotFoundException."""
        stream = self._streams.get(name)
        if stream is None or self._gone(stream):
            raise stream_not_found(name)
        return stream

    def find_settled(self, name: str) -> Stream:
        """A stream that takes changes: ACTIVE. Raises ResourceInUseException while it is being changed."""
        stream = self.find(name)
        status = stream.status(self._clock())
        if status != "ACTIVE":
            text = f"Stream {name} under account {ACCOUNT} not ACTIVE, instead in state {status}"
            raise ApiError("ResourceInUseException", text)
        return stream

    def find_usable(self, name: str) -> Stream:
        """A stream whose data plane works: ACTIVE or UPDATING. Raises ResourceNotFoundException."""
        stream = self.find(name)
        if stream.status(self._clock()) not in ("ACTIVE", "UPDATING"):
            raise stream_not_found(name)
        return stream

    def find_shard(self, stream: Stream, shard_id: str) -> Shard:
        """A shard that still has a life: open, or closed and within retention."""
        prefix, _dash, number = shard_id.rpartition("-")
        shard = stream.shards.get(int(number)) if prefix == "shardId" and number.isdecimal() else None
        if shard is None or stream.expired(shard, self._clock()):
            raise shard_not_found(stream.name, shard_id)
        return shard

    def shards(self, stream: Stream) -> list[Shard]:
        """Open and closed, in order of their ids; expired ones are left out."""
        now_us = self._clock()
        return [shard for shard in stream.shards.values() if not stream.expired(shard, now_us)]

    def create(self, stream_name: str, shard_count: int, *, region: str, **settings: Any) -> Stream:
        """Make a stream. Raises ResourceInUseException where the name is taken."""
        existing = self._streams.get(stream_name)
        if existing is not None and not self._gone(existing):
            raise ApiError("ResourceInUseException", f"Stream {stream_name} under account {ACCOUNT} already exists.")
        if existing is not None:
            self._forget(existing)
        now_us = self._clock()
        before = (self._last_created_us, self._serial)
        self._last_created_us = max(now_us // 1000 * 1000, self._last_created_us + 1000)
        self._serial += 1
        stream = Stream(
            name=stream_name,
            region=region,
            created_us=self._last_created_us,
            serial=self._serial,
            settled_us=now_us + self._transition_us,
            **settings,
        )
        self._resharding(stream).spread(shard_count)
        self._streams[stream_name] = stream
        try:
            self.save()
        except ApiError:
            del self._streams[stream_name]
            self._last_created_us, self._serial = before
            raise
        return stream

    def delete(self, stream: Stream) -> None:
        """Begin to delete, and end it where there is no transition time."""
        self.change(stream, transition="DELETING", settled_us=self._clock() + self._transition_us)
        if self._gone(stream):
            self._forget(stream)

    def _gone(self, stream: Stream) -> bool:
        return stream.transition == "DELETING" and self._clock() >= stream.settled_us

    def _forget(self, stream: Stream) -> None:
        del self._streams[stream.name]
        try:
            self.save()
        except ApiError:
            self._streams[stream.name] = stream
            raise
        self._journal.drop_stream(stream)

    def change(self, stream: Stream, **values: Any) -> None:
        """Set attributes of a stream and write them down, or neither."""
        before = {name: getattr(stream, name) for name in values}
        _assign(stream, values)
        try:
            self.save()
        except ApiError:
            _assign(stream, before)
            raise

    def change_retention(self, stream: Stream, hours: int) -> None:
        """A new retention period: what a shorter one has trimmed stays trimmed."""
        now_us = self._clock()
        trimmed_us = max(stream.horizon_us(now_us), now_us - hours * HOUR_US)
        self.change(stream, retention_hours=hours, floor_us=trimmed_us)

    def reshard(self, stream: Stream, action: Callable[[Resharding], None]) -> None:
        """Run splits and merges, and write the result down, or take all back."""
        resharding = self._resharding(stream)
        before = (stream.transition, stream.settled_us)
        action(resharding)
        stream.transition, stream.settled_us = "UPDATING", self._clock() + self._transition_us
        try:
            self.save()
        except ApiError:
            resharding.undo()
            stream.transition, stream.settled_us = before
            raise

    def _resharding(self, stream: Stream) -> Resharding:
        new_log = self._journal.shard_log
        return Resharding(stream, now_us=self._clock(), rng=self._rng, new_log=new_log, salt=self._salt)

    def sweep(self) -> None:
        """Give back the room of trimmed records, expired shards and deleted streams."""
        now_us = self._clock()
        if 0 <= now_us - self._swept_us < SWEEP_US:
            return
        self._swept_us = now_us
        for stream in list(self._streams.values()):
            # The call that happens to be the sweeper is not to fail for it: what stays is swept later.
            try:
                if self._gone(stream):
                    self._forget(stream)
                else:
                    self._trim(stream, now_us)
            except (ApiError, OSError) as error:
                log.warning("journal_not_swept", stream=stream.name, error=error)

    def _trim(self, stream: Stream, now_us: int) -> None:
        horizon_ms = stream.horizon_us(now_us) // 1000
        old_enough_ms = (now_us - stream.retention_hours * HOUR_US // SEGMENTS_PER_RETENTION) // 1000
        for shard in stream.open_shards():
            oldest = shard.log.oldest_ms_of_tail()
            if oldest is not None and oldest <= old_enough_ms:
                shard.log.roll()
        for shard in stream.shards.values():
            shard.log.trim(horizon_ms)
        expired = [shard for shard in stream.shards.values() if stream.expired(shard, now_us)]
        for shard in expired:
            del stream.shards[shard.index]
        if expired:
            try:
                self.save()
            except ApiError:
                stream.shards = dict(sorted((stream.shards | {shard.index: shard for shard in expired}).items()))
                raise
            for shard in expired:
                self._journal.drop_shard(stream, shard)

    def close(self) -> None:
        self._journal.close()


def _assign(stream: Stream, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(stream, name, value)
