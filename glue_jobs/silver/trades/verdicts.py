"""silver.trades: which rows are new trades, which are known already, and which contradict what is known.

A trade is known by exchange + symbol + source + trade_id **within an hour of its event time**. The same id further away
is another trade: a venue that starts its ids anew tells no lie. Of several rows of one trade the first in the stream's
order counts. A row that comes again with its own coordinates is itself, not a duplicate: that is what makes a batch
that runs twice, and a checkpoint that was thrown away, harmless.

Trades an hour and less apart hang together, in a chain if need be, and what does not hang together is judged apart. So
a chain no longer than an hour, which nearly all are, has one trade; only a longer one is gone through row by row.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from glue_jobs.engine import Flags, Ints, codes_of, ints_of
from tapehouse.tables import COORDINATE_NAMES

IDENTITY: Final = ("exchange", "symbol", "source", "trade_id")
NEAR_US: Final = 3_600_000_000
"""So far apart, and no further, two rows of one id are one trade."""
CONTENT: Final = ("price", "size", "side")
KNOWN_COLUMNS: Final = (*IDENTITY, "event_time_us", *CONTENT, *COORDINATE_NAMES)
"""What of a row of silver.trades the verdicts ask."""

ACCEPTED: Final = "accepted"
KNOWN: Final = "known"
DUPLICATE: Final = "duplicate"
CONFLICT: Final = "conflict"
QUARANTINED: Final = "quarantined"
_NAMES: Final = pa.array([ACCEPTED, KNOWN, DUPLICATE, CONFLICT])
_ACCEPTED, _KNOWN, _DUPLICATE, _CONFLICT = range(4)


def verdicts(rows: pa.Table, places: Ints, known: pa.Table) -> pa.Array:
    """The verdict on each accepted-looking trade: accepted (new), known (it is in silver), duplicate or conflict.

    In: judged rows of kind trade without reasons; ``places``, theirs in the stream's order; ``known``, rows of
    silver.trades (``KNOWN_COLUMNS``): at least those of the same ids within ``NEAR_US``.
    """
    asked = pa.concat_tables([known.select(KNOWN_COLUMNS), rows.select(KNOWN_COLUMNS)])
    comes = np.arange(asked.num_rows) >= known.num_rows
    place = np.concatenate([np.full(known.num_rows, -1), places])
    codes, times = codes_of(asked, IDENTITY), ints_of(asked.column("event_time_us"))
    order = np.lexsort((times, codes))
    chain, first, last = _chains(codes[order], times[order])
    found = np.full(asked.num_rows, _ACCEPTED, np.int8)
    long = times[order][last] - times[order][first] > NEAR_US
    several = (last > first) & ~long
    members = order[several[chain]]
    if len(members):
        found[members] = _of_one_trade(asked.take(members), chain[several[chain]], comes[members], place[members])
    for number in np.flatnonzero(long):
        members = order[first[number] : last[number] + 1]
        found[members] = _gone_through(asked.take(members), comes[members], place[members])
    return pa.DictionaryArray.from_arrays(pa.array(found[comes]), _NAMES).cast(pa.string())


def _chains(codes: Ints, times: Ints) -> tuple[Ints, Ints, Ints]:
    """Of rows sorted by id and time: the number of each one's chain, and the chains' first and last rows."""
    if not len(codes):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    begins = np.r_[True, (codes[1:] != codes[:-1]) | (times[1:] - times[:-1] > NEAR_US)]
    first = np.flatnonzero(begins)
    return np.cumsum(begins) - 1, first, np.r_[first[1:], len(codes)] - 1


def _of_one_trade(rows: pa.Table, chain: Ints, comes: Flags, place: Ints) -> Ints:
    """Chains of which all rows are one trade: the first is it."""
    order = np.lexsort((place, chain))
    begins = np.r_[True, chain[order][1:] != chain[order][:-1]]
    head = np.empty(len(order), np.int64)
    head[order] = order[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
    contents, coordinates = codes_of(rows, CONTENT), codes_of(rows, COORDINATE_NAMES)
    found = np.where(contents == contents[head], _DUPLICATE, _CONFLICT)
    found[head == np.arange(len(head))] = _ACCEPTED
    found[np.isin(coordinates, coordinates[~comes])] = _KNOWN
    return found


def _gone_through(rows: pa.Table, comes: Flags, place: Ints) -> Ints:
    """A chain longer than an hour: each row against the trades before it within an hour."""
    times = ints_of(rows.column("event_time_us"))
    contents, coordinates = codes_of(rows, CONTENT), codes_of(rows, COORDINATE_NAMES)
    again = set(coordinates[comes]) & set(coordinates[~comes])
    found = np.full(rows.num_rows, _ACCEPTED, np.int8)
    trades: list[tuple[int, int]] = []
    for at in np.argsort(place, kind="stable"):
        if not comes[at] and coordinates[at] in again:
            continue  # the batch ran before: it counts where the batch has it, not before
        met = [content for time, content in trades if abs(time - int(times[at])) <= NEAR_US]
        if comes[at] and coordinates[at] in again:
            found[at] = _KNOWN
        elif comes[at] and met:
            found[at] = _DUPLICATE if int(contents[at]) in met else _CONFLICT
            continue
        trades.append((int(times[at]), int(contents[at])))
    return found
