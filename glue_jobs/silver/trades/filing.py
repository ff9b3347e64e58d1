"""How new trades are put into files: by market and time, what is old apart from what is new."""

from typing import Final

import numpy as np
import pyarrow as pa

from glue_jobs.engine import ints_of, ranks_of

_APART_US: Final = 3_600_000_000
"""Trades that are further from each other may lie in two files."""
MOST_FILES: Final = 8
"""Of one batch."""


def filed(trades: pa.Table) -> list[pa.Table]:
    """Rows of silver.trades as files of one batch, each sorted by exchange, symbol and event time.

    One file, where no hour of the batch is without a trade. A late trade has a file of its own: together with live ones
    it would make a file that spans the years between, and every look-up of these years would meet it.
    """
    times = ints_of(trades.column("event_time_us"))
    in_time = np.argsort(times, kind="stable")
    steps = np.diff(times[in_time])
    wide = np.flatnonzero(steps > _APART_US)
    if len(wide) >= MOST_FILES:
        wide = np.sort(wide[np.argsort(steps[wide], kind="stable")[1 - MOST_FILES :]])
    part = np.empty(len(times), np.int64)
    part[in_time] = np.searchsorted(wide, np.arange(len(times)), "left")
    order = np.lexsort((times, ranks_of(trades.column("symbol")), ranks_of(trades.column("exchange")), part))
    rows = trades.take(pa.array(order))
    counts = np.bincount(part, minlength=len(wide) + 1)
    return [rows.slice(int(end - count), int(count)) for end, count in zip(np.cumsum(counts), counts, strict=True)]
