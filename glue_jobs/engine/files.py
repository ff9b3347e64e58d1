"""Parquet files of a table as Arrow, both ways. Plain functions: the driver calls them, and so do tasks of Spark.

Timestamps are written as INT96, as Spark writes them: Trino and Athena cut such a one to milliseconds, where they would
round the other kind, and a rounded time may fall into another window.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from glue_jobs.engine.places import Place, place
from glue_jobs.engine.schema import arrow_schema
from glue_jobs.engine.table_log import RAW_BYTES, DataFile, instant_text
from tapehouse.errors import TerminalError
from tapehouse.tables import Table

ROW_GROUP_ROWS: Final = 16_384
"""Statistics are kept of each: one market of a sorted file of 250,000 rows is read in half the time that groups of
131,072 rows take, for 6% more bytes."""
_TEXT_LIMIT: Final = 32
"""Characters of a text that statistics keep."""
_SAMPLE_ROWS: Final = 1_000
"""Of a text column, to see whether its values repeat."""


def table_of(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows in the declared types; a column that one lacks is null there, and what is no column is left out."""
    return pa.Table.from_pylist(list(rows), schema=schema_of(table))


def read_files(
    uri: str,
    table: Table,
    files: Sequence[DataFile],
    columns: Sequence[str] | None = None,
    where: pc.Expression | None = None,
    *,
    encoded: Sequence[str] = (),
) -> pa.Table:
    """The rows of files of a table, of all its columns or of some, in the declared types.

    A column that a file was written without is null. ``where`` is pushed down to the files' own statistics.
    ``encoded``: text columns that come as Arrow's dictionaries, as they lie in the files; half the work where values
    repeat.
    """
    schema = schema_of(table)
    for name in encoded:
        schema = schema.set(schema.get_field_index(name), pa.field(name, pa.dictionary(pa.int32(), pa.string())))
    names = list(columns) if columns is not None else schema.names
    if not files:
        return pa.schema([schema.field(name) for name in names]).empty_table()
    at = place(uri)
    format_ = ds.ParquetFileFormat(
        read_options=ds.ParquetReadOptions(coerce_int96_timestamp_unit="us", dictionary_columns=set(encoded))
    )
    fragments = [_fragment(format_, at, schema, each) for each in files]
    dataset = ds.FileSystemDataset(fragments, schema, format_, at.files)
    return dataset.to_table(columns=names, filter=where)


