"""Whether windows are wholly known: of one market, and of every market of a symbol together.

How far a window that begins at an instant may reach, so that nothing is missing in it, is a step function of that
instant. There is one a market and one a symbol (``ALL``: the least of its markets'), so that any number of windows of
any markets is asked by one binary search. Windows begin and end on whole seconds, and so do the steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from glue_jobs.gold.candles.units import Flags, Ints
from tapehouse.intervals import DAY_US, SECOND_US
from tapehouse.market import Market
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE

GONE_AFTER_US: Final = 7 * DAY_US
"""Of the lake's watched time behind the last that is known of a market: from there on it counts as gone, not late."""
PACKED_BITS: Final = 40
_ZERO: Final = 1 << (PACKED_BITS - 1)
_NEVER_S: Final = _ZERO - 1
"""Seconds: beyond any instant of a record, and within ``PACKED_BITS`` with either sign."""


class Span(NamedTuple):
    """Part of one market's time, [from_us, to_us), µs UTC; to_us None while it goes on."""

    exchange: str
    symbol: str
    from_us: int
    to_us: int | None


class Lifetime(NamedTuple):
    """The time in which ALL asks for a market, [from_us, to_us), µs UTC; to_us None while it is there."""

    from_us: int
    to_us: int | None


def lifetimes(
    traded: Mapping[Market, tuple[int, int]],
    covered: Iterable[Span],
    gaps: Iterable[Span],
    *,
    watched: Sequence[tuple[int, int]],
    gone_after_us: int = GONE_AFTER_US,
) -> dict[Market, Lifetime]:
    """From when to when each market that traded is asked for: from the first that is known of it to the last.

    ``traded``: first and last trade of each, µs UTC; ``covered``: the spans in which it was wholly seen; ``gaps``: open
    ones. ``watched``: the time in which any market of the lake was seen, as spans that are disjoint; what counts of it
    is how much of it lies behind the last that is known of a market. A market counts as gone where that is more than
    ``gone_after_us``; before, it is late, and asked for. So a lake that stood still has lost no market. Nor has one of
    which a gap goes on: somebody says that it is missed.
    """
    first = {market: low for market, (low, _) in traded.items()}
    last = {market: high + 1 for market, (_, high) in traded.items()}
    for exchange, symbol, from_us, to_us in covered:
        market = Market(exchange, symbol)
        if market in first and to_us is not None:
            first[market] = min(first[market], from_us)
            last[market] = max(last[market], to_us)
    missed = {Market(gap.exchange, gap.symbol) for gap in gaps if gap.to_us is None}
    seen = np.array(watched, np.int64).reshape(-1, 2)
    newest = int(np.max(seen[:, 1])) if len(seen) else 0
    return {
        market: Lifetime(
            first[market],
            last[market]
            if newest - last[market] > gone_after_us
            and market not in missed
            and _behind(seen, last[market]) > gone_after_us
            else None,
        )
        for market in traded
    }


