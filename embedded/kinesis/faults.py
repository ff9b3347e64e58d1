"""Faults on demand: what goes wrong, how often, and for how long. From the same process, or over the admin address.

=================== ================================================================================================
kind                what happens to a call it hits
=================== ================================================================================================
``fail_records``    entries of PutRecords fail with ``code`` (InternalFailure or ProvisionedThroughputExceededException)
``fail_calls``      HTTP 500 InternalFailure; nothing was done
``throttle_calls``  ProvisionedThroughputExceededException (control calls: LimitExceededException); nothing was done
``drop_calls``      the connection is dropped; nothing was done
``lose_answers``    the call is **done**, then the connection is dropped: a retry does it twice
``fail_answers``    the call is **done**, then answered with HTTP 500: a retry does it twice
``delay``           the answer comes ``ms`` later
``empty_reads``     GetRecords finds no records though there are some; its next iterator stands at the same place
``arrival_back``    ApproximateArrivalTimestamp of a put record is up to ``ms`` too early, so that it goes backwards
``expire_iterators`` at once and for good: every iterator issued until now has expired
=================== ================================================================================================

``share`` is the probability for a record (``fail_records``) or a call (all others). ``operations`` narrows it to some
calls; ``calls`` ends it after that many calls it applied to, hit or not; ``seconds`` ends it by the clock.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from tapehouse.errors import SettingsError

KINDS: Final = (
    "fail_records",
    "fail_calls",
    "throttle_calls",
    "drop_calls",
    "lose_answers",
    "fail_answers",
    "delay",
    "empty_reads",
    "arrival_back",
    "expire_iterators",
)
OPERATIONS: Final = (
    *("PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "ListShards", "ListStreams", "DescribeStream"),
    *("DescribeStreamSummary", "DescribeLimits", "CreateStream", "DeleteStream", "SplitShard", "MergeShards"),
    *("UpdateShardCount", "UpdateStreamMode", "IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"),
    *("AddTagsToStream", "ListTagsForStream", "RemoveTagsFromStream"),
    *("TagResource", "UntagResource", "ListTagsForResource"),
)
"""What the server does, by Kinesis' names; a fault may name these."""
THROUGHPUT: Final = "ProvisionedThroughputExceededException"
MOST_SECONDS: Final = 10**9
RECORD_CODES: Final = ("InternalFailure", THROUGHPUT)
_WRITES: Final = ("PutRecord", "PutRecords")
_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "fail_records": ("PutRecords",),
    "empty_reads": ("GetRecords",),
    "arrival_back": _WRITES,
}
_INSTEAD: Final = ("fail_calls", "throttle_calls", "drop_calls", "lose_answers", "fail_answers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Raises SettingsError, naming every wrong value, when it makes no sense."""

    kind: str
    share: float = 1.0
    """0 … 1."""
    operations: tuple[str, ...] = ()
    """Names as "PutRecords"; empty: all that the kind knows."""
    calls: int | None = None
    seconds: float | None = None
    code: str = "InternalFailure"
    ms: int = 0

    def __post_init__(self) -> None:
        wrong = [
            text
            for bad, text in (
                (self.kind not in KINDS, f"kind is {self.kind!r}; it must be one of {', '.join(KINDS)}"),
                (not 0 <= self.share <= 1, f"share is {self.share}; it must be 0 … 1"),
                (self.calls is not None and not _whole(self.calls, 1), f"calls is {self.calls}; it must be 1 or more"),
                (
                    self.seconds is not None and not 0 < self.seconds < MOST_SECONDS,
                    f"seconds is {self.seconds}; it must be above 0 and below {MOST_SECONDS}",
                ),
                (self.code not in RECORD_CODES, f"code is {self.code!r}; it must be one of {', '.join(RECORD_CODES)}"),
                (
                    not all(name in OPERATIONS for name in self.operations),
                    f"operations are {', '.join(map(str, self.operations))}; known are {', '.join(OPERATIONS)}",
                ),
                (not _whole(self.ms, 0), f"ms is {self.ms}; it must be a whole number, 0 or more"),
                (self.ms == 0 and self.kind in ("delay", "arrival_back"), f"{self.kind} needs ms"),
            )
            if bad
        ]
        if wrong:
            raise SettingsError(wrong)

    @classmethod
    def parse(cls, body: object) -> "Fault":
        """A fault of JSON. Raises SettingsError."""
        if not isinstance(body, dict):
            raise SettingsError(["a fault is a JSON object"])
        unknown = sorted(set(body) - {known.name for known in fields(cls)})
        if unknown or "kind" not in body:
            raise SettingsError([f"unknown: {', '.join(unknown)}" if unknown else "kind is missing"])
        values = dict(body)
        operations = values.get("operations", ())
        try:
            values["operations"] = (operations,) if isinstance(operations, str) else tuple(operations)
            return cls(**values)
        except TypeError as error:
            raise SettingsError([f"a value has the wrong type: {error}"]) from error

    def applies(self, operation: str) -> bool:
        """Is this call one that it may hit?"""
        only = self.operations or _ONLY.get(self.kind, ())
        return not only or operation in only


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


@dataclass(slots=True)
class Plan:
    """What goes wrong with one call."""

    instead: str | None = None
    """One of the kinds that spoil the whole call."""
    delay_ms: int = 0
    empty_read: bool = False
    record_faults: list[tuple[float, str]] = field(default_factory=list)
    """(share, code)"""
    back_ms: int = 0


_NOTHING: Final = Plan()


@dataclass(slots=True)
class _Active:
    fault: Fault
    calls_left: int | None
    until_us: int | None


class Faults:
    """The faults of one server and what its calls came to. Safe to use from any thread."""

    def __init__(self, *, clock: Callable[[], int], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._counters: Counter[str] = Counter()
        self.generation = 0
        """Iterators of an earlier generation have expired."""

    def add(self, *added: Fault) -> None:
        """Begin these; ``expire_iterators`` is done at once."""
        now_us = self._clock()
        with self._lock:
            for fault in added:
                if fault.kind == "expire_iterators":
                    self.generation += 1
                    continue
                until_us = None if fault.seconds is None else now_us + int(fault.seconds * 1e6)
                self._active.append(_Active(fault, fault.calls, until_us))

    def clear(self) -> None:
        """End all. Iterators that were expired stay so."""
        with self._lock:
            self._active.clear()

    def expire_iterators(self) -> None:
        """Every iterator issued until now has expired."""
        self.add(Fault(kind="expire_iterators"))

    def count(self, name: str, amount: int = 1) -> None:
        self._counters[name] += amount

    def snapshot(self) -> dict[str, Any]:
        """The faults still going on, with what is left of them, and the counters since the start."""
        with self._lock:
            self._drop_ended()
            shown = [{**asdict(active.fault), "calls": active.calls_left} for active in self._active]
        return {"faults": shown, "counters": dict(sorted(self._counters.copy().items()))}

    @property
    def counters(self) -> dict[str, int]:
        """``calls.<operation>``, ``errors.<code>``, ``faults.<kind>``, ``records.in|out|failed``, ``bytes.in``."""
        return dict(self._counters.copy())

    def plan(self, operation: str) -> Plan:
        """Throw the dice for one call."""
        if not self._active:
            return _NOTHING
        plan = Plan()
        with self._lock:
            self._drop_ended()
            for active in self._active:
                fault = active.fault
                if not fault.applies(operation):
                    continue
                if active.calls_left is not None:
                    active.calls_left -= 1
                if fault.kind == "fail_records":
                    plan.record_faults.append((fault.share, fault.code))
                elif self._rng.random() < fault.share:
                    self._hit(plan, fault)
        return plan

    def _hit(self, plan: Plan, fault: Fault) -> None:
        if fault.kind in _INSTEAD:
            if plan.instead is not None:
                return
            plan.instead = fault.kind
        elif fault.kind == "delay":
            plan.delay_ms += fault.ms
        elif fault.kind == "empty_reads":
            plan.empty_read = True
        else:
            plan.back_ms = max(plan.back_ms, fault.ms)
        self.count(f"faults.{fault.kind}")

    def record_failure(self, plan: Plan) -> str | None:
        """Throw the dice for one record: the code it fails with, or None."""
        for share, code in plan.record_faults:
            if self._rng.random() < share:
                self.count("faults.fail_records")
                return code
        return None

    def arrival_ms(self, plan: Plan, stored_ms: int) -> int:
        """The arrival time to tell for a record stored at ``stored_ms``."""
        return stored_ms - self._rng.randint(0, plan.back_ms) if plan.back_ms else stored_ms

    def _drop_ended(self) -> None:
        now_us = self._clock()
        self._active = [
            active
            for active in self._active
            if active.calls_left != 0 and (active.until_us is None or now_us < active.until_us)
        ]
