"""The order in which records count, and bronze in pieces that do not part it. No Spark."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import DataFile, schema_of
from glue_jobs.silver.trades.order import pieces, places
from tapehouse.tables import BRONZE_TRADES

SCHEMA = pa.schema([field.with_nullable(True) for field in schema_of(BRONZE_TRADES)])


def at(instant_us: int) -> datetime:
    return datetime.fromtimestamp(1_760_000_000 + instant_us / 1e6, UTC)


def row(turn: int, arrival_us: int, shard: str, sequence: int, sub: int = 0) -> dict[str, Any]:
    return {
        "ingested_at": at(turn),
        "arrival_time": at(arrival_us),
        "shard_id": shard,
        "sequence_number": str(sequence),
        "sub_sequence_number": sub,
    }


IN_ORDER = [
    row(1, 5, "b", 7),
    row(1, 6, "a", 8),
    row(1, 6, "a", 9),
    row(1, 6, "a", 10),  # 9 is less than 10, though its text is not
    row(1, 6, "a", 10, 1),
    row(1, 6, "a", 10**50),
    row(1, 6, "b", 3),
    row(2, 1, "a", 1),
]


@pytest.mark.parametrize("seed", range(5))
def test_records_count_by_turn_arrival_shard_and_number(seed: int) -> None:
    shuffled = list(enumerate(IN_ORDER))
    random.Random(seed).shuffle(shuffled)
    rows = pa.Table.from_pylist([each for _, each in shuffled], schema=SCHEMA)
    assert places(rows).tolist() == [number for number, _ in shuffled]


def test_no_rows_have_no_places() -> None:
    assert places(SCHEMA.empty_table()).tolist() == []


class Files:
    """Files of bronze in memory."""

    def __init__(self, *files: list[dict[str, Any]]) -> None:
        self._rows = {str(number): pa.Table.from_pylist(rows, schema=SCHEMA) for number, rows in enumerate(files)}
        self.files = [self._file(path, rows) for path, rows in self._rows.items()]
        self.whole = 0

    def _file(self, path: str, rows: pa.Table) -> DataFile:
        turns = [f"{value:%Y-%m-%dT%H:%M:%S.%f}Z" for value in sorted(rows.column("ingested_at").to_pylist())]
        return DataFile(path, 1, rows.num_rows, {}, {"ingested_at": turns[0]}, {"ingested_at": turns[-1]})

    def read(self, files: Sequence[DataFile], columns: Sequence[str] | None, where: pc.Expression | None) -> pa.Table:
        rows = pa.concat_tables([self._rows[file.path] for file in files])
        if where is not None:
            rows = rows.filter(where)
        if columns is None:
            self.whole = max(self.whole, rows.num_rows)
        return rows if columns is None else rows.select(columns)


def told(piece: pa.Table) -> list[tuple[datetime, datetime]]:
    return sorted((each["ingested_at"], each["arrival_time"]) for each in piece.to_pylist())


@pytest.mark.parametrize("most", [1, 3, 7, 100])
def test_pieces_follow_on_each_other_and_hold_every_row_once(most: int) -> None:
    turns = [[row(turn, number * 3 % 17, "a", number) for number in range(10)] for turn in (1, 2, 3)]
    files = Files(turns[2], turns[0], [*turns[1][:4]], turns[1][4:])
    found = [told(piece) for piece in pieces(files.read, files.files, most)]
    assert [each for piece in found for each in piece] == sorted(each for piece in found for each in piece)
    assert sum(len(piece) for piece in found) == 30


def test_a_turn_of_more_rows_than_may_be_read_is_read_a_piece_at_a_time() -> None:
    files = Files(*([row(1, number * 2 + part, "a", number) for number in range(50)] for part in (0, 1)))
    found = list(pieces(files.read, files.files, 20))
    assert [piece.num_rows for piece in found] == [20] * 5
    assert files.whole == 20


def test_files_of_several_turns_are_not_parted_from_those_of_the_same() -> None:
    """As a compaction leaves them: the first file holds what is before and after the second's."""
    files = Files([row(1, 1, "a", 1), row(3, 3, "a", 3)], [row(2, 2, "a", 2)])
    assert [piece.num_rows for piece in pieces(files.read, files.files, 1)] == [1, 1, 1]
    turns = [piece.column("ingested_at").to_pylist()[0] for piece in pieces(files.read, files.files, 1)]
    assert turns == sorted(turns)
