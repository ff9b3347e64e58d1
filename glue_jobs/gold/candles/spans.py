"""Spans of time by symbol, in whole seconds: what a batch touches, and what is left to do."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tapehouse.intervals import SECOND_US
from tapehouse.tables import EVERYWHERE

Seconds = npt.NDArray[np.int64]

_BITS: Final = 36
"""Seconds since the epoch below a symbol's number in one key: up to the year 4147."""
_MASK: Final = (1 << _BITS) - 1


class Span(NamedTuple):
    """Time of one symbol, or of every one (``EVERYWHERE``): [from_s, to_s), seconds since the epoch."""

    symbol: str
    from_s: int
    to_s: int


class Spans:
    """A set of time by symbol. Spans that meet or overlap are one; what is of every symbol is kept beside.

    All of it is one ascending line of numbers: the symbol's place among the names above, the second below.
    """

    __slots__ = ("_line", "_names")

    def __init__(self, names: Sequence[str] = (), line: Seconds | None = None) -> None:
        """``names``: ascending, each of them in ``line``: starts and ends, n × 2, ascending and disjoint."""
        self._names = tuple(names)
        self._line = line if line is not None else np.empty((0, 2), np.int64)

    @classmethod
    def _joined(cls, names: Sequence[str], line: Seconds) -> "Spans":
        """Of any names, and any spans that number them."""
        line = _joined(line[line[:, 0] < line[:, 1]])
        codes = line[:, 0] >> _BITS
        used = np.unique(codes)
        found = [names[code] for code in used.tolist()]
        order = np.argsort(np.array(found, object), kind="stable") if found else np.empty(0, np.int64)
        if len(found) == len(names) and np.array_equal(order, np.arange(len(order))):
            return cls(found, line)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        shift = (rank[np.searchsorted(used, codes)] - codes) << _BITS
        line = line + shift[:, None]
        return cls([found[at] for at in order.tolist()], line[np.argsort(line[:, 0], kind="stable")])

    @classmethod
    def of(cls, spans: Iterable[tuple[str, int, int]]) -> "Spans":
        """From symbol, from_s, to_s (exclusive)."""
        told = list(spans)
        code: dict[str, int] = {}
        base = np.array([code.setdefault(each[0], len(code)) for each in told], np.int64) << _BITS
        line = np.array([each[1:] for each in told], np.int64).reshape(-1, 2) + base[:, None]
        return cls._joined(list(code), line)

    @classmethod
    def of_micros(cls, spans: Iterable[tuple[str, int, int]]) -> "Spans":
        """From symbol, from_us, to_us (exclusive): widened to whole seconds, and at least the one of ``from_us``."""
        return cls.of(
            (symbol, from_us // SECOND_US, -(-max(to_us, from_us + 1) // SECOND_US)) for symbol, from_us, to_us in spans
        )

    @classmethod
    def of_instants(cls, symbols: Sequence[str], codes: Seconds, instants_us: Seconds) -> "Spans":
        """The seconds of instants of numbered symbols."""
        at = np.unique((codes << _BITS) + instants_us // SECOND_US)
        return cls._joined(symbols, np.column_stack([at, at + 1]))

    def __iter__(self) -> Iterator[Span]:
        for (start, end), name in zip((self._line & _MASK).tolist(), self._codes.tolist(), strict=True):
            yield Span(self._names[name], start, end)

    @property
    def _codes(self) -> Seconds:
        return self._line[:, 0] >> _BITS

    def __len__(self) -> int:
        return len(self._line)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and self._names == other._names and np.array_equal(self._line, other._line)

    __hash__ = None  # type: ignore[assignment]

    @property
    def symbols(self) -> frozenset[str]:
        """Those that it names; with ``EVERYWHERE`` where it holds time of every one."""
        return frozenset(self._names)

    @property
    def is_everywhere(self) -> bool:
        return EVERYWHERE in self._names

    def ends(self) -> tuple[int, int] | None:
        """The first and the last second that it reaches to (exclusive); None of nothing."""
        if not len(self._line):
            return None
        seconds = self._line & _MASK
        return int(np.min(seconds[:, 0])), int(np.max(seconds[:, 1]))

    def _numbered(self, names: Mapping[str, int]) -> Seconds:
        """The line with the symbols' numbers among others."""
        number = np.array([names[name] for name in self._names], np.int64)
        codes = self._codes
        return self._line + ((number[codes] - codes) << _BITS)[:, None]

    def __or__(self, other: "Spans") -> "Spans":
        if not other or not self:
            return self or other
        names = sorted({*self._names, *other._names})
        number = {name: at for at, name in enumerate(names)}
        return Spans(names, _joined(np.concatenate([self._numbered(number), other._numbered(number)])))

    def __sub__(self, other: "Spans") -> "Spans":
        """Without the time of others; symbol by symbol."""
        if not other or not self:
            return self
        names = sorted({*self._names, *other._names})
        number = {name: at for at, name in enumerate(names)}
        mine, less = self._numbered(number), other._numbered(number)
        edges = np.unique(np.concatenate([mine.ravel(), less.ravel()]))
        pieces = np.column_stack([edges[:-1], edges[1:]])
        inside = SpanIndex(mine[:, 0], mine[:, 1]).at(pieces[:, 0], pieces[:, 0] + 1)
        inside &= ~SpanIndex(less[:, 0], less[:, 1]).at(pieces[:, 0], pieces[:, 0] + 1)
        return Spans._joined(names, pieces[inside])

    def between(self, from_s: int, to_s: int) -> "Spans":
        """What of it lies in [from_s, to_s)."""
        base = (self._codes << _BITS)[:, None]
        return Spans._joined(self._names, np.clip(self._line - base, from_s, to_s) + base)

    def widened(self, length_s: int, origin_s: int = 0) -> "Spans":
        """In whole windows of a length."""
        base = self._codes << _BITS
        low, high = self._line[:, 0] - base - origin_s, self._line[:, 1] - base - origin_s
        low, high = low // length_s * length_s + origin_s, -(-high // length_s) * length_s + origin_s
        return Spans._joined(self._names, np.column_stack([low + base, high + base]))

    def bounded(self, most: int, most_of_all: int) -> "Spans":
        """At most about so many spans: those of a symbol with the least between them are joined, and what lies between.

        Symbols stay apart, and have room for two spans each, up to ``most_of_all`` in all: where there are more symbols
        than that, the time is everyone's.
        """
        ends = self.ends()
        most = max(most, min(2 * len(self._names), most_of_all))
        if len(self) <= most or ends is None:
            return self
        if len(self._names) > most:
            return Spans.of([Span(EVERYWHERE, *ends)])
        codes = self._codes
        between = self._line[1:, 0] - self._line[:-1, 1]
        is_other = codes[1:] != codes[:-1]
        least = np.sort(between[~is_other])[::-1][most - len(self._names)]
        starts = np.r_[True, is_other | (between > least)]
        return Spans(self._names, np.column_stack([self._line[starts, 0], self._line[np.r_[starts[1:], True], 1]]))

    def _of(self, name: str) -> Seconds:
        at = bisect_left(self._names, name)
        if at == len(self._names) or self._names[at] != name:
            return np.empty((0, 2), np.int64)
        first, last = np.searchsorted(self._line[:, 0], [at << _BITS, (at + 1) << _BITS])
        return self._line[first:last] & _MASK

    def seconds_of(self, symbol: str) -> Seconds:
        """Starts and ends of a symbol's spans, n × 2, with what is of every one."""
        own, all_of = self._of(symbol), self._of(EVERYWHERE)
        return _joined(np.concatenate([own, all_of])) if len(own) and len(all_of) else own if len(own) else all_of

    def outline(self) -> "Outline":
        """The times and the names by themselves: to ask coarsely which files may hold something."""
        return Outline(_joined(self._line & _MASK), None if self.is_everywhere else list(self._names))

    def index(self, symbols: Sequence[str]) -> "SpanIndex":
        """To ask for many instants at once: of these symbols, which are numbered in their order."""
        number = {symbol: at for at, symbol in enumerate(symbols)}
        place = np.array([number.get(name, -1) for name in self._names], np.int64)
        codes = self._codes
        of = place[codes] if len(codes) else codes
        lines = [(self._line + ((of - codes) << _BITS)[:, None])[of >= 0]]
        if self.is_everywhere:
            everywhere = self._of(EVERYWHERE)
            base = np.repeat(np.arange(len(symbols)) << _BITS, len(everywhere))
            lines.append(np.tile(everywhere, (len(symbols), 1)) + base[:, None])
        line = _joined(np.concatenate(lines))
        return SpanIndex(line[:, 0], line[:, 1])


class SpanIndex(NamedTuple):
    """Spans of numbered symbols in one order."""

    starts: Seconds
    ends: Seconds

    def hold(self, codes: Seconds, instants_s: Seconds) -> npt.NDArray[np.bool_]:
        """Whether each second lies in a span of its symbol."""
        return self.meet(codes, instants_s, instants_s + 1)

    def meet(self, codes: Seconds, from_s: Seconds, to_s: Seconds) -> npt.NDArray[np.bool_]:
        """Whether each [from_s, to_s) has a second in common with a span of its symbol."""
        base = codes.astype(np.int64) << _BITS
        return self.at(base + from_s, base + to_s)

    def at(self, lows: Seconds, highs: Seconds) -> npt.NDArray[np.bool_]:
        """The same, of numbers on the line."""
        if not len(self.starts):
            return np.zeros(len(lows), np.bool_)
        step = np.searchsorted(self.starts, highs, side="left") - 1
        found: npt.NDArray[np.bool_] = (step >= 0) & (self.ends[np.maximum(step, 0)] > lows)
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
