"""What the synthetic source makes, and what it spoils."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapehouse.errors import SettingsError
from tapehouse.record import EARLIEST_US

NOMINAL_RATE_PER_S: Final = 1000.0
"""Trades a second of event time when no rate is given."""
FAULTS: Final = ("gaps", "late", "out_of_order", "duplicates", "malformed")
"""The rates of ``SyntheticConfig``, in the order in which the dice decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticConfig:
    """What to make. Raises SettingsError with every fault when values are out of range.

    The five rates are shares of a market's trades, each 0 to below 1. A trade has one of these faults or none, so
    together they are below 1 too.
    """

    seed: int = 1
    symbols: Sequence[str] = ("BTC-USD", "ETH-USD", "SOL-USD")
    """Canonical BASE-QUOTE; a symbol without a known price starts at 100.00."""
    rate_per_s: float | None = None
    """Trades a second of event time over all markets; None is 1000, meant for a start in the past."""
    count: int | None = None
    """Trades of the market in all, never-sent ones included; None: endless."""
    start_us: int | None = None
    """Event time of the beginning, µs UTC. None: now where a rate is given; where none is, so far back that all
    ``count`` trades (endless: a year of them) are due at once."""
    first_id: int | None = None
    """Id of each market's first trade. None: ``start_us``, so that runs with different starts never share an id."""
    traders: int = 1000
    """People in the pool."""
    duplicates: float = 0.0
    """The same record is sent again, up to ``late_s`` later."""
    late: float = 0.0
    """Held back for half of ``late_s`` to all of it, while newer trades are sent."""
    late_s: float = 30.0
    """In seconds of event time, above 0, at most a day."""
    out_of_order: float = 0.0
    """Sent behind one to four newer trades of its market."""
    malformed: float = 0.0
    """Followed by bytes that are no acceptable record (the trade itself is sent)."""
    gaps: float = 0.0
    """The chance that a trade begins a hole: trades that were made, are never sent, and are reported as a gap."""
    gap_trades: float = 10.0
    """The mean length of a hole, 1 to a million trades; lengths are geometric."""
    truth_path: Path | None = None
    """Where to write the truth (see ``Truth``); gzip where the name ends in .gz."""

    def __post_init__(self) -> None:
        rate, count, start = self.rate_per_s, self.count, self.start_us
        faults = [f"{n}: {getattr(self, n)} is not 0 to below 1" for n in FAULTS if not 0 <= getattr(self, n) < 1]
        rules = (
            (bool(self.symbols), "symbols: give at least one"),
            (len(set(self.symbols)) == len(self.symbols), "symbols: one is given twice"),
            (rate is None or 1e-6 <= rate <= 1_000_000, f"rate_per_s: {rate} is not 0.000001 to 1000000"),
            (count is None or count >= 0, f"count: {count} is below 0"),
            (start is None or start >= EARLIEST_US, f"start_us: {start} is before 2009-01-03"),
            (self.first_id is None or self.first_id >= 0, f"first_id: {self.first_id} is below 0"),
            (self.traders >= 1, f"traders: {self.traders} is below 1"),
            (0 < self.late_s <= 86_400, f"late_s: {self.late_s} is not above 0 to 86400"),
            (1 <= self.gap_trades <= 1_000_000, f"gap_trades: {self.gap_trades} is not 1 to 1000000"),
            (bool(faults) or self.fault_share < 1, f"{', '.join(FAULTS)}: together they are not below 1"),
        )
        faults += [fault for right, fault in rules if not right]
        if faults:
            raise SettingsError(faults)

    @property
    def fault_share(self) -> float:
        """The chance that a trade is not simply sent."""
        return float(sum(getattr(self, name) for name in FAULTS))

    def begins_us(self, now_us: int) -> int:
        """``start_us``, or what stands for it at ``now_us``."""
        if self.start_us is not None:
            return self.start_us
        if self.rate_per_s is not None:
            return now_us
        span_s = 365 * 86_400 if self.count is None else self.count / NOMINAL_RATE_PER_S * 1.1 + 60
        return now_us - int(span_s * 1_000_000)
