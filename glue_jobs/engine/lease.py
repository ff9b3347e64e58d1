"""The lease of one query: at most one process writes its tables on S3, as a file lock sees to it at home.

An object, ``<lake>/_locks/<query>.json``, names the holder. It lies beside the locks of home and not in
``_checkpoints``, which anybody may delete and which is listed at each step. Every write of it is conditional:

=============  ===============================================================================================
taken          where there is none (``If-None-Match: *``), or where the holder let go of it (``If-Match``)
renewed        every ``renew_every_s`` by a thread, for as long as a loop lives: not once a turn
asked for      by who waits, in the holder's own object: the next renewal meets it, and the turn at hand is the last
stolen         when its ETag has not changed for ``lasts_s`` by the clock of who looks on: no two clocks are compared
let go of      at the end, or handed to who asked; never deleted, for a DELETE would meet whoever holds it then
=============  ===============================================================================================

The holder counts from before it asked for the renewal, and stops ``spare_s`` early: so it stops before anybody may
steal. A holder that cannot know (it was paused, its machine's clock stood still) is stopped by the tables: who takes a
lease that was not let go of *owes a fence*, an empty commit on each table, and S3 gives a version once. The lease saves
work; that no commit is lost does not hang on it.
"""

import json
import math
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from glue_jobs.engine.objects import Conditional, Found
from tapehouse import logs
from tapehouse.errors import LakehouseError, TransientError

log = logs.of(__name__)

_V: Final = 1
_TRIES: Final = 5
"""Of one write of the holder's, each time after somebody asked for the lease."""
_LONGEST_S: Final = 3600.0
"""What another's object may say of itself at most."""
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Times of a lease, in seconds. Four queries that are renewed each half minute cost 350,000 PUTs a month, 2 USD."""

    lasts_s: float = 90.0
    """What a killed holder costs: so long nobody writes its tables."""
    renew_every_s: float = 30.0
    spare_s: float = 15.0
    """The last part of ``lasts_s``, in which the holder commits no more: for clocks that run apart, and a PUT's way."""
    look_every_s: float = 2.0
    """Who waits looks so often: a GET."""


class LeaseLostError(TransientError):
    """Another process may write the query's tables by now, so nothing more is written here."""

    def __init__(self, query: str) -> None:
        super().__init__(query)
        self.query = query

    def __str__(self) -> str:
        return f"{self.query}: this process was held up, and lost the lease on its tables; what was not committed waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the object says."""

    holder: str
    """Empty: nobody."""
    by: str
    """Host and process, for people."""
    lasts_s: float
    wanted_by: str = ""
    owes_fence: bool = False
    """The tables were not fenced since a holder did not let go."""
    write: str = ""
    """Of each write another, so that each has its own ETag."""
    v: int = _V

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(replace(self, write=uuid.uuid4().hex))).encode()


