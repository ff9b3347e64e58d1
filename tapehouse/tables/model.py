"""What a table declaration says. Everything else (schema, DDL, docs, test factories) is derived from it."""

from dataclasses import dataclass
from typing import Final

from tapehouse.errors import TerminalError

LAYERS: Final = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Spark SQL type, and what a reader must know of it (unit, source, when it is null)."""

    name: str
    type: str
    comment: str
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the lake."""

    name: str
    """layer.table, as people write it in SQL."""
    grain: str
    """One row per …"""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns that no two rows share."""
    time_us: str
    """SQL of a row's time, µs UTC: event time where it has one, else arrival. The newest says how fresh all is."""
    accounts_for: str | None = None
    """The bronze table of which each record is in exactly one row of the tables that say so; rows without coordinates
    stand for none."""
    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    """Liquid clustering: OPTIMIZE keeps rows of close values in the same files, and statistics skip the others."""
    retention_days: int | None = None
    """None keeps rows for ever."""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        unknown = [name for name in (*self.key, *self.partition_by, *self.cluster_by) if name not in names]
        if unknown or len(set(names)) != len(names) or self.layer not in LAYERS:
            raise TerminalError(f"{self.name}: unknown key columns {unknown}, repeated columns or an unknown layer")

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        return self.name.partition(".")[2]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def schema_ddl(self) -> str:
        """The schema as Spark's DDL text."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)
