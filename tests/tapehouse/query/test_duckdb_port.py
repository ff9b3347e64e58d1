"""Athena's dialect over Delta tables at home: the answers, to the value."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.lake import Lake
from tapehouse.query import duckdb_port
from tapehouse.query.dialect import Translated, translate
from tapehouse.query.dialect.types import BIGINT, timestamp
from tapehouse.query.duckdb_port import DuckdbPort

COLUMNS = {
    "trade_id": "string",
    "interval": "string",
    "price": "decimal(28,12)",
    "trade_count": "long",
    "event_time": "timestamp",
    "payload": "binary",
}


def at(minute: int, second: int = 0, micro: int = 0) -> dt.datetime:
    return dt.datetime(2024, 3, 9, 23, minute, second, micro, tzinfo=dt.UTC)


ROWS = [
    ("10", "1m", Decimal("69000.10"), 3, at(3), b'{"a": 1}'),
    ("9", "1m", Decimal("69000.123456789012"), 4, at(3), b"\xff"),
    ("11", "5m", None, 5, at(7, 59, 999_500), None),
    ("12", "5m", Decimal("1"), 8, at(1, 2), b""),
]


@pytest.fixture
def port(lake: Lake, write_table: Callable[..., None]) -> Iterator[DuckdbPort]:
    write_table("silver.trades", COLUMNS, ROWS)
    found = DuckdbPort(lake)
    yield found
    found.close()


def one(port: DuckdbPort, expression: str, rest: str = "") -> Any:
    (row,) = port.run(f"SELECT {expression} {rest}").rows
    return row[0] if len(row) == 1 else row


def column(port: DuckdbPort, sql: str) -> Sequence[Any]:
    return [row[0] for row in port.run(sql).rows]


def test_decimals_come_back_exact_and_instants_in_milliseconds_and_utc(port: DuckdbPort) -> None:
    found = port.run("SELECT price, event_time FROM silver.trades WHERE trade_id IN ('9', '11') ORDER BY event_time")
    assert found.columns == ("price", "event_time")
    assert found.rows == [(Decimal("69000.123456789012"), at(3)), (None, at(7, 59, 999_000))]
    assert found.types == ("decimal(28, 12)", "timestamp(3) with time zone")
    assert found.rows[0][1].tzinfo is dt.UTC


def test_no_question_waits_for_pandas_to_be_imported(port: DuckdbPort, lake: Lake) -> None:
    """DuckDB imports it by itself where it is given parameters: a second of the first answer of each process."""
    asks = (
        "import sys\n"
        "from tapehouse.lake import Lake\n"
        "from tapehouse.query.duckdb_port import DuckdbPort\n"
        "DuckdbPort(Lake(sys.argv[1])).run('SELECT * FROM silver.trades')\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asks, lake.uri], check=False).returncode == 0


def test_a_table_is_named_quoted_or_with_athenas_catalog(port: DuckdbPort) -> None:
    for name in ("silver.trades", '"silver"."trades"', '"AwsDataCatalog"."silver"."trades"', "SILVER.Trades"):
        assert one(port, "count(*)", f"FROM {name}") == 4


def test_a_column_may_be_named_like_a_keyword(port: DuckdbPort) -> None:
    assert column(port, "SELECT interval FROM silver.trades WHERE interval = '1m'") == ["1m", "1m"]


def test_what_does_not_fit_into_memory_is_put_beside_the_temporary_and_goes_with_the_port(
    lake: Lake, write_table: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table("gold.candles", {"symbol": "string"}, [("BTC-USD",)])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    port = DuckdbPort(lake, memory_mb=32)
    before = set(tmp_path.iterdir())
    # Asked of the session itself, which has to be seen in the middle of an answer.
    port._connection.execute("SELECT a.range x, b.range y FROM range(3000) a, range(1000) b ORDER BY hash(x + y), y")
    assert [each.name.startswith("tapehouse-query-") for each in (tmp_path / "temporary").iterdir()] == [True]
    port.close()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert set(tmp_path.iterdir()) == before


def test_rows_written_later_are_seen(port: DuckdbPort, write_table: Callable[..., None]) -> None:
    assert one(port, "count(*)", "FROM silver.trades") == 4
    write_table("silver.trades", COLUMNS, ROWS[:1])
    assert one(port, "count(*)", "FROM silver.trades") == 5


def test_a_table_made_later_is_seen(port: DuckdbPort, write_table: Callable[..., None]) -> None:
    write_table("gold.candles", COLUMNS, ROWS[:2])
    assert one(port, "count(*)", "FROM gold.candles c JOIN silver.trades t ON c.trade_id = t.trade_id") == 2


def test_minutes_are_cut_off_not_rounded(port: DuckdbPort) -> None:
    sql = "SELECT date_trunc('minute', event_time) FROM silver.trades WHERE trade_id = '11'"
    assert column(port, sql) == [at(7)]


@pytest.mark.parametrize(
    "five_minutes",
    [
        "date_trunc('minute', event_time) - interval '1' minute * (minute(event_time) % 5)",
        "from_unixtime(floor(to_unixtime(event_time) / 300) * 300)",
    ],
)
def test_both_spellings_of_five_minutes(port: DuckdbPort, five_minutes: str) -> None:
    sql = f"SELECT {five_minutes} AS m, count(*) FROM silver.trades GROUP BY 1 ORDER BY 1"
    assert port.run(sql).rows == [(at(0), 3), (at(5), 1)]


def test_ties_of_min_by_are_broken_by_a_row(port: DuckdbPort) -> None:
    where = "FROM silver.trades WHERE interval = '1m'"
    assert one(port, "min_by(price, (event_time, trade_id))", where) == Decimal("69000.1")
    assert one(port, "max_by(price, (event_time, trade_id))", where) == Decimal("69000.123456789012")
    assert one(port, "min_by(price, (event_time, cast(trade_id AS bigint)))", where) == Decimal("69000.123456789012")


def test_max_by_gives_the_null_of_the_chosen_row(port: DuckdbPort) -> None:
    assert one(port, "max_by(price, event_time)", "FROM silver.trades") is None


def test_max_by_of_several_gives_an_array(port: DuckdbPort) -> None:
    sql = "SELECT max_by(trade_id, event_time, 2) FROM silver.trades WHERE trade_id <> '9'"
    assert column(port, sql) == [["11", "10"]]


def test_a_percentile_is_an_element_of_the_sorted_values(port: DuckdbPort) -> None:
    exact = "element_at(array_sort(array_agg(price)), CAST(ceil(count(price) * {}) AS bigint))"
    assert one(port, f"{exact.format(0.5)}, {exact.format(1.0)}", "FROM silver.trades") == (
        Decimal("69000.1"),
        Decimal("69000.123456789012"),
    )


def test_a_grid_of_minutes_filled_with_the_last_value(port: DuckdbPort) -> None:
    sql = """
        WITH grid AS (
            SELECT m FROM unnest(sequence(timestamp '2024-03-09 23:01:00', timestamp '2024-03-09 23:05:00',
                                          interval '1' minute)) AS g(m)
        ), candles AS (
            SELECT cast(date_trunc('minute', event_time) AS timestamp) AS m, min(trade_count) AS c
            FROM silver.trades GROUP BY 1
        )
        SELECT grid.m, coalesce(c, last_value(c) IGNORE NULLS OVER (ORDER BY grid.m))
        FROM grid LEFT JOIN candles ON grid.m = candles.m ORDER BY 1"""
    rows = port.run(sql).rows
    assert [row[1] for row in rows] == [8, 8, 3, 3, 3]
    assert rows[0][0] == dt.datetime(2024, 3, 9, 23, 1)  # noqa: DTZ001 - a timestamp without a zone


def test_whole_numbers_divide_to_whole_numbers(port: DuckdbPort) -> None:
    assert one(port, "10 / 4, -7 / 2, 7 / 2.0") == (2, -3, 3.5)
    assert sorted(column(port, "SELECT trade_count / 2 FROM silver.trades")) == [1, 2, 2, 4]


def test_date_diff_counts_whole_units_that_have_passed(port: DuckdbPort) -> None:
    diff = "date_diff('hour', timestamp '2024-03-09 22:59:00', timestamp '2024-03-09 {}')"
    assert one(port, f"{diff.format('23:01:00')}, {diff.format('23:59:00')}, {diff.format('21:00:00')}") == (0, 1, -1)
    assert one(port, "date_diff('minute', min(event_time), max(event_time))", "FROM silver.trades") == 6


def test_exact_sums_of_decimals(port: DuckdbPort) -> None:
    assert one(port, "sum(price)", "FROM silver.trades") == Decimal("138001.223456789012")
    product = one(
        port, "cast(price AS decimal(18,2)) * cast(2 AS decimal(28,8))", "FROM silver.trades WHERE trade_id='10'"
    )
    assert product == Decimal("138000.20")


def test_functions_that_only_athena_has(port: DuckdbPort) -> None:
    assert one(port, "width_bucket(5, 0, 10, 5), width_bucket(-1, 0, 10, 5), width_bucket(10, 0, 10, 5)") == (3, 0, 6)
    assert one(port, "width_bucket(price, 0, 100000, 10)", "FROM silver.trades WHERE trade_id = '9'") == 7
    assert one(port, "width_bucket(2.5, array[1, 2, 3])") == 2
    assert one(port, "json_extract_scalar(from_utf8(payload), '$.a')", "FROM silver.trades WHERE trade_id='10'") == "1"
    assert one(port, "hour(at_timezone(from_unixtime(0), 'Asia/Tokyo'))") == 9
    assert one(port, "day_of_week(date '2024-03-10'), cardinality(array[5, 6]), element_at(array[5, 6], 1)") == (
        7,
        2,
        5,
    )
    assert one(port, "date_format(max(event_time), '%Y-%m-%d %H:%i')", "FROM silver.trades") == "2024-03-09 23:07"


def test_a_bare_timestamp_literal_is_utc(port: DuckdbPort) -> None:
    assert one(port, "count(*)", "FROM silver.trades WHERE event_time = timestamp '2024-03-09 23:03:00'") == 2


def test_columns_without_a_name_are_named_after_their_place(port: DuckdbPort) -> None:
    assert port.run("SELECT trade_id, count(*), sum(price) s FROM silver.trades GROUP BY 1").columns == (
        "trade_id",
        "_col1",
        "s",
    )
    assert port.run("SELECT 1 UNION ALL SELECT 2").columns == ("_col0",)
    assert port.run("SELECT * FROM silver.trades").columns == tuple(COLUMNS)


def test_a_with_is_no_table_and_hides_none(port: DuckdbPort) -> None:
    assert one(port, "count(*)", "FROM (WITH x AS (SELECT 1) SELECT * FROM x)") == 1
    with pytest.raises(TerminalError, match="There is no table x"):
        port.run("SELECT * FROM x, (WITH x AS (SELECT 1) SELECT * FROM x) y")


def test_an_unknown_table_is_one_sentence_that_lists_the_known(port: DuckdbPort, lake: Lake) -> None:
    with pytest.raises(TerminalError) as caught:
        port.run("SELECT * FROM gold.candels")
    assert str(caught.value) == f"There is no table gold.candels in the lake {lake.uri}: its tables are silver.trades."


def test_an_empty_lake_says_how_to_fill_it(tmp_path: Any) -> None:
    with pytest.raises(TerminalError, match=r"no tables yet \(`tapehouse refresh`\)"):
        DuckdbPort(Lake(tmp_path)).run("SELECT * FROM gold.candles")


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("soundex(trade_id)", "the function soundex"),
        ("approx_percentile(price, 0.5)", "approx_percentile"),
        ("from_utf8(payload)", "from_utf8 of bytes that are no UTF-8 (to_hex shows them)"),
        ("at_timezone(event_time, 'Asia/Tokyo')", "an instant in the zone Asia/Tokyo"),
        ("trade_id::bigint", "the sign ::"),
    ],
)
def test_what_might_mean_something_else_is_refused_by_name(port: DuckdbPort, expression: str, what: str) -> None:
    with pytest.raises(RefusedError) as caught:
        port.run(f"SELECT {expression} FROM silver.trades")
    assert caught.value.what == what
    assert str(caught.value).endswith("or ask Athena (TARGET=aws). See docs/query.md.")


def test_an_answer_of_another_type_than_athenas_is_refused(port: DuckdbPort) -> None:
    question = Translated('SELECT 1 AS "c1"', (("n", BIGINT),))
    with pytest.raises(
        RefusedError, match="column n is not answered at home: it is INTEGER here, and bigint in Athena"
    ):
        duckdb_port.check_types(question, ["INTEGER"])


def test_a_bound_on_a_tables_instants_is_one_on_what_is_stored(port: DuckdbPort) -> None:
    """Else no file could be left out by its statistics."""
    columns = {"event_time": timestamp(3, zoned=True)}
    sql = "SELECT 1 FROM silver.trades WHERE event_time >= TIMESTAMP '2024-03-09 23:03:00'"
    assert '("t1"."event_time" >= ' in translate(sql, lambda _: columns).sql


@pytest.mark.parametrize(
    ("sql", "way"),
    [
        ("SELECT prise FROM silver.trades", "there is no column prise: did you mean price?"),
        ("SELECT t.price FROM silver.trades x", "there is no column t.price: what is read is called x."),
        ('SELECT "BTC" FROM silver.trades', "there is no column BTC: texts stand in single quotes."),
        ("SELECT 1 FROM silver.trades WHERE event_time > '2026-11-01'", ": write DATE '2026-11-22' or TIMESTAMP"),
        ("SELECT event_time - 3600 FROM silver.trades", ": write INTERVAL '1' DAY, or take to_unixtime."),
        ("SELECT price > '1' FROM silver.trades", ": CAST one of them."),
        ("SELECT nvl(price, 0) FROM silver.trades", "Athena has no function nvl: take coalesce."),
        (
            "SELECT median(price) FROM silver.trades",
            "take element_at(array_sort(array_agg(x)), CAST(ceil(count(x) * 0.5)",
        ),
        (
            "SELECT regexp_extrakt('a', 'b')",
            "the function regexp_extrakt is not answered at home: did you mean regexp_ext",
        ),
        (
            "SELECT approx_percentile(price, 0.95) FROM silver.trades",
            "array_agg(price)), CAST(ceil(count(price) * 0.95)",
        ),
        ("SELECT price::double FROM silver.trades", "write CAST(x AS type)"),
        (
            "SELECT price FROM silver.trades QUALIFY row_number() OVER () = 1",
            "put row_number() into a query around which",
        ),
        ("SELECT `price` FROM silver.trades", 'Athena quotes names with "'),
        ("SELECT 1 FROM silver.trades FOR VERSION AS OF 1", "the newest version alone is read here"),
        ("SHOW TABLES", "docs/tables.md lists the tables."),
        (" -- what there is\nDESCRIBE silver.trades", "docs/tables.md lists the tables."),
    ],
)
def test_an_error_says_what_to_write_instead(port: DuckdbPort, sql: str, way: str) -> None:
    with pytest.raises(TerminalError) as caught:
        port.run(sql)
    assert way in str(caught.value)


def test_a_table_of_another_layer_is_proposed(port: DuckdbPort, write_table: Callable[..., None]) -> None:
    write_table("gold.candles", {"symbol": "string"}, [("BTC-USD",)])
    for name in ("candles", "silver.candles", "gold.candle"):
        with pytest.raises(TerminalError, match=r"did you mean gold\.candles\? All are in docs/tables\.md\."):
            port.run(f"SELECT * FROM {name}")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO silver.trades VALUES (1)",
        "DELETE FROM silver.trades",
        "DROP TABLE silver.trades",
        "CREATE TABLE x AS SELECT 1",
        "SELECT * INTO x FROM silver.trades",
        "UNLOAD (SELECT 1) TO 's3://x' WITH (format = 'PARQUET')",
        "COPY silver.trades TO 'x'",
        "SET memory_limit = '1TB'",
        "ATTACH 'x.db'",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('x')",
        "SELECT * FROM TABLE(read_csv('x'))",
        "SELECT * FROM '/etc/hostname'",
        "SELEC 1",
        "",
        "-- only a comment",
        "SELECT 'open",
        "SELECT nosuch FROM silver.trades",
        "SELECT nosuch(1)",
        "SELECT cast('x' AS integer)",
        "(((",
    ],
)
def test_what_is_no_question_is_refused_in_one_sentence(port: DuckdbPort, sql: str, lake: Lake) -> None:
    with pytest.raises(TerminalError) as caught:
        port.run(sql)
    assert "\n" not in str(caught.value)
    assert one(port, "count(*)", "FROM silver.trades") == 4


def test_the_session_reaches_the_lake_and_nothing_beside_it(port: DuckdbPort, tmp_path: Any) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(duckdb.Error, match="disabled"):
        port._connection.execute(f"SELECT * FROM read_csv('{secret}')")
    with pytest.raises(duckdb.Error):
        port._connection.execute("SET enable_external_access = true")
    with pytest.raises(duckdb.Error):
        port._connection.execute("INSTALL httpfs")


def test_files_that_the_next_commit_replaces_are_not_kept_in_memory(port: DuckdbPort) -> None:
    port.run("SELECT * FROM silver.trades")
    assert port._connection.execute("FROM duckdb_external_file_cache()").fetchall() == []


def test_a_missing_extension_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "0.0.1")
    with pytest.raises(TerminalError, match=r"no delta extension for DuckDB 0\.0\.1 here: run `make setup`"):
        duckdb_port.extension_path()


def test_a_lake_on_s3_is_not_read_at_home() -> None:
    with pytest.raises(TerminalError, match="needs a local lake"):
        DuckdbPort(Lake("s3a://bucket/lake"))


def nested(depth: int, within: str, value: str) -> str:
    return value if depth == 0 else within.format(nested(depth - 1, within, value))


def test_divisions_and_squares_deep_within_one_another_are_answered(port: DuckdbPort) -> None:
    """Repeated as often as their macros name them, these would be planned for hours."""
    rows = " FROM (VALUES 1.5) t(x)"
    assert one(port, nested(14, "({} / 1.1)", "x"), rows) == Decimal("0.5")
    assert one(port, nested(14, "power({}, 2)", "CAST(x AS double) / x"), rows) == 1.0


def test_what_would_be_planned_for_minutes_is_refused_by_its_name(port: DuckdbPort) -> None:
    for within in ("nullif({}, 99)", "greatest({}, 1)", "element_at(ARRAY[1], {})"):
        assert one(port, nested(3, within, "x"), "FROM (VALUES 1) t(x)") == 1
        with pytest.raises(RefusedError, match=r"so many calls in one another: .*: work it out step by step"):
            port.run(f"SELECT {nested(14, within, 'x')} FROM (VALUES 1) t(x)")


def test_a_long_list_is_answered(port: DuckdbPort) -> None:
    assert one(port, f"x IN ({', '.join(map(str, range(5000)))})", "FROM (VALUES 1) t(x)") is True
