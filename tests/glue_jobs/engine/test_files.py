"""Files of a table as Arrow: what is written is read, and how texts lie in them."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.engine import read_files, write_file
from tapehouse.tables import SILVER_COVERAGE
from tests.glue_jobs.tables_on_disk import rows_of

ROWS: Final = rows_of(
    SILVER_COVERAGE,
    [
        {
            "exchange": "kraken" if number % 3 else "coinbase",
            "symbol": "BTC-USD",
            "from_us": number,
            "through_us": number + 1,
            "source": "kraken",
            "last_id": str(number) if number % 2 else None,
            "arrival_time": number,
            "stream_name": "trades",
            "stream_created_at": 0,
            "shard_id": "shardId-000000000000",
            "sequence_number": str(number),
            "sub_sequence_number": 0,
        }
        for number in range(3_000)
    ],
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = write_file(str(tmp_path), SILVER_COVERAGE, ROWS)
    assert read_files(str(tmp_path), SILVER_COVERAGE, [file]).equals(ROWS)


def test_texts_come_as_dictionaries_where_asked_for(tmp_path: Path) -> None:
    """Also those that are null, and those of a file that has none in its columns."""
    files = [write_file(str(tmp_path), SILVER_COVERAGE, each) for each in (ROWS, ROWS.slice(0, 7))]
    names, encoded = ("exchange", "last_id", "from_us"), ("exchange", "last_id")
    where = pc.field("from_us") >= 5
    plain = read_files(str(tmp_path), SILVER_COVERAGE, files, names, where)
    found = read_files(str(tmp_path), SILVER_COVERAGE, files, names, where, encoded=encoded)
    assert all(pa.types.is_dictionary(found.schema.field(name).type) for name in encoded)
    assert found.cast(plain.schema).equals(plain)
    assert read_files(str(tmp_path), SILVER_COVERAGE, [], names, encoded=encoded).schema.equals(found.schema)


def test_only_texts_that_repeat_are_filed_as_dictionaries(tmp_path: Path) -> None:
    """Of ids and numbers a dictionary would cost half of the writing, and bytes."""
    file = write_file(str(tmp_path), SILVER_COVERAGE, ROWS)
    group = pq.ParquetFile(tmp_path / file.path).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    assert {column.path_in_schema for column in columns if column.has_dictionary_page} == {
        "exchange",
        "symbol",
        "source",
        "stream_name",
        "shard_id",
    }
