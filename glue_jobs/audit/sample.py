"""Which part of a lake is judged: all of a small one, and of a big one what a hash picks."""

from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

WHOLE_UP_TO: Final = 250_000
"""Up to so many bronze records everything is judged; of more, as large a part as has about so many."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One in ``one_in`` of whatever is judged. The same things are picked each time, so that a finding stays."""

    one_in: int

    @classmethod
    def of(cls, records: int, *, full: bool) -> "Sample":
        return cls(1 if full else max(1, -(-records // WHOLE_UP_TO)))

    def has(self, *names: str) -> Column:
        """True for the rows that are judged; ``names`` are the columns that say which thing a row is about."""
        return F.lit(True) if self.one_in == 1 else F.pmod(F.xxhash64(*names), F.lit(self.one_in)) == 0

    def __str__(self) -> str:
        if self.one_in == 1:
            return "judged every record, candle and market"
        return f"judged 1 in {self.one_in} records, candles and markets, --full judges all; counted every row"