def write_file(
    uri: str,
    table: Table,
    rows: pa.Table,
    *,
    partition: Mapping[str, Any] | None = None,
    prefix: str = "",
    bounds: Sequence[str] | None = None,
) -> DataFile:
    """Write the rows (all columns of the declaration but those of ``partition``) as one file of the table's folder.

    The file is no part of the table until a commit names it. ``prefix``: what its name begins with.
    ``bounds``: the columns that statistics are kept of; None is all, but for those of people's words.

    Raises:
        TerminalError: a column that may not be null is.
    """
    values = {name: _partition_text(value) for name, value in (partition or {}).items()}
    wanted = [each for each in schema_of(table) if each.name not in values]
    rows = rows.select([each.name for each in wanted]).cast(pa.schema(wanted))
    for column in table.columns:
        if not column.nullable and column.name not in values and rows.column(column.name).null_count:
            raise TerminalError(f"{table.name}: {column.name} may not be null, and a row to be written has it so")
    folder = "/".join(f"{name}={value}" for name, value in values.items())
    name = f"{prefix}part-{uuid.uuid4()}.parquet"
    path = f"{folder}/{name}" if folder else name
    at = place(uri)
    at.make_folder(folder)
    try:
        with at.files.open_output_stream(at.path(path)) as sink:
            pq.write_table(
                rows,
                sink,
                compression="zstd",
                use_deprecated_int96_timestamps=True,
                store_schema=False,
                row_group_size=ROW_GROUP_ROWS,
                use_dictionary=_repeating(rows),
            )
            size = sink.tell()
    except BaseException:
        if not at.is_bucket:  # there, what is not closed is nothing
            with contextlib.suppress(OSError):
                at.delete(path)  # half a file would fill a full disk further
        raise
    asked = [each.name for each in table.columns if not each.is_words] if bounds is None else bounds
    told = rows.select([name for name in rows.column_names if name in asked])
    low, high = _bounds(told)
    nulls = {name: column.null_count for name, column in zip(told.column_names, told.columns, strict=True)}
    return DataFile(path, size, rows.num_rows, values, low, high, nulls, time.time_ns() // 1_000_000, rows.nbytes)


def add_action(file: DataFile, *, moves_only: bool = False) -> dict[str, Any]:
    """The log's action that makes a file part of the table."""
    # Without the counts of nulls Delta skips no file: its filters ask that the column is not null as well.
    stats = {"numRecords": file.rows, "minValues": file.low, "maxValues": file.high, "nullCount": file.nulls}
    if file.raw is not None:
        stats[RAW_BYTES] = file.raw
    return {
        "add": {
            "path": _quoted(file.path),
            "partitionValues": dict(file.partition),
            "size": file.size,
            "modificationTime": file.modified_ms,
            "dataChange": not moves_only,
            "stats": dumps(stats),
        }
    }


def remove_action(file: DataFile, *, moves_only: bool = False) -> dict[str, Any]:
    """The log's action that takes a file out of the table; it stays on disk until vacuum."""
    return {
        "remove": {
            "path": _quoted(file.path),
            "deletionTimestamp": time.time_ns() // 1_000_000,
            "dataChange": not moves_only,
            "extendedFileMetadata": True,
            "partitionValues": dict(file.partition),
            "size": file.size,
        }
    }


@lru_cache(maxsize=64)
def schema_of(table: Table) -> pa.Schema:
    """A table's declared columns as Arrow."""
    return arrow_schema(table.columns)


def dumps(value: Any) -> str:
    """JSON in which a decimal keeps all its digits."""
    return "".join(_chunks(value))


def _chunks(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{"
        for number, (name, held) in enumerate(value.items()):
            yield f"{',' if number else ''}{json.dumps(name)}:"
            yield from _chunks(held)
        yield "}"
    elif isinstance(value, Decimal):
        yield format(value, "f")
    else:
        yield json.dumps(value)


def _repeating(rows: pa.Table) -> list[str]:
    """The columns whose texts repeat. Of the others a dictionary costs half of the writing, and more bytes."""
    found = []
    for field in rows.schema:
        if pa.types.is_string(field.type):
            sample = rows.column(field.name).slice(0, _SAMPLE_ROWS)
            if 2 * pc.count_distinct(sample).as_py() <= len(sample) - sample.null_count:
                found.append(field.name)
    return found


def _fragment(format_: ds.ParquetFileFormat, at: Place, schema: pa.Schema, file: DataFile) -> ds.Fragment:
    expression = None
    for name, text in file.partition.items():
        scalar = pa.scalar(text, pa.string()).cast(schema.field(name).type)
        held = ds.field(name) == scalar if text is not None else ds.field(name).is_null()
        expression = held if expression is None else expression & held
    return format_.make_fragment(at.path(file.path), at.files, expression)


def _bounds(rows: pa.Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """Least and greatest value by column, as the log's statistics spell them."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for field, column in zip(rows.schema, rows.columns, strict=True):
        kind = field.type
        if pa.types.is_binary(kind) or pa.types.is_nested(kind) or pa.types.is_boolean(kind):
            continue
        if pa.types.is_timestamp(kind):
            column = column.cast(pa.int64())  # noqa: PLW2901
        least, most = (pc.min_max(column)[name].as_py() for name in ("min", "max"))
        if least is None:
            continue
        if pa.types.is_timestamp(kind):
            # Statistics have milliseconds: the bounds are widened to whole ones.
            low[field.name], high[field.name] = instant_text(least), instant_text(most + 999)
        elif isinstance(least, date):
            low[field.name], high[field.name] = least.isoformat(), most.isoformat()
        elif isinstance(least, str):
            low[field.name] = least[:_TEXT_LIMIT]
            high[field.name] = most if len(most) <= _TEXT_LIMIT else most[:_TEXT_LIMIT] + "\U0010ffff"
        else:
            low[field.name], high[field.name] = least, most
    return low, high


def _partition_text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)


def _quoted(path: str) -> str:
    """As the log spells paths: URI-encoded."""
    return quote(path, safe="/=-_.~!$&'()*+,;:@")
