"""silver.gaps: gaps as they open and close."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from glue_jobs.bronze import Position
from glue_jobs.engine import Ints, codes_of, schema_of
from glue_jobs.silver.trades.verdicts import ACCEPTED, DUPLICATE, KNOWN
from tapehouse.tables import COORDINATE_NAMES, EVERYWHERE, OPENED, SILVER_GAPS

POSITION: Final = "position"
"""In the metadata of bronze.trades."""
KEY: Final = SILVER_GAPS.key
GAP_KEY: Final = ("exchange", "symbol", "source", "event", "gap_id")
"""The same, the name that differs from row to row last."""
KNOWN_GAP_COLUMNS: Final = (*KEY, *COORDINATE_NAMES)
"""What of a row of silver.gaps the verdicts ask."""


def gap_verdicts(rows: pa.Table, places: Ints, known: pa.Table) -> pa.Array:
    """The verdict on gap and gap_closed records: the first that says a thing counts, repeats are duplicates.

    In: rows of silver.gaps as they would be, and their places in the stream's order; ``known``: rows of silver.gaps, at
    least those of the same things. Out: accepted, known (this very row is there) or duplicate.
    """
    both = pa.concat_tables([known.select(KNOWN_GAP_COLUMNS), rows.select(KNOWN_GAP_COLUMNS)])
    comes = np.arange(both.num_rows) >= known.num_rows
    things, coordinates = codes_of(both, KEY), codes_of(both, COORDINATE_NAMES)
    place = np.concatenate([np.full(known.num_rows, -1), places])
    order = np.lexsort((place, things))
    begins = np.r_[True, things[order][1:] != things[order][:-1]]
    is_first = np.zeros(both.num_rows, bool)
    is_first[order[begins]] = True
    there = np.isin(coordinates, coordinates[~comes])
    found = np.where(is_first, ACCEPTED, np.where(there, KNOWN, DUPLICATE))
    return pa.array(found[comes].tolist(), pa.string())


def stream_gaps(position: Mapping[str, Any] | None) -> pa.Table:
    """Rows of silver.gaps: a gap of every market for each span that the stream dropped before bronze read it.

    ``position``: bronze's, as its commit carries it.
    """
    if position is None:
        return schema_of(SILVER_GAPS).empty_table()
    found = Position.from_json(position)
    rows = [
        {
            "exchange": EVERYWHERE,
            "symbol": EVERYWHERE,
            "source": found.stream_name,
            "gap_id": gap.id_in(found.stream_name),
            "event": OPENED,
            "from_us": gap.from_us,
            "to_us": gap.to_us,
            "reason": gap.reason,
            "arrival_time": datetime.fromtimestamp(gap.to_us / 1e6, UTC),
        }
        for gap in found.gaps
    ]
    return pa.Table.from_pylist(rows, schema=schema_of(SILVER_GAPS))
