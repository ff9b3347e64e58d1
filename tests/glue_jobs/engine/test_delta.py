"""Tables are made whatever a killed creation left behind, and Spark finds them as they are declared."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.engine import declared, delta
from glue_jobs.engine.declared import properties
from glue_jobs.engine.table_log import TableLog
from tapehouse.errors import TerminalError
from tapehouse.tables import GOLD_CANDLES, SILVER_TRADES, Table
from tests.glue_jobs import by_spark
from tests.glue_jobs.engine.test_table_log import trades

pytestmark = pytest.mark.spark


def ensure(table: Table, uri: Path | str) -> None:
    delta.ensure(TableLog(table, str(uri)))


@pytest.mark.parametrize("left", [(), (".00000000000000000000.json.8c1f.tmp",), ("_staged_commits",)], ids=str)
def test_table_is_created_over_a_log_that_a_kill_left_without_a_commit(
    spark: Any, tmp_path: Path, left: tuple[str, ...]
) -> None:
    log = tmp_path / "candles" / "_delta_log"
    log.mkdir(parents=True)
    for name in left:
        (log / name).touch()
    ensure(GOLD_CANDLES, log.parent)
    ensure(GOLD_CANDLES, log.parent)
    assert TableLog(GOLD_CANDLES, str(log.parent)).state().version == 0


def test_column_declared_since_is_added_to_a_table_with_rows(spark: Any, tmp_path: Path) -> None:
    uri = str(tmp_path / "candles")
    optional = next(column for column in GOLD_CANDLES.columns if column.nullable)
    older = replace(GOLD_CANDLES, columns=tuple(c for c in GOLD_CANDLES.columns if c.name != optional.name))
    ensure(older, uri)
    ensure(GOLD_CANDLES, uri)
    found = {f.name: f for f in spark.read.format("delta").load(uri).schema.fields}
    assert found.keys() == {c.name for c in GOLD_CANDLES.columns}
    assert found[optional.name].metadata["comment"] == optional.comment
    version = TableLog(GOLD_CANDLES, uri).state().version
    ensure(GOLD_CANDLES, uri)
    assert TableLog(GOLD_CANDLES, uri).state().version == version


def test_folder_with_files_of_others_is_left_alone_and_named(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "candles"
    (folder / "_delta_log").mkdir(parents=True)
    (folder / "part-0.parquet").write_bytes(b"PAR1")
    with pytest.raises(TerminalError, match="holds files, but is no table"):
        ensure(GOLD_CANDLES, folder)
    assert (folder / "part-0.parquet").exists()


def test_a_table_is_made_with_the_properties_of_its_upkeep(spark: Any, tmp_path: Path) -> None:
    uri = str(tmp_path / "candles")
    ensure(GOLD_CANDLES, uri)
    (row,) = spark.sql(f"DESCRIBE DETAIL delta.`{uri}`").collect()
    assert row["properties"]["delta.checkpointInterval"] == "100"
    assert properties(GOLD_CANDLES, uri).items() <= row["properties"].items()
    assert properties(GOLD_CANDLES, "s3://b/t")["delta.deletedFileRetentionDuration"] == "interval 24 hours"


def test_an_old_table_gets_them_once_and_keeps_its_position(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = str(tmp_path / "trades")
    with monkeypatch.context() as before:
        before.setattr(declared, "properties", lambda *_: {})
        ensure(SILVER_TRADES, uri)
    rows = spark.createDataFrame(trades(1).to_pylist(), SILVER_TRADES.schema_ddl)
    by_spark.append(rows, TableLog(SILVER_TRADES, uri).state(), metadata={"position": "p"})
    ensure(SILVER_TRADES, uri)
    found = TableLog(SILVER_TRADES, uri).state()
    assert (found.version, found.turn) == (2, 1)
    assert found.metadata is not None
    assert found.metadata["position"] == "p"
    ensure(SILVER_TRADES, uri)
    assert TableLog(SILVER_TRADES, uri).state().version == 2
    (row,) = spark.sql(f"DESCRIBE DETAIL delta.`{uri}`").collect()
    assert properties(SILVER_TRADES, uri).items() <= row["properties"].items()