def _behind(spans: Ints, instant_us: int) -> int:
    """How much of the spans lies behind an instant."""
    return int(np.maximum(spans[:, 1] - np.maximum(spans[:, 0], instant_us), 0).sum())


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time in as few spans, ascending; those that meet are one."""
    found: list[tuple[int, int]] = []
    for from_us, to_us in sorted(spans):
        if found and from_us <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], to_us)
        else:
            found.append((from_us, to_us))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """A step function of each market: the end up to which a window may reach, by its beginning; both ``packed``."""

    at: Ints
    to: Ints

    @classmethod
    def of(cls, at: Ints, to: Ints) -> "_Reach":
        """Of windows that lie in a span [at, to) of their market, or in none where it has no span."""
        order = np.argsort(at, kind="stable")
        # A market's numbers are above all of the one before, so the greatest so far is its own.
        return cls(at[order], np.maximum.accumulate(to[order]))

    def up_to(self, beginnings: Ints) -> Ints:
        """Before the first step of a market it is a number of the market before, and so below every end."""
        if not len(self.at):
            return np.full(len(beginnings), -1)
        step = np.searchsorted(self.at, beginnings, side="right") - 1
        return np.where(step < 0, -1, self.to[np.maximum(step, 0)])


@dataclass(frozen=True, slots=True, eq=False)
class Wholeness:
    """What is known of the wholeness of markets. It can be pickled."""

    _numbers: Mapping[Market, int]
    """Of each market that is known, and of ALL of each symbol."""
    _covered: _Reach
    _missed: _Reach
    """Between the open gaps of each."""
    _lost: _Reach
    """Between the open gaps of all markets, under the number 0."""

    @classmethod
    def of(cls, covered: Iterable[Span], gaps: Iterable[Span], lifetimes: Mapping[Market, Lifetime]) -> "Wholeness":
        """``covered``: the spans in which a market was wholly seen, in any order; those that meet count as one.

        ``gaps``: open ones, of a market or, with exchange ``*``, of all. ``lifetimes``: every market that there is,
        with the time in which ALL asks for it.
        """
        islands, holes = _islands(covered), list(gaps)
        own = [hole for hole in holes if hole.exchange != EVERYWHERE]
        alone = {Market(each.exchange, each.symbol) for each in (*islands, *own)} | lifetimes.keys()
        together = {Market(ALL_EXCHANGES, market.symbol) for market in alone}
        numbers = {market: number for number, market in enumerate(sorted(alone | together))}
        missed = [(numbers[Market(name, hole.symbol)], hole) for hole in own for name in (hole.exchange, ALL_EXCHANGES)]
        return cls(
            numbers,
            _coverage(numbers, islands, lifetimes),
            _between(len(numbers), missed),
            _between(1, [(0, hole) for hole in holes if hole.exchange == EVERYWHERE]),
        )

    def complete(self, rows: pa.Table, starts_us: Ints, ends_us: Ints) -> Flags:
        """Of each window of the market that ``exchange`` and ``symbol`` of its row name: whether it is whole.

        It is wholly covered, and no open gap touches it. ALL: that holds for every market of the symbol that is asked
        for in it, and no market of the symbol has an open gap in it. What nothing is known of is not complete, nor is
        ALL of a symbol of which no market has a lifetime.
        """
        number = numbered(rows, self._numbers)
        starts, ends = starts_us // SECOND_US, ends_us // SECOND_US
        at, to = packed(number, starts), packed(number, ends)
        whole = (number >= 0) & (to <= self._covered.up_to(at)) & (to <= self._missed.up_to(at))
        return whole & (packed(0, ends) <= self._lost.up_to(packed(0, starts)))


def _coverage(numbers: Mapping[Market, int], islands: Sequence[Span], lifetimes: Mapping[Market, Lifetime]) -> _Reach:
    """The steps of each market, and of ALL of each symbol."""
    seen = _spans_by_number((numbers[Market(each.exchange, each.symbol)], each) for each in islands)
    own = _Reach.of(packed(seen[:, 0], _second_behind(seen[:, 1])), packed(seen[:, 0], _second_before(seen[:, 2])))
    # Of the markets that ALL asks for, by the number of their ALL: all time in which it does not ask is whole too.
    members = sorted((numbers[Market(ALL_EXCHANGES, market.symbol)], numbers[market]) for market in lifetimes)
    symbol, member = np.array(members, np.int64).reshape(-1, 2).T
    names = list(numbers)
    lives = _spans_by_number((number, lifetimes[names[number]]) for number in member.tolist())
    is_member = np.isin(own.at >> PACKED_BITS, member)
    none = np.full(len(member), _NEVER_S)
    at = np.r_[own.at[is_member], packed(member, -none), packed(member, _second_behind(lives[:, 2]))]
    to = np.r_[own.to[is_member], packed(member, _second_before(lives[:, 1])), packed(member, none)]
    asked = _Reach.of(at, to)
    # Each step of a member is one of its symbol, and every member of the symbol is asked at it.
    symbol_of = np.zeros(len(numbers), np.int64)
    symbol_of[member] = symbol
    steps = np.unique(packed(symbol_of[asked.at >> PACKED_BITS], second_of(asked.at)))
    first, behind = (np.searchsorted(symbol, steps >> PACKED_BITS, side=side) for side in ("left", "right"))
    each = member[ranges(first, behind)]
    reached = asked.up_to(packed(each, np.repeat(second_of(steps), behind - first)))
    least = (
        np.minimum.reduceat(second_of(reached), np.cumsum(behind - first) - (behind - first)) if len(each) else steps
    )
    at, to = np.r_[own.at, steps], np.r_[own.to, packed(steps >> PACKED_BITS, least)]
    return _Reach.of(at, to)


def _between(markets: int, holes: Sequence[tuple[int, Span]]) -> _Reach:
    """The steps of markets, by number, that are whole but for holes."""
    held = _spans_by_number(sorted(holes, key=lambda hole: (hole[0], hole[1].from_us)))
    number, from_s, to_s = held[:, 0], _second_before(held[:, 1]), _second_behind(np.maximum(held[:, 1], held[:, 2]))
    all_of_them = np.arange(markets)
    # What is whole begins behind the holes so far, and ends where the next one begins: as many ends as beginnings.
    behind = np.maximum.accumulate(packed(number, to_s))
    return _Reach.of(
        np.sort(np.r_[packed(all_of_them, -_NEVER_S), behind]),
        np.sort(np.r_[packed(number, from_s), packed(all_of_them, _NEVER_S)]),
    )


def _islands(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans; those of a market that meet are one."""
    found: list[Span] = []
    for span in sorted((each for each in spans if each.to_us is not None), key=lambda each: each[:3]):
        before = found[-1] if found else None
        if before is None or before[:2] != span[:2] or span.from_us > (before.to_us or 0):
            found.append(span)
        else:
            found[-1] = before._replace(to_us=max(before.to_us or 0, span.to_us or 0))
    return found


