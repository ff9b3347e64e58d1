"""What gold.candles' own commits carry beside rows: how far silver is in them, and what is left to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_jobs.engine import Batch, TableState
from glue_jobs.gold.candles.sources import Counted
from glue_jobs.gold.candles.todo import Work
from tapehouse.market import Market
from tapehouse.tables import Table


@dataclass(frozen=True, slots=True)
class Ledger:
    """Stands in the metadata of each commit, and so changes with the rows, at once and once."""

    todo: Work = field(default_factory=Work)
    """What is out of date."""
    arrived_through_us: int | None = None
    """Coverage of arrivals up to here counts, µs UTC; None: all of it does."""
    short_from_us: int | None = None
    """Rows of less than a minute that begin before are not kept, µs UTC; None: all are."""
    counted: Mapping[Market, Counted] = field(default_factory=dict)
    """What counts of markets of which gold's rows do not tell, while trades of their symbols are left to do."""
    through: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Input → its id and the version up to which all of it is in gold, or to be done."""

    @classmethod
    def of(cls, base: TableState) -> "Ledger":
        """What the newest commit carries; what it does not tell is as if nothing was done."""
        told = base.metadata or {}
        return cls(
            Work.of_json(told.get("todo")),
            told.get("arrived_through_us"),
            told.get("short_from_us"),
            {Market(*each[:2]): Counted(*each[2:]) for each in told.get("counted") or ()},
            {name: (str(each[0]), int(each[1])) for name, each in (told.get("through") or {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        told = {
            "todo": self.todo.to_json(),
            "arrived_through_us": self.arrived_through_us,
            "short_from_us": self.short_from_us,
            "counted": [
                [*market, each.source, each.first_us, each.last_us]
                for market, each in self.counted.items()
                if self.todo.unsummed.is_everywhere or market.symbol in self.todo.unsummed.symbols
            ],
            "through": {name: list(each) for name, each in self.through.items()},
        }
        return {name: value for name, value in told.items() if value not in (None, {}, [])}

    def holds(self, batch: Batch, table: Table) -> bool:
        """Whether what the batch brings of an input is in gold already: it runs again, or gold was made of all."""
        reached, known = batch.reached[table], self.through.get(table.name)
        # Some files of the version behind may be in it too.
        version = reached.version + (1 if reached.files else 0)
        return known is not None and known[0] == reached.table_id and version <= known[1]

    def reaching(self, batch: Batch) -> Mapping[str, tuple[str, int]]:
        """``through`` after the batch."""
        found = dict(self.through)
        for table, reached in batch.reached.items():
            if reached.after is None and reached.version >= 0 and not self.holds(batch, table):
                found[table.name] = reached.table_id, reached.version
        return found
