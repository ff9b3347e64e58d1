"""gold.candles against the venue's own candles: what is asked for, page by page, and what came of it."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from producers.feeds import FEEDS, Candle, Feed, Klines
from producers.recovery import HttpFetch, Pages
from producers.run import clients
from producers.run.comparison import Comparison, Difference, Number, OurCandle, Tally
from producers.run.venue import venue
from tapehouse.errors import TerminalError
from tapehouse.intervals import BY_NAME, Interval, floor_us, micros_of
from tapehouse.market import Market
from tapehouse.query.port import QueryPort
from tapehouse.settings import Settings

WINDOWS_AT_ONCE: Final = 20_000
"""Of ours that are asked for, and held, at a time."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_COLUMNS: Final = ("complete", "open", "high", "low", "close", "volume", "quote_volume", "trade_count")
_SINGLE_AS: Final = {"kraken-v1": "kraken"}
"""Sources that are no feed's live one, but hold the same single trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be compared."""

    market: Market
    interval: str
    from_us: int
    to_us: int
    """Windows that begin and end within the two, µs UTC. The second is not in the future."""
    feed: str | None = None
    """Who asks the venue; None: the first feed of the exchange."""
    rest_url: str | None = None
    """Another address for its candles."""


class Verification:
    """One comparison: ``differences`` makes it, ``tally`` says what came of it."""

    def __init__(
        self,
        wanted: Wanted,
        port: QueryPort,
        settings: Settings,
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Raises TerminalError where the venue has no such candles, or no window lies in the span."""
        self.wanted, self._port, self._clock = wanted, port, clock
        self.feed = venue(_feed_of(wanted), settings, rest_url=wanted.rest_url, secrets=clients.secrets)
        self._interval = BY_NAME[wanted.interval]
        self._klines = _klines(self.feed, wanted)
        length_us = self._interval.length_us
        self._from_us = floor_us(wanted.from_us - 1, length_us) + length_us
        self._to_us = floor_us(wanted.to_us, length_us)
        if self._from_us >= self._to_us:
            raise TerminalError(f"No window of {wanted.interval} begins and ends in the span: widen it.")
        self.sources = self._sources()
        singles = {_SINGLE_AS.get(source, source) for source in self.sources}
        of_exchange = {each.source for each in FEEDS.values() if each.exchange == wanted.market.exchange}
        self._comparison = Comparison(self._klines, self._klines.counts and singles <= of_exchange)

    @property
    def tally(self) -> Tally:
        return self._comparison.tally

    @property
    def fields(self) -> tuple[str, ...]:
        """What is compared of each window."""
        return self._comparison.fields

    def differences(self) -> Iterator[Difference]:
        """What differs, oldest first, as it is found. Raises RestRefusedError, RestFailedError."""
        reached_us = self._reached_us()
        fetch = HttpFetch()
        pages = Pages(self.feed, fetch=fetch)
        try:
            with asyncio.Runner() as runner:
                for from_us, to_us in _cut(self._from_us, self._to_us, WINDOWS_AT_ONCE * self._interval.length_us):
                    ours = self._ours(from_us, to_us)
                    beyond = [at for at in ours if at < reached_us]
                    self.tally.unreachable += len(beyond)
                    for at in beyond:
                        del ours[at]
                    low_us = max(from_us, reached_us)
                    theirs = runner.run(self._theirs(pages, low_us, to_us)) if low_us < to_us else {}
                    yield from self._comparison.compare(ours, theirs)
        finally:
            fetch.close()

    def _reached_us(self) -> int:
        """Start of the oldest window that the venue still gives."""
        if self._klines.reach_candles is None:
            return self._from_us
        length_us = self._interval.length_us
        # One less: a window may begin while the page is on its way.
        return max(self._from_us, floor_us(self._clock(), length_us) - (self._klines.reach_candles - 2) * length_us)

    async def _theirs(self, pages: Pages, from_us: int, to_us: int) -> dict[int, Candle]:
        found: dict[int, Candle] = {}
        market, name = self.wanted.market, self._interval.name
        for low_us, high_us in _cut(from_us, to_us, self._klines.page_candles * self._interval.length_us):
            page = await pages.candles(self.feed.candles(market.symbol, name, low_us, high_us))
            found |= {each.open_time_us: each for each in page.candles if low_us <= each.open_time_us < high_us}
        return found

    def _ours(self, from_us: int, to_us: int) -> dict[int, OurCandle]:
        rows = self._port.run(
            f"SELECT window_start, {', '.join(_COLUMNS)} FROM gold.candles"  # noqa: S608 - names are checked
            f" WHERE {self._of_market(self._interval)} AND window_start >= {_instant(from_us)}"
            f" AND window_start < {_instant(to_us)}"
        ).rows
        return {
            micros_of(start): OurCandle(
                is_complete=bool(complete),
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=volume,
                quote_volume=quote_volume,
                trade_count=int(trade_count),
            )
            for start, complete, opened, high, low, close, volume, quote_volume, trade_count in rows
        }

    def _sources(self) -> tuple[str, ...]:
        """The feeds whose trades our candles of the span count."""
        rows = self._port.run(
            "SELECT DISTINCT source FROM gold.candles"  # noqa: S608 - names are checked
            f" WHERE {self._of_market(self._interval)} AND window_start >= {_instant(self._from_us)}"
            f" AND window_start < {_instant(self._to_us)} AND source IS NOT NULL"
        ).rows
        return tuple(sorted(str(source) for (source,) in rows))

    def _of_market(self, interval: Interval) -> str:
        exchange, symbol = self.wanted.market
        return f"exchange = '{exchange}' AND symbol = '{symbol}' AND interval = '{interval.name}'"


def _feed_of(wanted: Wanted) -> str:
    exchange = wanted.market.exchange
    of_exchange = [name for name, each in FEEDS.items() if each.exchange == exchange]
    if wanted.feed is not None:
        return wanted.feed
    if not of_exchange:
        known = sorted({each.exchange for each in FEEDS.values() if each.traits.klines is not None})
        raise TerminalError(f"No feed reads candles of {exchange} itself; there are those of {', '.join(known)}.")
    return of_exchange[0]


def _klines(feed: Feed, wanted: Wanted) -> Klines:
    """What the venue's candles are. Raises TerminalError where there are none that can be compared."""
    klines = feed.traits.klines
    if klines is None or feed.exchange != wanted.market.exchange:
        raise TerminalError(f"{feed.name} has no candles of {wanted.market.exchange}'s own to compare with.")
    if wanted.interval not in klines.steps:
        raise TerminalError(
            f"{feed.exchange} has no {wanted.interval} candles that can be compared; it has {', '.join(klines.steps)}."
        )
    feed.candles(wanted.market.symbol, wanted.interval, 0, BY_NAME[wanted.interval].length_us)
    return klines


def _cut(from_us: int, to_us: int, most_us: int) -> Iterator[tuple[int, int]]:
    """A span in pieces, oldest first."""
    for low_us in range(from_us, to_us, most_us):
        yield low_us, min(to_us, low_us + most_us)


def _instant(us: int) -> str:
    return f"TIMESTAMP '{_EPOCH + dt.timedelta(microseconds=us):%Y-%m-%d %H:%M:%S} UTC'"


def told(difference: Difference) -> str:
    """One line."""
    at = f"{_EPOCH + dt.timedelta(microseconds=difference.window_us):%Y-%m-%dT%H:%M:%SZ}"
    ours, theirs = _plain(difference.ours), _plain(difference.theirs)
    if difference.field != "window":
        return f"{at}  {difference.field}: ours {ours}, the venue's {theirs}"
    side = "ours" if difference.theirs is None else "the venue's"
    return f"{at}  {side} alone: volume {ours or theirs}"


def _plain(number: Number | None) -> str:
    """Without an exponent, and without zeros that carry nothing."""
    text = "" if number is None else f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def summed_up(verification: Verification) -> Sequence[str]:
    """What was compared, and how it came out, in lines."""
    tally, wanted, klines = verification.tally, verification.wanted, verification.feed.traits.klines
    lines = [
        f"{wanted.market.exchange} {wanted.market.symbol} {wanted.interval}: {tally.compared:,} windows compared, "
        f"{tally.equal:,} equal, {tally.differing:,} differ, {tally.only_ours:,} ours alone, "
        f"{tally.only_theirs:,} the venue's alone"
    ]
    if tally.incomplete:
        lines.append(f"left out: {tally.incomplete:,} of ours that are not complete")
    if tally.unreachable:
        lines.append(f"left out: {tally.unreachable:,} of ours that are older than what {wanted.market.exchange} gives")
    lines.append(f"of each: {', '.join(verification.fields)}")
    for name in verification.fields:
        precision = {"volume": klines.volume, "quote_volume": klines.quote_volume}.get(name) if klines else None
        if precision is not None and (precision.decimals or precision.digits):
            lines.append(f"{name} to {precision}: {wanted.market.exchange} tells it no more exactly")
    return lines
