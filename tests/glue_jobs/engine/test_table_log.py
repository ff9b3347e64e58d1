"""Tables as files, without Spark: what the log says, and who may commit."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import LostRaceError, Workspace
from glue_jobs.engine.table_log import DataFile, TableLog
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_COVERAGE, SILVER_TRADES
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

AT = datetime(2025, 10, 9, 9, 0, 0, 123_456, tzinfo=UTC)
COORDINATES = {
    "stream_name": "trades",
    "stream_created_at": AT,
    "shard_id": "shardId-0",
    "sequence_number": "17",
    "sub_sequence_number": 0,
}


def trades(*numbers: int) -> pa.Table:
    return rows_of(
        SILVER_TRADES,
        [
            {
                "exchange": "kraken",
                "symbol": "BTC-USD",
                "event_time_us": number * 1_000_000,
                "base": "BTC",
                "quote": "USD",
                "source": "kraken",
                "trade_id": str(number),
                "trade_number": Decimal(number),
                "price": Decimal("1.000000000001"),
                "size": Decimal(number),
                "quote_size": Decimal(number),
                "event_time": AT,
                "received_time": AT,
                "arrival_time": AT,
                "backfilled": False,
                "event_date": AT.date(),
                **COORDINATES,
            }
            for number in numbers
        ],
    )


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES, SILVER_COVERAGE])


def put(workspace: Workspace, *numbers: int, **more: object) -> None:
    base = workspace.state(SILVER_TRADES)
    workspace.commit(base, add=[workspace.stage(SILVER_TRADES, trades(*numbers))], metadata=more)


def test_rows_come_back_as_they_were_written(workspace: Workspace) -> None:
    put(workspace, 1, 2, 3, note="a")
    state = workspace.state(SILVER_TRADES)
    assert (state.version, state.turn, state.metadata) == (1, 1, {"note": "a", "turn": 1})
    assert workspace.rows(state, state.files).equals(trades(1, 2, 3))
    assert workspace.rows(state, state.files, ["size"], pc.field("trade_id") == "2").to_pylist() == [
        {"size": Decimal(2)}
    ]


def test_statistics_bound_each_column(workspace: Workspace) -> None:
    put(workspace, 5, 9)
    (file,) = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state().files
    assert (file.rows, file.low["event_time_us"], file.high["event_time_us"]) == (2, 5_000_000, 9_000_000)
    assert (file.low["size"], file.high["size"]) == (Decimal(5), Decimal(9))
    assert (file.low["price"], file.low["trade_number"]) == (Decimal("1.000000000001"), 5)
    assert (file.low["event_time"], file.high["event_time"]) == ("2025-10-09T09:00:00.123Z", "2025-10-09T09:00:00.124Z")
    assert file.may_hold("event_time_us", 9_000_000, 10_000_000)
    assert not file.may_hold("event_time_us", 9_000_001, 10_000_000)
    assert file.may_hold("no_such_column", 1, 2)


def test_a_long_text_is_cut_to_what_bounds_it() -> None:
    long = "x" * 40
    file = DataFile("p", 1, 1, {}, {"symbol": long[:32]}, {"symbol": long[:32] + "\U0010ffff"})
    assert file.may_hold("symbol", long, long)
    assert not file.may_hold("symbol", "y", "z")


def test_of_two_writers_one_commits(workspace: Workspace, lake: Lake) -> None:
    base = workspace.state(SILVER_TRADES)
    put(workspace, 1)
    with pytest.raises(LostRaceError, match="another writer committed after turn 0"):
        workspace.commit(base, add=[workspace.stage(SILVER_TRADES, trades(2))])
    state = workspace.state(SILVER_TRADES)
    assert (state.turn, state.rows) == (1, 1)


def test_compaction_counts_no_turn_and_keeps_the_metadata(workspace: Workspace) -> None:
    put(workspace, 1, position="p")
    put(workspace, 2, position="q")
    base = workspace.state(SILVER_TRADES)
    whole = workspace.stage(SILVER_TRADES, workspace.rows(base, base.files))
    workspace.commit(base, add=[whole], remove=base.files, moves_only=True)
    after = workspace.state(base.table)
    assert (after.version, after.turn, after.metadata) == (3, 2, {"position": "q", "turn": 2})
    assert workspace.rows(after, after.files).equals(trades(1, 2))
    commits = workspace.log(SILVER_TRADES).commits(0, 3)
    assert commits is not None
    assert [len(commit.added) for commit in commits] == [1, 1, 0]


def test_a_log_that_lost_a_version_says_so(workspace: Workspace) -> None:
    put(workspace, 1)
    put(workspace, 2)
    fresh = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES))
    (Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{1:020d}.json").unlink()
    assert fresh.commits(0, 2) is None


def test_deletion_vectors_are_refused_by_name(workspace: Workspace) -> None:
    log = Path(workspace.uri(SILVER_TRADES)) / "_delta_log"
    add = '{"add":{"path":"p","partitionValues":{},"size":1,"deletionVector":{"storageType":"u"},"dataChange":true}}'
    (log / f"{1:020d}.json").write_text(add)
    with pytest.raises(TerminalError, match="deletion vectors"):
        workspace.state(SILVER_TRADES)


def test_what_may_not_be_null_is_not_written(workspace: Workspace) -> None:
    broken = trades(1).drop_columns(["exchange"]).append_column("exchange", pa.nulls(1, pa.string()))
    with pytest.raises(TerminalError, match="exchange may not be null"):
        workspace.stage(SILVER_TRADES, broken)


def test_no_table_is_version_minus_one(lake: Lake) -> None:
    state = TableLog(SILVER_TRADES, lake.table_uri("silver.trades")).state()
    assert (state.version, state.files) == (-1, ())


@pytest.mark.parametrize(
    "content", [b"", b"\n", b'{"commitInfo":{}}\n{"add":{"path":"a'], ids=("empty", "blank", "cut off")
)
def test_a_commit_that_a_power_cut_left_is_not_taken_for_one(workspace: Workspace, content: bytes) -> None:
    put(workspace, 1)
    put(workspace, 2)
    (Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{2:020d}.json").write_bytes(content)
    with pytest.raises(TerminalError, match=r"2\.json is empty or cut off"):
        TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()


def test_a_text_of_another_writer_may_hold_what_python_takes_for_the_end_of_a_line(workspace: Workspace) -> None:
    put(workspace, 1)
    commit = Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{2:020d}.json"
    commit.write_text('{"commitInfo":{"note":"a\u2028b\u2029c\u0085d"}}\n', encoding="utf-8")
    assert TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state().version == 2


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        (
            {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["appendOnly", "rowTracking"]},
            "rowTracking",
        ),
        ({"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"]}, "deletionVectors"),
        ({"minReaderVersion": 1, "minWriterVersion": 4}, "writer version 4"),
        ({"minReaderVersion": 2, "minWriterVersion": 2}, "reader version 2"),
    ],
)
def test_a_table_that_asks_for_more_is_neither_written_nor_read(
    workspace: Workspace, protocol: dict[str, Any], told: str
) -> None:
    put(workspace, 1)
    commit = Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{2:020d}.json"
    commit.write_text(json.dumps({"protocol": protocol}))
    with pytest.raises(TerminalError, match=told):
        put(workspace, 2)