class Lease:
    """One query's, as this process sees it. For one loop and one renewing thread."""

    def __init__(
        self,
        objects: Conditional,
        query: str,
        *,
        me: str,
        terms: Terms,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``me``: names this process and no other; ``clock``: seconds that only ever grow."""
        self.query, self._objects, self._terms, self._clock = query, objects, terms, clock
        self._name, self._me = f"_locks/{query}.json", me
        self._lock = threading.RLock()
        self._etag: str | None = None
        """Of the object, while this process holds it."""
        self._good_until = -math.inf
        self._wanted_by, self._owes_fence = "", False
        self._seen: tuple[str, float] = ("", 0.0)
        """The ETag of another's, and when it was first seen."""

    @property
    def is_held(self) -> bool:
        """As far as this process knows."""
        return self._etag is not None

    @property
    def is_wanted(self) -> bool:
        return bool(self._wanted_by)

    @property
    def owes_fence(self) -> bool:
        """Whoever holds it has to commit to each table before all else: the one before it may still be about to."""
        return self._owes_fence

    def fenced(self) -> None:
        """It was done; the next write of the object says so."""
        self._owes_fence = False

    def take(self) -> bool:
        """One look, and a try where it may be had. Raises LakehouseError where S3 cannot be asked."""
        found = self._objects.get(self._name)
        if found is None:
            return self._begin(None, owes_fence=True)
        told = self._read(found)
        if told.holder in ("", self._me):
            return self._begin(found.etag, owes_fence=told.owes_fence)
        now = self._clock()
        if found.etag != self._seen[0]:
            self._seen = found.etag, now
        elif now - self._seen[1] >= told.lasts_s:
            taken = self._begin(found.etag, owes_fence=True)
            if taken:
                log.warning("lease_stolen", query=self.query, of=told.by, unchanged_s=round(now - self._seen[1]))
            return taken
        if not told.wanted_by:
            etag = self._put(replace(told, wanted_by=self._me), found.etag)
            if etag is not None:
                self._seen = etag, self._clock()
        return False

    def give_up(self) -> None:
        """Wait for it no more. Raises LakehouseError where S3 cannot be asked: then it runs out by itself."""
        found = self._objects.get(self._name)
        told = self._read(found) if found is not None else None
        if found is None or told is None:
            return
        if told.holder == self._me:
            self._put(replace(told, holder="", wanted_by=""), found.etag)
        elif told.wanted_by == self._me:
            self._put(replace(told, wanted_by=""), found.etag)

    def check(self) -> None:
        """Raises LeaseLostError unless nobody else can hold it now. Costs a look at the clock while it is renewed."""
        if self._etag is not None and self._clock() < self._good_until:
            return
        try:
            self.renew()  # it ran out unrenewed, and yet it is ours if nobody took it
        except LakehouseError as error:
            raise LeaseLostError(self.query) from error
        if self._etag is None or self._clock() >= self._good_until:
            raise LeaseLostError(self.query)

    def renew(self) -> None:
        """Raises LakehouseError where S3 cannot be asked: it holds until it runs out."""
        self._write(lambda: self._mine(holder=self._me, wanted_by=self._wanted_by))

    def release(self) -> None:
        """Let go of it, to who asked for it. Raises LakehouseError where S3 cannot be asked: then it runs out."""
        with self._lock:
            try:
                self._write(lambda: self._mine(holder=self._wanted_by, wanted_by=""))
            finally:
                self._etag, self._wanted_by = None, ""

    def _begin(self, replaces: str | None, *, owes_fence: bool) -> bool:
        with self._lock:
            sent = self._clock()
            self._owes_fence = owes_fence
            etag = self._put(self._mine(holder=self._me, wanted_by=""), replaces)
            if etag is not None:
                self._hold(etag, sent)
                self._wanted_by, self._seen = "", ("", 0.0)
            return etag is not None

    def _write(self, told: Callable[[], _Told]) -> None:
        """In the place of the holder's own object; where that is another's, the lease is lost."""
        with self._lock:
            for _ in range(_TRIES):
                if self._etag is None:
                    return
                sent = self._clock()
                etag = self._put(told(), self._etag)
                if etag is not None:
                    self._hold(etag, sent)
                    return
                found = self._objects.get(self._name)
                there = self._read(found) if found is not None else None
                if found is None or there is None or there.holder != self._me:
                    log.warning("lease_lost", query=self.query, to="nobody" if there is None else there.by)
                    self._etag = None
                    return
                self._etag, self._wanted_by = found.etag, there.wanted_by

    def _hold(self, etag: str, sent: float) -> None:
        self._etag, self._good_until = etag, sent + self._terms.lasts_s - self._terms.spare_s

    def _put(self, told: _Told, replaces: str | None) -> str | None:
        return self._objects.put(self._name, told.as_bytes(), replaces=replaces)

    def _mine(self, *, holder: str, wanted_by: str) -> _Told:
        return _Told(
            holder=holder,
            by=f"{socket.gethostname()}/{os.getpid()}",
            lasts_s=self._terms.lasts_s,
            wanted_by=wanted_by,
            owes_fence=self._owes_fence,
        )

    def _read(self, found: Found) -> _Told:
        """Of garbage: somebody's, who does not renew it."""
        try:
            body = json.loads(found.content)
            texts = [body[name] for name in ("holder", "by", "wanted_by")]
            lasts_s = float(body["lasts_s"])
            if body["v"] == _V and all(isinstance(each, str) for each in texts) and 0 < lasts_s <= _LONGEST_S:
                holder, by, wanted_by = texts
                return _Told(
                    holder=holder,
                    by=by,
                    lasts_s=lasts_s,
                    wanted_by=wanted_by,
                    owes_fence=body["owes_fence"] is not False,
                )
        except (ValueError, KeyError, TypeError):
            pass
        log.warning("lease_unreadable", query=self.query, object=self._name, note="it is taken once it has run out")
        return _Told(holder=_UNKNOWN, by=_UNKNOWN, lasts_s=self._terms.lasts_s, wanted_by=_UNKNOWN, owes_fence=True)
