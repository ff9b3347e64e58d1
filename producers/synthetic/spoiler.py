"""What a stream of trades suffers on its way: repeats, late and disordered ones, foreign bytes, gaps.

The faults have a dice of their own, so that the market is the same with and without them, and each is given to
``note`` as it happens. Coverage stays true: it never spans a trade that is still held back, nor a gap. Around a gap
it is as for a real venue (``producers.gaps.continuity``): coverage ends at the last trade seen before it, the gap is
reported in front of the first trade after it, and coverage begins again behind that one.

What is held back is bounded (``HELD``): above it nothing more is held.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from random import Random
from typing import Final

from producers.source import Item, Raw
from producers.synthetic.config import FAULTS, SyntheticConfig
from producers.synthetic.malformed import malformed
from producers.synthetic.market import EXCHANGE, MarketRecord, due_us
from tapehouse.record import Coverage, Gap, Trade, partition_key

HELD: Final = 10_000
"""Trades held back at a time, repeats to come included."""
BEHIND: Final = 4
"""A disordered trade is sent behind one to so many newer ones of its market."""
Note = Callable[..., None]
"""Takes the name of a fault and its details."""


class _Passage:
    """One market on its way to the sink."""

    __slots__ = ("covered_us", "disordered", "first", "gap", "held", "known_us", "last_us", "left", "newest", "symbol")

    def __init__(self, symbol: str, start_us: int) -> None:
        self.symbol = symbol
        self.covered_us = self.known_us = start_us
        """Up to here coverage is reported; up to here the market is over (exclusive)."""
        self.first: int | None = None
        """The first id; None before it."""
        self.last_us = start_us
        """Time of the newest trade that is or will be sent."""
        self.newest = -1
        """The highest id sent."""
        self.held: dict[int, tuple[Trade, str]] = {}
        """Id → a trade held back, and as what; ascending."""
        self.disordered: dict[int, int] = {}
        """Id → newer trades that still go before it."""
        self.gap: tuple[int, int] | None = None
        """First and last id of the gap that the market is in, or has just left."""
        self.left = 0
        """Trades that the gap will still swallow."""


class Spoiler:
    """Passes the market on, spoiled. Raises nothing; knows no clock."""

    def __init__(self, config: SyntheticConfig, start_us: int, note: Note) -> None:
        self._random = Random(f"faults of {config.seed}")
        self._config, self._note = config, note
        self._passages = {symbol: _Passage(symbol, start_us) for symbol in config.symbols}
        self._coming: list[tuple[int, int, Trade, bool]] = []
        """(due, order, trade, whether it is a repeat): a heap of what is held back."""
        self._order = 0
        self._seen_us = start_us
        chance, self._below = 0.0, []
        for name in FAULTS:
            chance += getattr(config, name)
            self._below.append((chance, name))

    @property
    def next_us(self) -> int | None:
        """When the next trade that is held back is due."""
        return self._coming[0][0] if self._coming else None

    def take(self, records: Iterable[MarketRecord], through_us: int | None = None) -> list[Item]:
        """What goes on its way with these records of the market, in order.

        ``through_us``: no later record of the market is due at this instant or before, so what is held back until
        then goes too.
        """
        out: list[Item] = []
        for record in records:
            self._seen_us = due_us(record)
            while self._coming and self._coming[0][0] < self._seen_us:
                self._release(out)
            if isinstance(record, Trade):
                self._trade(record, out)
            else:
                self._coverage(record, out)
        while through_us is not None and self._coming and self._coming[0][0] <= through_us:
            self._release(out)
        return out

    def end(self) -> list[Item]:
        """All that was held back, the gaps that were not reported, and what coverage is now true."""
        out: list[Item] = []
        while self._coming:
            self._release(out)
        for passage in self._passages.values():
            self._flush(passage, out)
            if passage.gap is not None:
                self._report_gap(passage, passage.gap, None, out)
            else:
                self._report_coverage(passage, passage.known_us, out)
        return out

    # -- one record of the market -----------------------------------------------------------------------------------

    def _trade(self, trade: Trade, out: list[Item]) -> None:
        passage, number = self._passages[trade.symbol], int(trade.trade_id)
        if passage.gap is not None:
            if passage.left:
                passage.left -= 1
                passage.gap = passage.gap[0], number
                return
            self._report_gap(passage, passage.gap, trade, out)
            fault = None  # the trade that shows a gap is simply sent: two gaps never touch
        else:
            fault = self._fault(passage)
        if fault == "gaps":
            passage.gap, passage.left = (number, number), self._more_missing()
            return
        passage.first = number if passage.first is None else passage.first
        passage.last_us = trade.event_time_us
        if fault == "late":
            share = 0.5 + 0.5 * self._random.random()
            self._hold(trade, share, repeat=False)
            passage.held[number] = trade, fault
            return
        if fault == "out_of_order":
            passage.held[number] = trade, fault
            passage.disordered[number] = 1 + int(self._random.random() * BEHIND)
            return
        self._send(passage, number, trade, out)
        if fault == "duplicates":
            self._hold(trade, self._random.random(), repeat=True)
        elif fault == "malformed":
            form, data = malformed(trade, self._random)
            out.append(Raw(data=data, partition_key=partition_key(trade)))
            self._note("malformed", form=form, symbol=passage.symbol, after_id=trade.trade_id, payload=data.hex())
        if passage.disordered:
            self._behind(passage, out)

    def _fault(self, passage: _Passage) -> str | None:
        dice = self._random.random()
        if dice >= self._below[-1][0]:
            return None
        fault = next(name for chance, name in self._below if dice < chance)
        first = fault == "gaps" and passage.first is None  # a gap lies between two trades
        full = fault in ("late", "out_of_order", "duplicates") and len(self._coming) + len(passage.held) >= HELD
        return None if first or full else fault

    def _more_missing(self) -> int:
        """Geometric, so that a gap has ``gap_trades`` in the mean."""
        more, going_on = 0, 1 - 1 / self._config.gap_trades
        while self._random.random() < going_on:
            more += 1
        return more

    def _coverage(self, market: Coverage, out: list[Item]) -> None:
        passage = self._passages[market.symbol]
        passage.known_us = market.through_us
        if passage.gap is None:
            for number in list(passage.disordered):
                self._send_held(passage, number, out)
            self._report_coverage(passage, passage.known_us, out)

    # -- what is held back ------------------------------------------------------------------------------------------

    def _hold(self, trade: Trade, share: float, *, repeat: bool) -> None:
        self._order += 1
        until_us = trade.event_time_us + int(share * self._config.late_s * 1_000_000)
        heappush(self._coming, (until_us, self._order, trade, repeat))

    def _release(self, out: list[Item]) -> None:
        _, _, trade, repeat = heappop(self._coming)
        passage, number = self._passages[trade.symbol], int(trade.trade_id)
        if repeat:
            out.append(trade)
            self._note("duplicate", symbol=passage.symbol, trade_id=trade.trade_id)
        elif number in passage.held:
            self._send_held(passage, number, out)

    def _behind(self, passage: _Passage, out: list[Item]) -> None:
        """One more trade has gone before those that are to be out of order."""
        for number, left in list(passage.disordered.items()):
            passage.disordered[number] = left - 1
            if left == 1:
                self._send_held(passage, number, out)

    def _flush(self, passage: _Passage, out: list[Item]) -> None:
        for number in list(passage.held):
            self._send_held(passage, number, out)

    def _send_held(self, passage: _Passage, number: int, out: list[Item]) -> None:
        trade, fault = passage.held.pop(number)
        passage.disordered.pop(number, None)
        if number < passage.newest:
            self._note(fault, symbol=passage.symbol, trade_id=trade.trade_id)
        self._send(passage, number, trade, out)

    @staticmethod
    def _send(passage: _Passage, number: int, trade: Trade, out: list[Item]) -> None:
        out.append(trade)
        passage.newest = max(passage.newest, number)

    # -- what is reported of the market --------------------------------------------------------------------------------

    def _report_coverage(self, passage: _Passage, through_us: int, out: list[Item]) -> None:
        """The coverage up to ``through_us``, or up to the oldest trade that is still held back."""
        last_id = passage.newest
        if passage.held:
            last_id, (oldest, _) = next((number - 1, held) for number, held in passage.held.items())
            through_us = min(through_us, oldest.event_time_us)
        if through_us <= passage.covered_us:
            return
        span = Coverage(
            exchange=EXCHANGE,
            symbol=passage.symbol,
            source=EXCHANGE,
            from_us=passage.covered_us,
            through_us=through_us,
            last_id=str(last_id) if passage.first is not None and last_id >= passage.first else None,
            received_time_us=self._seen_us,
        )
        passage.covered_us = through_us
        out.append(span)

    def _report_gap(self, passage: _Passage, ids: tuple[int, int], after: Trade | None, out: list[Item]) -> None:
        """The gap is over: with the trade that shows it, or with the run."""
        self._flush(passage, out)
        self._report_coverage(passage, passage.last_us, out)
        first, last = (str(number) for number in ids)
        to_us = after.event_time_us if after is not None else max(passage.last_us, self._seen_us)
        gap = Gap(
            exchange=EXCHANGE,
            symbol=passage.symbol,
            source=EXCHANGE,
            gap_id=f"{EXCHANGE}:{EXCHANGE}:{passage.symbol}:{first}-{last}",
            from_id=first,
            to_id=last,
            from_us=passage.last_us,
            to_us=to_us,
            reason="made on purpose",
            received_time_us=after.received_time_us if after is not None else to_us,
        )
        passage.gap, passage.covered_us = None, to_us + 1
        out.append(gap)
        self._note("gap", gap_id=gap.gap_id, symbol=passage.symbol, from_id=first, to_id=last)
