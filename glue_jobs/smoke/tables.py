"""Delta: what ``glue_jobs/engine/delta.py`` and ``transaction.py`` ask of it, on a table of this run's own."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import LostRaceError, schema_of
from glue_jobs.smoke.bench import Bench
from glue_jobs.smoke.check import Seen
from tapehouse.tables import Column, Table

OLD: Final = Table(
    name="silver.smoke",
    grain="one row per number",
    columns=(
        Column("number", "BIGINT", "any", nullable=False),
        Column("price", "DECIMAL(28,12)", "any", nullable=False),
        Column("at", "TIMESTAMP", "any, UTC", nullable=False),
    ),
    key=("number",),
    time_us="number",
)
NEW: Final = replace(OLD, columns=(*OLD.columns, Column("note", "STRING", "declared since")))
ROWS: Final[list[dict[str, Any]]] = [
    {
        "number": 9_007_199_254_740_993,
        "price": Decimal("1234567890123456.000000000001"),
        "at": datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    }
]


def rows(table: Table) -> pa.Table:
    return pa.Table.from_pylist(ROWS, schema=schema_of(table))


def reading(bench: Bench) -> Seen:
    """A table and a commit by the log's protocol, and Spark reads it by Delta: to the last decimal."""
    scratch = bench.scratch
    scratch.ensure([OLD])
    base = scratch.state(OLD)
    scratch.commit(base, add=[scratch.stage(OLD, rows(OLD))], metadata={"smoke": 1})
    found = scratch.read(OLD).selectExpr("number", "CAST(price AS STRING)", "unix_micros(at)").collect()
    due = [(each["number"], str(each["price"]), round(each["at"].timestamp() * 1_000_000)) for each in ROWS]
    is_told = [tuple(row) for row in found] == due
    return Seen(f"Spark read {len(found)} rows{'' if is_told else f', not as written: {found}'}", differs=not is_told)


def one_winner(bench: Bench) -> Seen:
    """Two commits on one version: the second must lose."""
    scratch = bench.scratch
    scratch.ensure([OLD])
    base = scratch.state(OLD)
    scratch.commit(base, add=[scratch.stage(OLD, rows(OLD))])
    try:
        scratch.commit(base, add=[scratch.stage(OLD, rows(OLD))])
    except LostRaceError:
        return Seen("the second of two commits lost")
    return Seen("both of two commits on one version were let in", differs=True)


def evolution(bench: Bench) -> Seen:
    """A column that was declared since is added, and the commit that does it repeats what ours carries."""
    scratch = bench.scratch
    scratch.ensure([OLD])
    base = scratch.state(OLD)
    scratch.commit(base, add=[scratch.stage(OLD, rows(OLD))], metadata={"smoke": 2})
    fresh = bench.fresh()
    fresh.ensure([NEW])
    state = fresh.state(NEW)
    kept = (state.metadata or {}).get("smoke")
    return Seen(
        f"columns {', '.join(state.columns)}; metadata {kept}", differs="note" not in state.columns or kept != 2
    )
