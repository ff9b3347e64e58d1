"""What gold.bars' own commits carry beside rows: how far silver is in them, and which days are left to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from glue_jobs.engine import Batch, TableState
from glue_jobs.gold.candles.spans import Spans
from tapehouse.intervals import DAY_US, SECOND_US
from tapehouse.market import Market
from tapehouse.tables import EVERYWHERE, SILVER_TRADES

DAY_S: Final = DAY_US // SECOND_US
MOST_SPANS: Final = 150
"""Each commit repeats them. Past that, those close to each other are joined, and more is done."""
MOST_OF_ALL: Final = 1_500
"""The same where more markets than that leave no room: 75 KB of a commit."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Stands in the metadata of each commit, and so changes with the rows, at once and once."""

    todo: Spans = field(default_factory=Spans)
    """Whole days, by the names of markets (``str``), that are to be computed anew from silver."""
    counted: Mapping[Market, str] = field(default_factory=dict)
    """The source that counts of markets of which days are left to do: their rows may not tell."""
    table_id: str = ""
    """Of silver.trades."""
    through: int = -1
    """The version of silver.trades up to which all of it is in gold, or left to do."""
    read: int = -1
    """The version up to which some of it may be in gold already: no trade of a later one is."""

    @classmethod
    def of(cls, base: TableState) -> "Ledger":
        """What the newest commit carries; what it does not tell is as if nothing was done."""
        told = base.metadata or {}
        return cls(
            Spans.of((str(name), int(low), int(high)) for name, low, high in told.get("todo") or ()),
            {Market(*each[:2]): each[2] for each in told.get("counted") or ()},
            str(told.get("table_id", "")),
            int(told.get("through", -1)),
            int(told.get("read", -1)),
        )

    @property
    def work(self) -> tuple[Any, Any]:
        """What is left to do, and what counts meanwhile."""
        told = self.to_json()
        return told.get("todo"), told.get("counted")

    def to_json(self) -> dict[str, Any]:
        """Times in seconds since the epoch."""
        names = self.todo.symbols
        told = {
            "todo": [list(span) for span in self.todo],
            "counted": [
                [*market, source]
                for market, source in sorted(self.counted.items())
                if self.todo.is_everywhere or str(market) in names
            ],
            "table_id": self.table_id,
            "through": self.through,
            "read": self.read,
        }
        return {name: value for name, value in told.items() if value not in ("", [], -1)}

    def holds(self, batch: Batch) -> bool:
        """Whether what the batch brings is in gold already: it runs again, or gold was made of all."""
        reached = batch.reached[SILVER_TRADES]
        # Some files of the version behind may be in it too.
        return reached.table_id == self.table_id and reached.version + bool(reached.files) <= self.through


def days_of(market: Market, from_us: int, to_us: int) -> tuple[str, int, int]:
    """The whole days of a market that meet [from_us, to_us), as ``Ledger.todo`` has them."""
    return str(market), from_us // DAY_US * DAY_S, -(-to_us // DAY_US) * DAY_S


def markets_named(names: Iterable[str], known: Iterable[Market]) -> list[Market]:
    """The markets of names, every known one where all are meant."""
    named = set(names)
    if EVERYWHERE in named:
        return sorted(known)
    return sorted(Market(*name.split(" ", 1)) for name in named)
