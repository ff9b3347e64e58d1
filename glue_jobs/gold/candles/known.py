"""What gold knows of markets beside its candles: the source that counts, where each was seen, and which gaps are open.

It is all in the tables, and read from there once a process; then it is kept, and grows by what each batch brings.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.gold.candles.recompute import Judgement
from glue_jobs.gold.candles.sources import Counted
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.wholeness import Lifetime, Span, Wholeness, lifetimes
from tapehouse.market import Market, MarketKey
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE, FILLED, OPENED

COVERAGE_COLUMNS: Final = ("exchange", "symbol", "source", "from_us", "through_us", "arrival_time")
GAP_COLUMNS: Final = ("exchange", "symbol", "source", "gap_id", "event", "from_us", "to_us", "arrival_time")

GapKey = tuple[str, str, str, str]
"""Exchange, symbol, source, gap_id."""


class Islands:
    """Spans of time that neither meet nor overlap, [from, to), µs UTC."""

    __slots__ = ("highs", "lows")

    def __init__(self) -> None:
        self.lows: list[int] = []
        self.highs: list[int] = []

    def add(self, low: int, high: int) -> None:
        first = bisect_left(self.highs, low)
        last = bisect_right(self.lows, high)
        if first < last:
            low, high = min(low, self.lows[first]), max(high, self.highs[last - 1])
        self.lows[first:last] = [low]
        self.highs[first:last] = [high]

    def within(self, from_us: int, to_us: int) -> list[tuple[int, int]]:
        """Those that meet a span, whole."""
        first, last = bisect_left(self.highs, from_us), bisect_right(self.lows, to_us)
        return list(zip(self.lows[first:last], self.highs[first:last], strict=True))

    def all(self) -> list[tuple[int, int]]:
        return list(zip(self.lows, self.highs, strict=True))


@dataclass(slots=True)
class Gap:
    """A gap by what was told of it; see ``Known.open_gaps`` for where it lies."""

    from_us: int | None = None
    to_us: int | None = None
    is_opened: bool = False
    is_ended: bool = False

    def span(self, market: Market) -> Span | None:
        """Where it lies; None without a time, or before it was opened.

        The first trade after a gap ends it; a missing one may share that instant, so the instant is the gap's. Where
        only this trade's time is known, the gap is that instant. A gap without any time has no place: what it leaves
        incomplete is the time that its producer does not tell as covered.
        """
        from_us = self.from_us if self.from_us is not None else self.to_us
        if not self.is_opened or from_us is None:
            return None
        return Span(market.exchange, market.symbol, from_us, None if self.to_us is None else self.to_us + 1)


@dataclass(slots=True)
class Known:
    """What is known now. Changes as it learns."""

    markets: dict[Market, Counted] = field(default_factory=dict)
    islands: dict[MarketKey, Islands] = field(default_factory=dict)
    watched: Islands = field(default_factory=Islands)
    """The time in which any market was seen."""
    gaps: dict[GapKey, Gap] = field(default_factory=dict)
    withheld: pa.Table | None = None
    """Coverage that arrived after what is known to be here wholly: it does not count yet."""
    withheld_ends: pa.Table | None = None
    """The same of what ended gaps: trades that filled them may be in later batches."""
    _lives: dict[Market, Lifetime] | None = None
    """Until something is learned."""

    def count(self, markets: dict[Market, Counted]) -> None:
        """What counts of each market from now on."""
        self.markets, self._lives = markets, None

    @property
    def newest_us(self) -> int | None:
        """The newest trade of all that are counted."""
        return max((counted.last_us for counted in self.markets.values()), default=None)

    @property
    def sources(self) -> dict[Market, str]:
        return {market: counted.source for market, counted in self.markets.items()}

    def cover(self, coverage: pa.Table, through_us: int | None) -> list[Span]:
        """Take in coverage (``COVERAGE_COLUMNS``), and what was withheld, of arrivals up to ``through_us``.

        Returns the spans that count from now on, of the sources that count. None: all count.
        """
        told = coverage if self.withheld is None else pa.concat_tables([self.withheld, coverage])
        is_here = _arrived(told, through_us)
        counts, self.withheld = told.filter(is_here), told.filter(pc.invert(is_here))
        columns = (counts.column(name).to_pylist() for name in COVERAGE_COLUMNS[:5])
        return self._seen((MarketKey(*key), low, high) for *key, low, high in zip(*columns, strict=True))

    def _seen(self, spans: Iterable[tuple[MarketKey, int, int]]) -> list[Span]:
        found = []
        for key, low, high in spans:
            if low >= high:
                continue
            if key not in self.islands:
                self.islands[key] = Islands()
            self.islands[key].add(low, high)
            self._lives = None
            self.watched.add(low, high)
            counted = self.markets.get(Market(key.exchange, key.symbol))
            if counted is None or counted.source == key.source:
                found.append(Span(key.exchange, key.symbol, low, high))
        return found

    def tell(self, gaps: pa.Table, through_us: int | None) -> list[Span]:
        """Take in rows of silver.gaps (``GAP_COLUMNS``), but ends of gaps that arrived after ``through_us`` later.

        Returns where the gaps lie that they opened or ended. None: all count.
        """
        told = gaps if self.withheld_ends is None else pa.concat_tables([self.withheld_ends, gaps])
        is_here = pc.or_(pc.equal(told.column("event"), OPENED), _arrived(told, through_us))
        gaps, self.withheld_ends = told.filter(is_here), told.filter(pc.invert(is_here))
        changed: dict[GapKey, None] = {}
        self._lives = None
        filled = []
        for exchange, symbol, source, gap_id, event, from_us, to_us in zip(
            *(gaps.column(name).to_pylist() for name in GAP_COLUMNS[:7]), strict=True
        ):
            key = (exchange, symbol, source, gap_id)
            gap = self.gaps.setdefault(key, Gap())
            changed[key] = None
            if event == OPENED:
                gap.is_opened, gap.from_us, gap.to_us = True, from_us, to_us
            else:
                gap.is_ended = True
            if event == FILLED and from_us is not None and to_us is not None:
                # Ids that count up by one leave no other trade in it.
                filled.append((MarketKey(exchange, symbol, source), from_us, to_us + 1))
        spans = [self.gaps[key].span(Market(*key[:2])) for key in changed]
        return [*(span for span in spans if span is not None), *self._seen(filled)]

    def open_gaps(self, symbols: frozenset[str] | None = None) -> list[Span]:
        """Open gaps that have a place in time, of what is counted: another feed's in the same market is not.

        ``symbols``: those asked for, to which the ones of every market are added; None is all.
        """
        found = []
        for (exchange, symbol, source, _), gap in self.gaps.items():
            if gap.is_ended or (symbols is not None and symbol != EVERYWHERE and symbol not in symbols):
                continue
            market = Market(exchange, symbol)
            counted = self.markets.get(market)
            if exchange != EVERYWHERE and counted is not None and counted.source != source:
                continue
            if (span := gap.span(market)) is not None:
                found.append(span)
        return found

    def gaps_of(self, markets: Collection[Market]) -> list[Span]:
        """Where the open gaps of markets lie, whichever source told of them."""
        found = [
            gap.span(Market(*key[:2]))
            for key, gap in self.gaps.items()
            if not gap.is_ended and Market(*key[:2]) in markets
        ]
        return [span for span in found if span is not None]

    def lifetimes(self) -> dict[Market, Lifetime]:
        """The time in which ALL asks for each market."""
        if self._lives is not None:
            return self._lives
        traded = {market: (counted.first_us, counted.last_us) for market, counted in self.markets.items()}
        ends = []
        for (exchange, symbol), counted in self.markets.items():
            islands = self.islands.get(MarketKey(exchange, symbol, counted.source))
            if islands is not None:
                ends.append(Span(exchange, symbol, islands.lows[0], islands.highs[-1]))
        self._lives = lifetimes(traded, ends, self.open_gaps(), watched=self.watched.all())
        return self._lives

    def traded(self, seconds: pa.Table) -> None:
        """Take in one-second parts of what is counted: when each market traded."""
        of_markets = seconds.filter(pc.not_equal(seconds.column("exchange"), ALL_EXCHANGES))
        for market, of in extents(of_markets, "open_time_us", "close_time_us").items():
            known = self.markets.get(market)
            for source, (first_us, last_us) in of.items():
                if known is None or known.source == source:
                    told = Counted(source, first_us, last_us).joined(known)
                    if told != known:
                        self.markets[market], self._lives = told, None

    def asked_anew(self, before: Mapping[Market, Lifetime]) -> list[tuple[str, int, int]]:
        """Symbol, from, to (µs UTC): where ALL asks for other markets than it did by the lifetimes ``before``.

        Where no other market of the symbol traded, ALL has no rows but the market's own.
        """
        found = []
        reach: dict[str, list[Market]] = {}
        for market in self.markets:
            reach.setdefault(market.symbol, []).append(market)
        for market, now in self.lifetimes().items():
            was = before.get(market)
            others = [self.markets[each] for each in reach[market.symbol] if each != market]
            if was == now or not others:
                continue
            first_us = min(other.first_us for other in others)
            end_us = max(other.last_us for other in others) + 1
            ends = [end_us if life is None or life.to_us is None else life.to_us for life in (was, now)]
            spans = (
                [(now.from_us, ends[1])]
                if was is None
                else [(min(was.from_us, now.from_us), max(was.from_us, now.from_us)), (min(ends), max(ends))]
            )
            for from_us, to_us in spans:
                if max(from_us, first_us) < min(to_us, end_us):
                    found.append((market.symbol, max(from_us, first_us), min(to_us, end_us)))
        return found

    def grown(self, was_us: int | None) -> list[tuple[str, int, int]]:
        """Symbol, from, to (µs UTC): where gaps go on, or do no more, since the newest trade was at ``was_us``."""
        now_us = self.newest_us
        if now_us is None or now_us == was_us:
            return []
        # The newest is an older one where the source that had it counts no more.
        first_us, last_us = min(was_us or 0, now_us), max(was_us or 0, now_us)
        return [
            (gap.symbol, max(gap.from_us, first_us), last_us + 1)
            for gap in self.open_gaps()
            if gap.to_us is None and gap.exchange != EVERYWHERE
        ]

    def judgement(self, symbols: frozenset[str] | None, from_us: int, to_us: int, unsummed: Spans) -> Judgement:
        """What windows of these symbols (None: all) within [from_us, to_us) are judged by."""
        lives = self.lifetimes()
        if symbols is not None:
            lives = {market: life for market, life in lives.items() if market.symbol in symbols}
        covered = [
            Span(exchange, symbol, low, high)
            for (exchange, symbol, source), islands in self.islands.items()
            if symbols is None or symbol in symbols
            if (counted := self.markets.get(Market(exchange, symbol))) is None or counted.source == source
            for low, high in islands.within(from_us, to_us)
        ]
        gaps = self.open_gaps(symbols)
        sources = self.sources
        return Judgement(sources, Wholeness.of(covered, gaps, lives), tuple(gaps), self.newest_us, unsummed)


def _arrived(rows: pa.Table, through_us: int | None) -> pa.ChunkedArray:
    """Which rows had arrived by then; None: all of them."""
    if through_us is None:
        return pc.is_valid(rows.column("arrival_time"))
    return pc.less_equal(rows.column("arrival_time").cast(pa.int64()), through_us)


def extents(rows: pa.Table, first: str, last: str) -> dict[Market, dict[str, tuple[int, int]]]:
    """Market → source → least of one column and greatest of another: when each source traded."""
    found: dict[Market, dict[str, tuple[int, int]]] = {}
    if rows.num_rows:
        of = rows.group_by(list(MarketKey._fields)).aggregate([(first, "min"), (last, "max")])
        for row in of.to_pylist():
            key = MarketKey(*(row[name] for name in MarketKey._fields))
            found.setdefault(Market(key.exchange, key.symbol), {})[key.source] = (
                row[f"{first}_min"],
                row[f"{last}_max"],
            )
    return found
