"""The tables' declarations: each says what its readers need, and what is derived from it is sound."""

import json
import re
from dataclasses import replace

import duckdb
import pytest

from tapehouse import tables
from tapehouse.errors import TerminalError
from tapehouse.intervals import INTERVALS
from tapehouse.lake import LAYERS
from tapehouse.record import judge
from tapehouse.tables import (
    ALL_EXCHANGES,
    BRONZE_TRADES,
    COORDINATE_NAMES,
    GOLD_CANDLES,
    REGISTRY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Column,
    Rule,
    Table,
    table,
)

TYPE = re.compile(r"STRING|BINARY|TIMESTAMP|DATE|INT|BIGINT|DOUBLE|BOOLEAN|ARRAY<STRING>|DECIMAL\((\d+),(\d+)\)")
DUCKDB = {"BINARY": "BLOB", "ARRAY<STRING>": "VARCHAR[]"}
of_table = pytest.mark.parametrize("declared", REGISTRY.values(), ids=REGISTRY)


def test_every_declaration_of_the_package_is_registered() -> None:
    declared = {value.name for value in vars(tables).values() if isinstance(value, Table)}
    assert declared == set(REGISTRY)
    assert all(name == each.name for name, each in REGISTRY.items())


def test_every_exported_name_is_there() -> None:
    assert [name for name in tables.__all__ if not hasattr(tables, name)] == []
    assert len(set(tables.__all__)) == len(tables.__all__)


