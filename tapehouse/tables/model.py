"""What a table declaration says. Everything else (schema, DDL, docs, test factories) is derived from it."""

from dataclasses import dataclass

from tapehouse.errors import TerminalError
from tapehouse.lake import LAYERS


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Spark SQL type, and what a reader must know of it (unit, source, when it is null)."""

    name: str
    type: str
    comment: str
    nullable: bool = True
    is_words: bool = False
    """Texts of people: no statistics of files repeat their beginnings, since logs outlive the rows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds of every row of a table, whoever wrote it; ``tapehouse audit`` asks it of each."""

    name: str
    sql: str
    """A predicate over columns of the row, in SQL that Spark and Trino both read. Null, as of a column that is
    null, is no breach."""
    comment: str
    """Why it holds, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """Which files of a table are merged, and how far: by tiers, so that a row is rewritten only a few times in all.

    A tier holds the files of 1-9, of 10-99, of 100-999 … rows (with a ``fan_in`` of 10). ``fan_in`` neighbours of one
    tier become a file of the next one, until it is full. Files of different partitions are never merged.
    """

    fan_in: int = 10
    full_bytes: int = 16 * 1024 * 1024
    """A file of so many bytes is left alone. Merging up to this takes about a second of one core."""
    full_rows: int = 250_000
    """So is one of so many rows: memory counts rows, however well they are compressed."""
    near: str | None = None
    """The column by which files are neighbours, so that a merged file spans little of it; None: by their age."""
    spared: str | None = None
    """What the names of files begin with that are left alone: their writer replaces them again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """How a table's folder is kept small, and quick to read."""

    compaction: Compaction | None = Compaction()
    """None: whoever writes the table leaves no small files behind."""
    checkpoint_every: int = 100
    """Commits between two checkpoints of the log: a reader who comes new reads at most so many small files."""
    removed_kept_h: float = 1.0
    """Hours that a file which is no part of the table any more stays, for those who are reading it."""
    removed_kept_on_s3_h: float = 24.0
    """The same for a lake in a bucket, where a question may run for long. What a query of the pipeline has still before
    it stays in either case, as long as the log tells of it."""
    log_kept_h: float = 2.0
    """Hours that a commit stays in the log once all queries are through it."""
    log_kept_at_most_h: float = 7 * 24.0
    """Hours that a commit stays which a query has still before it. One that stands still for longer begins anew."""


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
    rules: tuple[Rule, ...] = ()
    """What holds of every row."""
    accounts_for: str | None = None
    """The bronze table of which each record is in exactly one row of the tables that say so; rows without coordinates
    stand for none."""
    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    """Liquid clustering: OPTIMIZE keeps rows of close values in the same files, and statistics skip the others."""
    retention_days: int | None = None
    """Days that rows are kept behind the day of the newest; None keeps them for ever."""
    least_retention_days: int | None = None
    """The fewest that a setting may say; None: none may, since what is made of the table needs all of its rows."""
    upkeep: Upkeep = Upkeep()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        near = self.upkeep.compaction.near if self.upkeep.compaction is not None else None
        named = (*self.key, *self.partition_by, *self.cluster_by, *([near] if near else ()))
        if self.retention_days is not None and self.retention_days < (self.least_retention_days or 1):
            raise TerminalError(f"{self.name}: rows cannot be kept for {self.retention_days} days only")
        unknown = [name for name in (*named, self.time_column) if name not in names]
        rules = [rule.name for rule in self.rules]
        if len(set(rules)) != len(rules):
            raise TerminalError(f"{self.name}: two rules have one name among {', '.join(rules)}")
        if unknown or len(set(names)) != len(names) or self.layer not in LAYERS:
            raise TerminalError(f"{self.name}: unknown columns {unknown}, repeated columns or an unknown layer")

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        return self.name.partition(".")[2]

    @property
    def time_column(self) -> str:
        """The column that ``time_us`` is of: BIGINT in µs, or a TIMESTAMP."""
        return self.time_us.removeprefix("unix_micros(").removesuffix(")")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def schema_ddl(self) -> str:
        """The schema as Spark's DDL text."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)
