"""A query: the tables that are written together, what each is made of, and the job that writes them.

The pipeline is a tuple of queries in the order of the data's way. Refresh, rebuild, status and audit walk it; nothing
else knows which tables there are or what hangs on which.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from glue_jobs.engine.follow import Batch, BatchLimits
from glue_jobs.engine.workspace import Workspace
from tapehouse.errors import TerminalError
from tapehouse.tables import Table


@dataclass(frozen=True, slots=True)
class Piece:
    """What one bounded piece of a query's work did."""

    rows: int
    """Taken in from its inputs."""
    wrote: bool
    """It committed something, if only how far it is: who reads its tables has to look."""
    has_more: bool
    """Something waits: the next piece is due at once."""


@runtime_checkable
class BatchJob(Protocol):
    """Takes what is new in the tables that it reads, batch by batch of whole files, into those that it writes.

    Every write is idempotent by its content: a batch may run again whole, whatever of it was finished.
    """

    def prepare(self) -> None:
        """What is due before a pass whether or not anything is new. Raises LostRaceError: run it again."""

    def write(self, batch: Batch) -> None:
        """One batch. Raises LostRaceError: another writer was first; run the same batch again."""

    def more(self) -> bool:
        """One bounded piece of work that waits behind what is fresh; False where there was none."""

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute these tables of the query anew from their inputs."""


@runtime_checkable
class IntakeJob(Protocol):
    """Takes in what comes from outside the lake, by turns of its own. It cannot be rebuilt: its input forgets."""

    def drain(self) -> int:
        """Turns until all is taken in that was there when it began; the rows that they added."""

    def turn(self) -> Piece:
        """One bounded turn. Raises LostRaceError: run it again; TransientError: try again later."""


Job: TypeAlias = BatchJob | IntakeJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Tables that one writer writes together."""

    name: str
    """Names its checkpoint and its writer lock in the lake."""
    makes: Mapping[Table, tuple[Table, ...]]
    """Each table that it writes → the tables that it is made of: those of queries before, and others of its own."""
    is_partition: bool = False
    """Each row of its input is in exactly one of its tables, so they can only be rebuilt together: a rule that was
    mended may move a row from one to another."""
    limits: BatchLimits = field(default_factory=BatchLimits)
    """What one batch of its input holds at most."""
    keeps_days: Mapping[Table, int] = field(default_factory=dict)
    """Days that rows of its tables are kept behind the day of the newest; of others, what their declarations say."""
    is_spine: bool = False
    """Candles hang on it: live, an error of it that does not pass ends all loops, and of others it is tried again."""
    rests: float = 0.0
    """Live, it rests so many times as long as a batch took that was not small and left nothing behind; what is
    committed meanwhile comes in one batch. For a query whose batches cost the same however little is new."""
    job: Callable[[Workspace], Job]
    """Made once a process: a job may remember what saves it work, never what its result hangs on."""

    @property
    def writes(self) -> tuple[Table, ...]:
        return tuple(self.makes)

    @property
    def reads(self) -> tuple[Table, ...]:
        """The tables of other queries that it is made of."""
        inputs = dict.fromkeys(table for inputs in self.makes.values() for table in inputs)
        return tuple(table for table in inputs if table not in self.makes)


def tables_of(queries: Sequence[Query]) -> dict[str, Table]:
    """Every table that is written, by name, in the order of the data's way.

    Raises:
        TerminalError: two queries write one table, share a name, or read what no query before them writes.
    """
    found: dict[str, Table] = {}
    for query in queries:
        for table, inputs in query.makes.items():
            unknown = [each.name for each in inputs if each.name not in found and each not in query.makes]
            if table.name in found or unknown or _made_of_itself(query):
                raise TerminalError(
                    f"query {query.name}: {table.name} is written twice, is made of itself, or of what no query before "
                    f"writes: {', '.join(unknown)}"
                )
        found |= {table.name: table for table in query.writes}
    if len({query.name for query in queries}) != len(queries):
        raise TerminalError("two queries share a name: each needs a checkpoint and a lock of its own")
    return found


def writer_of(queries: Sequence[Query], name: str) -> Query:
    """The query that writes a table.

    Raises:
        TerminalError: no query does; the message lists the tables that there are.
    """
    for query in queries:
        if any(table.name == name for table in query.writes):
            return query
    raise TerminalError(f"no table is named {name!r}: the tables are {', '.join(tables_of(queries))}")


def hanging_on(queries: Sequence[Query], table: Table) -> frozenset[Table]:
    """The table, and every table that is made of it, directly or not; of a partition all tables or none."""
    found = {table}
    while True:
        more = {
            made
            for query in queries
            for made, inputs in query.makes.items()
            if found.intersection(inputs) or (query.is_partition and found.intersection(query.writes))
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _made_of_itself(query: Query) -> bool:
    """Whether its tables are made of each other in a circle."""
    left = {made: set(inputs) & set(query.makes) for made, inputs in query.makes.items()}
    while left:
        free = {made for made, inputs in left.items() if not inputs & set(left)}
        if not free:
            return True
        left = {made: inputs for made, inputs in left.items() if made not in free}
    return False