def numbered(rows: pa.Table, numbers: Mapping[Market, int]) -> Ints:
    """The number of the market that ``exchange`` and ``symbol`` of each row name; -1 where it has none."""
    if not rows.num_rows:
        return np.empty(0, np.int64)
    exchange, symbol = (rows.column(name).combine_chunks().dictionary_encode() for name in Market._fields)
    pairs = [
        numbers.get(Market(left, right), -1)
        for left in exchange.dictionary.to_pylist()
        for right in symbol.dictionary.to_pylist()
    ]
    left, right = (each.indices.to_numpy(zero_copy_only=False).astype(np.int64) for each in (exchange, symbol))
    found: Ints = np.array(pairs, np.int64)[left * len(symbol.dictionary) + right]
    return found


def ranges(firsts: Ints, behinds: Ints) -> Ints:
    """All numbers of the ranges [first, behind), one range behind the other."""
    lengths = behinds - firsts
    return np.repeat(firsts - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


def _spans_by_number(spans: Iterable[tuple[int, Span | Lifetime]]) -> Ints:
    """Number, from, to of each, µs."""
    rows = [
        (number, span.from_us, _NEVER_S * SECOND_US if span.to_us is None else span.to_us) for number, span in spans
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


def packed(number: Ints | int, second: Ints | int) -> Ints:
    """Number and second as one number that sorts by market, then by time."""
    found: Ints = np.asarray((np.asarray(number, np.int64) << PACKED_BITS) + second + _ZERO)
    return found


def second_of(packed: Ints) -> Ints:
    return (packed & ((1 << PACKED_BITS) - 1)) - _ZERO


def _second_before(instants_us: Ints) -> Ints:
    return instants_us // SECOND_US


def _second_behind(instants_us: Ints) -> Ints:
    return -(-instants_us // SECOND_US)
