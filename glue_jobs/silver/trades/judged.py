"""Bronze rows with the verdict on their payload beside them: the input of every silver table.

The verdict is ``judge``'s, whatever the bytes. Ordinary records get it by columns, many times as fast; the others are
judged one by one.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_type
from glue_jobs.silver.trades.one_by_one import SAID_SCHEMA, one_by_one
from glue_jobs.silver.trades.ordinary import LONGEST, Columns, Ints, Payloads, ordinary

_INSTANT: Final = arrow_type("TIMESTAMP")
_BATCH_ROWS: Final = 8192
"""So many are judged at once: what is made on the way stays in the processor's cache."""


def judged_rows(bronze: pa.Table) -> pa.Table:
    """Every bronze row with the fields of its record, or the reasons why it is not one.

    In: rows of bronze.trades, ``payload`` and ``arrival_time`` among their columns. Out: their columns and ``kind``,
    ``reasons`` (empty when accepted), the record's fields, null where the kind has no such field or the record is
    refused (but for the market and source that it claims), and ``trade_number``. Rows: as many as came, in their order,
    whatever their bytes.
    """
    asked = pa.table([bronze.column("payload"), bronze.column("arrival_time").cast(_INSTANT)], ["payload", "arrival"])
    batches = asked.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS)
    said = pa.Table.from_batches([_judged_batch(*batch.columns) for batch in batches], SAID_SCHEMA)
    for name in said.column_names:
        bronze = bronze.append_column(name, said.column(name))
    return bronze


def _judged_batch(payloads: pa.Array, arrivals: pa.Array) -> pa.RecordBatch:
    arrived_us: Ints = np.asarray(arrivals.cast(pa.int64()))
    short = np.flatnonzero(np.asarray(pc.binary_length(payloads)) <= LONGEST)
    together = Payloads(payloads if short.size == len(payloads) else payloads.take(pa.array(short)))
    parts: list[tuple[Ints, Columns]] = []
    others = np.ones(len(payloads), np.bool_)
    for kind, found, columns in ordinary(together, arrived_us[short]):
        rows = short[found]
        others[rows] = False
        if rows.size:
            parts.append(
                (rows, {"kind": pa.repeat(kind.kind, rows.size), "reasons": _no_reasons(rows.size), **columns})
            )
    if others.any():
        rows = np.flatnonzero(others)
        parts.append((rows, one_by_one(payloads.take(pa.array(rows)), arrivals.take(pa.array(rows)))))
    return pa.RecordBatch.from_arrays(list(_in_order(parts, len(payloads))), schema=SAID_SCHEMA)


def _in_order(parts: list[tuple[Ints, Columns]], rows: int) -> Iterator[pa.Array]:
    """The columns of ``SAID_SCHEMA`` of parts that have each row once between them."""
    place = np.empty(rows, np.int64)
    place[np.concatenate([part for part, _ in parts])] = np.arange(rows)
    for field in SAID_SCHEMA:
        held = [(part.size, columns.get(field.name)) for part, columns in parts]
        if all(column is None for _, column in held):
            yield pa.nulls(rows, field.type)
        else:
            pieces = [pa.nulls(size, field.type) if column is None else column for size, column in held]
            yield pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces).take(pa.array(place))


def _no_reasons(rows: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()))
