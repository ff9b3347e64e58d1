"""What a piece of bronze holds, by the table that it goes to, each row with its place in the stream's order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Flags, Ints, codes_of
from glue_jobs.silver.trades.judged import judged_rows
from glue_jobs.silver.trades.order import places
from glue_jobs.silver.trades.rows import coverage_of
from glue_jobs.silver.trades.verdicts import CONFLICT, DUPLICATE
from tapehouse.tables import COORDINATE_NAMES


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows of bronze with what became of them, by table."""

    rows: int
    trades: pa.Table
    """Judged rows, accepted-looking; ``places`` beside them."""
    trade_places: Ints
    gaps: pa.Table
    gap_places: Ints
    coverage: pa.Table
    """Rows of silver.coverage."""
    coverage_places: Ints
    quarantined: pa.Table

    @classmethod
    def of(cls, bronze: pa.Table) -> "Judged":
        rows, place = judged_rows(bronze), places(bronze)
        kind, sound = rows.column("kind"), pc.equal(pc.list_value_length(rows.column("reasons")), 0)

        def taken(*kinds: str) -> tuple[pa.Table, Ints]:
            wanted = pc.and_(pc.is_in(kind, value_set=pa.array(kinds)), sound)
            mask: Flags = np.asarray(wanted)
            return (rows if mask.all() else rows.filter(wanted)), place[mask]

        trades, gaps, coverage = taken("trade"), taken("gap", "gap_closed"), taken("coverage")
        return cls(rows.num_rows, *trades, *gaps, coverage_of(coverage[0]), coverage[1], rows.filter(pc.invert(sound)))


def among(rows: pa.Table, there: pa.Table) -> Flags:
    """Of each row, whether its coordinates are there."""
    both = codes_of(pa.concat_tables([rows.select(COORDINATE_NAMES), there.select(COORDINATE_NAMES)]), COORDINATE_NAMES)
    found: Flags = np.isin(both[: rows.num_rows], both[rows.num_rows :])
    return found


def with_verdict(rows: pa.Table, verdict: str) -> pa.Table:
    return rows.append_column("verdict", pa.array([verdict] * rows.num_rows, pa.string()))


def refused_of(rows: pa.Table, found: pa.Array) -> pa.Table:
    """Judged rows that are no new ones, with their verdict."""
    wanted = pc.is_in(found, value_set=pa.array([DUPLICATE, CONFLICT]))
    return rows.filter(wanted).append_column("verdict", found.filter(wanted))
