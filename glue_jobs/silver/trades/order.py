"""The order in which records count: by turn, then arrival, then coordinates (numbers as integers).

Of several records that say one thing the first in this order counts. Bronze is taken in pieces that this order does not
part, so that it makes no difference in how many pieces.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Ints, ints_of, ranks_of

Read: TypeAlias = Callable[[Sequence[DataFile], Sequence[str] | None, pc.Expression | None], pa.Table]
"""Files, columns (None: all), condition → rows."""

TURN: Final = "ingested_at"
"""All records of a turn have one; it grows with each turn."""


_ROW_BYTES: Final = 1024
"""In memory; those of records as they are sent have about half of it."""


def places(rows: pa.Table) -> Ints:
    """Each row's place in the order, from 0. In: the coordinates, arrival_time and ingested_at."""
    if rows.num_rows == 0:
        return np.empty(0, np.int64)
    keys = ints_of(rows.column(TURN)), ints_of(rows.column("arrival_time")), ranks_of(rows.column("shard_id"))
    order = np.lexsort(keys[::-1])
    if not _numbers_grow(rows, order, keys):
        order = _wholly_sorted(rows, keys)
    found = np.empty(rows.num_rows, np.int64)
    found[order] = np.arange(rows.num_rows)
    return found


def _numbers_grow(rows: pa.Table, order: Ints, keys: Sequence[Ints]) -> bool:
    """Whether rows that only their numbers tell apart came in their order, as bronze writes them."""
    same = np.ones(len(order) - 1, bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    later = np.flatnonzero(same) + 1
    if not len(later):
        return True
    one, two = (rows.select(["sequence_number", "sub_sequence_number"]).take(order[at]) for at in (later - 1, later))
    lengths = [pc.utf8_length(each.column("sequence_number")).to_numpy() for each in (one, two)]
    numbers = [each.column("sequence_number") for each in (one, two)]
    grows, equal = (np.asarray(compare(*numbers)) for compare in (pc.less, pc.equal))
    subs = [each.column("sub_sequence_number").to_numpy() for each in (one, two)]
    longer = lengths[0] < lengths[1]
    alike = lengths[0] == lengths[1]
    return bool(np.all(longer | (alike & (grows | (equal & (subs[0] <= subs[1]))))))


def _wholly_sorted(rows: pa.Table, keys: Sequence[Ints]) -> Ints:
    numbers = rows.column("sequence_number")
    table = pa.table(
        {
            **{str(number): key for number, key in enumerate(keys)},
            "length": pc.utf8_length(numbers),
            "sequence": numbers,
            "sub": rows.column("sub_sequence_number"),
        }
    )
    found: Ints = pc.sort_indices(table, [(name, "ascending") for name in table.column_names]).to_numpy()
    return found.astype(np.int64)


def pieces(read: Read, files: Sequence[DataFile], most_rows: int) -> Iterator[pa.Table]:
    """Rows of bronze.trades in pieces that follow on each other in the order; each of about ``most_rows`` at most.

    Rows of more than a kilobyte count as many as the kilobytes that they have.

    Only a turn of more rows, or a file of several turns, is read for its times first, and then a piece at a time.
    """
    together: list[DataFile] = []
    rows = 0
    for run in _runs(files):
        count = sum(each.rows or 0 for each in run)
        size = max(count, sum(each.bytes_read for each in run) // _ROW_BYTES)
        if together and rows + size > most_rows:
            yield read(together, None, None)
            together, rows = [], 0
        if size > most_rows and not together:
            yield from _cut(read, run, max(most_rows * count // size, 1))
            continue
        together, rows = [*together, *run], rows + size
    if together:
        yield read(together, None, None)


def _runs(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    """Files whose turns meet, by turn."""
    if any(TURN not in each.low or TURN not in each.high for each in files):
        yield list(files)
        return
    run: list[DataFile] = []
    for each in sorted(files, key=lambda file: (file.low[TURN], file.modified_ms, file.path)):
        if run and each.low[TURN] > max(file.high[TURN] for file in run):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _cut(read: Read, files: Sequence[DataFile], most_rows: int) -> Iterator[pa.Table]:
    times = read(files, [TURN, "arrival_time"], None)
    turns, arrivals = ints_of(times.column(TURN)), ints_of(times.column("arrival_time"))
    order = np.lexsort((arrivals, turns))
    turns, arrivals = turns[order], arrivals[order]
    first = 0
    while first < len(order):
        last = min(first + most_rows, len(order)) - 1
        # Rows of one instant are not parted.
        while last + 1 < len(order) and (turns[last + 1], arrivals[last + 1]) == (turns[last], arrivals[last]):
            last += 1
        low, high = ((int(turns[at]), int(arrivals[at])) for at in (first, last))
        yield read(files, None, _after(low) & ~_after((high[0], high[1] + 1)))
        first = last + 1


def _after(bound: tuple[int, int]) -> pc.Expression:
    turn, arrival = (pa.scalar(value, pa.timestamp("us", tz="UTC")) for value in bound)
    at_turn = pc.field(TURN) == turn
    return (pc.field(TURN) > turn) | (at_turn & (pc.field("arrival_time") >= arrival))
