"""Spans of time by symbol, in whole seconds: what a batch touches, and what is left to do."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tapehouse.intervals import SECOND_US
from tapehouse.tables import EVERYWHERE

Seconds = npt.NDArray[np.int64]

_CODE_BITS: Final = 36
"""Seconds since the epoch below a symbol's number in one key: up to the year 4147."""


class Span(NamedTuple):
    """Time of one symbol, or of every one (``EVERYWHERE``): [from_s, to_s), seconds since the epoch."""

    symbol: str
    from_s: int
    to_s: int


class Spans:
    """A set of time by symbol. Spans that meet or overlap are one; what is of every symbol is kept beside."""

    __slots__ = ("_of",)

    def __init__(self, of: Mapping[str, Seconds] | None = None) -> None:
        self._of: dict[str, Seconds] = {symbol: spans for symbol, spans in (of or {}).items() if len(spans)}

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        found: dict[str, list[tuple[int, int]]] = {}
        for symbol, from_s, to_s in spans:
            if from_s < to_s:
                found.setdefault(symbol, []).append((from_s, to_s))
        return cls({symbol: _joined(np.array(each, np.int64)) for symbol, each in found.items()})

    @classmethod
    def of_micros(cls, spans: Iterable[tuple[str, int, int]]) -> "Spans":
        """From symbol, from_us, to_us (exclusive): widened to whole seconds, and at least the one of ``from_us``."""
        return cls.of(
            Span(symbol, from_us // SECOND_US, -(-max(to_us, from_us + 1) // SECOND_US))
            for symbol, from_us, to_us in spans
        )

    @classmethod
    def of_seconds(cls, seconds: Mapping[str, Seconds]) -> "Spans":
        """Each second by itself: symbol → their starts."""
        return cls({symbol: _joined(np.column_stack([each, each + 1])) for symbol, each in seconds.items()})

    def __iter__(self) -> Iterator[Span]:
        for symbol, spans in self._of.items():
            for from_s, to_s in spans.tolist():
                yield Span(symbol, from_s, to_s)

    def __len__(self) -> int:
        return sum(len(spans) for spans in self._of.values())

    def __bool__(self) -> bool:
        return bool(self._of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and list(map(tuple, sorted(self))) == list(map(tuple, sorted(other)))

    __hash__ = None  # type: ignore[assignment]

    @property
    def symbols(self) -> frozenset[str]:
        """Those that it names; with ``EVERYWHERE`` where it holds time of every one."""
        return frozenset(self._of)

    @property
    def is_everywhere(self) -> bool:
        return EVERYWHERE in self._of

    def ends(self) -> tuple[int, int] | None:
        """The first and the last second that it reaches to (exclusive); None of nothing."""
        if not self._of:
            return None
        return min(int(each[0, 0]) for each in self._of.values()), max(int(each[-1, 1]) for each in self._of.values())

    def __or__(self, other: "Spans") -> "Spans":
        found = dict(self._of)
        for symbol, spans in other._of.items():
            found[symbol] = _joined(np.concatenate([found[symbol], spans])) if symbol in found else spans
        return Spans(found)

    def __sub__(self, other: "Spans") -> "Spans":
        """Without the time of others; symbol by symbol."""
        found = {}
        for symbol, spans in self._of.items():
            less = other._of.get(symbol)
            if less is None:
                found[symbol] = spans
                continue
            edges = np.unique(np.concatenate([spans.ravel(), less.ravel()]))
            pieces = np.column_stack([edges[:-1], edges[1:]])
            codes = np.zeros(len(pieces), np.int64)
            kept = SpanIndex(spans[:, 0], spans[:, 1]).hold(codes, pieces[:, 0])
            kept &= ~SpanIndex(less[:, 0], less[:, 1]).hold(codes, pieces[:, 0])
            found[symbol] = _joined(pieces[kept])
        return Spans(found)

    def between(self, from_s: int, to_s: int) -> "Spans":
        """What of it lies in [from_s, to_s)."""
        cut = {symbol: np.clip(spans, from_s, to_s) for symbol, spans in self._of.items()}
        return Spans({symbol: spans[spans[:, 0] < spans[:, 1]] for symbol, spans in cut.items()})

    def widened(self, length_s: int, origin_s: int = 0) -> "Spans":
        """In whole windows of a length."""
        found = {}
        for symbol, spans in self._of.items():
            low = (spans[:, 0] - origin_s) // length_s * length_s + origin_s
            high = -((origin_s - spans[:, 1]) // length_s) * length_s + origin_s
            found[symbol] = _joined(np.column_stack([low, high]))
        return Spans(found)

    def bounded(self, most: int) -> "Spans":
        """At most about so many spans: those with the least between them are joined, and what lies between is in."""
        count = len(self)
        if count <= most:
            return self
        if len(self._of) * 2 > most:
            ends = self.ends()
            return Spans.of([Span(EVERYWHERE, *ends)]) if ends else self
        between = np.concatenate([spans[1:, 0] - spans[:-1, 1] for spans in self._of.values()])
        kept = np.sort(between)[::-1]
        least = kept[most - len(self._of) - 1] if most > len(self._of) else kept[0]
        found = {}
        for symbol, spans in self._of.items():
            starts = np.r_[True, spans[1:, 0] - spans[:-1, 1] > least]
            found[symbol] = np.column_stack([spans[starts, 0], spans[np.r_[starts[1:], True], 1]])
        return Spans(found)

    def seconds_of(self, symbol: str) -> Seconds:
        """Starts and ends of a symbol's spans, n × 2, with what is of every one."""
        own, all_of = self._of.get(symbol), self._of.get(EVERYWHERE)
        if own is not None and all_of is not None:
            return _joined(np.concatenate([own, all_of]))
        found = own if own is not None else all_of
        return found if found is not None else np.empty((0, 2), np.int64)

    def outline(self) -> "Outline":
        """The times and the names by themselves: to ask coarsely which files may hold something."""
        times = list(self._of.values())
        return Outline(
            _joined(np.concatenate(times)) if times else np.empty((0, 2), np.int64),
            None if self.is_everywhere else sorted(self._of),
        )

    def index(self, symbols: Iterable[str]) -> "SpanIndex":
        """To ask for many instants at once: of these symbols, which are numbered in their order."""
        starts, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for code, symbol in enumerate(symbols):
            spans = self.seconds_of(symbol)
            starts.append(spans[:, 0] + (code << _CODE_BITS))
            ends.append(spans[:, 1] + (code << _CODE_BITS))
        return SpanIndex(np.concatenate(starts), np.concatenate(ends))


class SpanIndex(NamedTuple):
    """Spans of numbered symbols in one order."""

    starts: Seconds
    ends: Seconds

    def hold(self, codes: Seconds, instants_s: Seconds) -> npt.NDArray[np.bool_]:
        """Whether each second lies in a span of its symbol."""
        return self.meet(codes, instants_s, instants_s + 1)

    def meet(self, codes: Seconds, from_s: Seconds, to_s: Seconds) -> npt.NDArray[np.bool_]:
        """Whether each [from_s, to_s) has a second in common with a span of its symbol."""
        if not len(self.starts):
            return np.zeros(len(codes), np.bool_)
        base = codes.astype(np.int64) << _CODE_BITS
        at = np.searchsorted(self.starts, base + to_s, side="left") - 1
        found: npt.NDArray[np.bool_] = (at >= 0) & (self.ends[np.maximum(at, 0)] > base + from_s)
        return found


class Outline(NamedTuple):
    """Spans without saying which time is of which symbol."""

    times: Seconds
    names: list[str] | None
    """None is every one."""

    def may_meet(self, symbols: tuple[str, str], from_s: int, to_s: int) -> bool:
        """Whether a symbol between two lies in them, and a second of [from_s, to_s)."""
        at = int(np.searchsorted(self.times[:, 0], to_s, side="left")) - 1
        if at < 0 or self.times[at, 1] <= from_s:
            return False
        if self.names is None:
            return True
        first = bisect_left(self.names, symbols[0])
        return first < len(self.names) and self.names[first] <= symbols[1]

    def share(self, from_s: int, to_s: int) -> float:
        """How much of [from_s, to_s) lies in them."""
        inside = np.clip(self.times, from_s, to_s)
        return float((inside[:, 1] - inside[:, 0]).sum()) / max(to_s - from_s, 1)


def _joined(spans: Seconds) -> Seconds:
    if len(spans) < 2:
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    highs = np.maximum.accumulate(spans[:, 1])
    starts = np.r_[True, spans[1:, 0] > highs[:-1]]
    return np.column_stack([spans[starts, 0], highs[np.r_[starts[1:], True]]])