@of_table
def test_names_can_be_written_in_sql_without_quotes(declared: Table) -> None:
    assert re.fullmatch(r"(bronze|silver|gold)\.[a-z][a-z0-9_]*", declared.name)
    assert declared.layer in LAYERS
    assert f"{declared.layer}.{declared.short_name}" == declared.name
    assert [name for name in declared.column_names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert len(set(declared.column_names)) == len(declared.columns)


@of_table
def test_grain_and_every_column_are_explained(declared: Table) -> None:
    assert declared.grain.startswith("one row per ")
    assert [column.name for column in declared.columns if len(column.comment.strip()) < 5] == []


@of_table
def test_columns_of_integer_time_tell_their_unit(declared: Table) -> None:
    silent = [c.name for c in declared.columns if c.name.endswith("_us") and "microseconds" not in c.comment]
    assert silent == []
    assert all(column.type == "BIGINT" for column in declared.columns if column.name.endswith("_us"))


@of_table
def test_types_are_spark_s_and_money_is_never_a_float(declared: Table) -> None:
    for column in declared.columns:
        match = TYPE.fullmatch(column.type)
        assert match, f"{column.name} {column.type}"
        if match[1]:
            assert 0 <= int(match[2]) <= int(match[1]) <= 38
        if re.search(r"price|size|volume|open$|high|low$|close$|vwap", column.name):
            assert column.type.startswith("DECIMAL"), column.name


@of_table
def test_rows_are_told_apart_by_columns_that_are_there(declared: Table) -> None:
    columns = {column.name: column for column in declared.columns}
    assert declared.key
    assert [name for name in (*declared.key, *declared.partition_by, *declared.cluster_by) if name not in columns] == []
    assert [name for name in declared.key if columns[name].nullable] == []
    assert [name for name in declared.partition_by if columns[name].nullable] == []


@of_table
def test_a_table_is_partitioned_or_clustered_but_not_both(declared: Table) -> None:
    assert not (declared.partition_by and declared.cluster_by), "Delta refuses liquid clustering of a partitioned table"
    assert len(declared.cluster_by) <= 4, "Delta's limit"


@of_table
def test_clustering_columns_are_among_those_with_statistics(declared: Table) -> None:
    # Delta keeps statistics of the first 32 columns only, and refuses to cluster by others.
    assert [name for name in declared.cluster_by if declared.column_names.index(name) >= 32] == []


@of_table
def test_the_schema_s_text_says_each_column_once(declared: Table) -> None:
    parts = re.split(r",\s(?=[a-z])", declared.schema_ddl)
    assert [tuple(part.split(" ")) for part in parts] == [(column.name, column.type) for column in declared.columns]


@of_table
def test_the_rules_of_a_table_can_be_asked_of_its_columns_and_say_why(declared: Table) -> None:
    assert declared.rules, "what holds of every row of it?"
    asked = duckdb.connect()
    asked.execute("CREATE MACRO cardinality(list) AS len(list)")  # Spark's and Trino's word
    kinds = (f'"{column.name}" {DUCKDB.get(column.type, column.type)}' for column in declared.columns)
    asked.execute(f"CREATE TABLE t ({', '.join(kinds)})")
    for rule in declared.rules:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", rule.name)
        assert len(rule.comment) >= 5
        (kind,) = {each[1] for each in asked.execute(f"SELECT ({rule.sql}) FROM t").description}
        assert kind == "BOOLEAN", rule.sql
    assert len({rule.name for rule in declared.rules}) == len(declared.rules)


@of_table
def test_retention_is_for_ever_or_some_days(declared: Table) -> None:
    assert declared.retention_days is None or declared.retention_days >= 1
    if declared.least_retention_days is not None:
        times = {"BIGINT", "TIMESTAMP"}
        assert next(c for c in declared.columns if c.name == declared.time_column).type in times
        with pytest.raises(TerminalError, match="cannot be kept for"):
            replace(declared, retention_days=declared.least_retention_days - 1)


@pytest.mark.parametrize(
    "declared", [BRONZE_TRADES, SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE], ids=lambda t: t.name
)
def test_tables_of_the_account_hold_the_coordinates_of_their_records(declared: Table) -> None:
    """bronze = trades + rejected + gaps + coverage is proved by joins on the coordinates: one name, one type."""
    types = {column.name: column.type for column in declared.columns}
    bronze = {column.name: column.type for column in BRONZE_TRADES.columns}
    assert {name: types.get(name) for name in COORDINATE_NAMES} == {name: bronze[name] for name in COORDINATE_NAMES}


def test_what_keeps_the_account_is_kept_for_ever() -> None:
    kept = (BRONZE_TRADES, SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE)
    assert [declared.name for declared in kept if declared.retention_days is not None] == []


def test_the_key_of_a_trade_is_market_source_id_and_time() -> None:
    assert SILVER_TRADES.key == ("exchange", "symbol", "source", "trade_id", "event_time_us")


def test_the_comment_of_candles_tells_the_intervals_that_there_are() -> None:
    comment = next(column.comment for column in GOLD_CANDLES.columns if column.name == "interval")
    assert comment.split() == [interval.name for interval in INTERVALS]


def test_no_venue_can_be_named_like_all_of_them() -> None:
    claim = {"v": 1, "kind": "gap_closed", "exchange": ALL_EXCHANGES}
    assert "exchange.format" in judge(json.dumps(claim).encode(), 0).reasons


@pytest.mark.parametrize("name", REGISTRY)
def test_a_table_is_found_by_its_name(name: str) -> None:
    assert table(name).name == name


@pytest.mark.parametrize("name", ["", "trades", "silver.Trades", "gold.nothing"])
def test_the_error_of_an_unknown_table_lists_those_that_there_are(name: str) -> None:
    with pytest.raises(TerminalError) as caught:
        table(name)
    assert repr(name) in str(caught.value)
    assert [known for known in REGISTRY if known not in str(caught.value)] == []


A = Column("a", "STRING", "a comment")
SOUND = Table(name="gold.x", grain="one row per a", columns=(A,), key=("a",), time_us="a")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ("b",)},
        {"partition_by": ("b",)},
        {"cluster_by": ("b",)},
        {"columns": (A, A)},
        {"name": "iron.x"},
        {"name": "x"},
        {"rules": (Rule("r", "a > ''", "not empty"), Rule("r", "a < 'b'", "small"))},
    ],
    ids=repr,
)
def test_a_declaration_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(TerminalError, match=r"gold\.x|iron\.x|x:"):
        replace(SOUND, **changes)  # type: ignore[arg-type]
