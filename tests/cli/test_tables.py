"""How a table's newest event and its position are shown."""

import datetime as dt
from types import SimpleNamespace

from cli.tables import COLUMNS, as_json, asked, instant, short
from tapehouse.query.dialect import tables_of
from tapehouse.query.port import Result
from tapehouse.tables import REGISTRY

POSITION = SimpleNamespace(
    stream_name="trades",
    shards={
        "shardId-000000000000": SimpleNamespace(sequence=49 * 10**54 + 12_345_678),
        "shardId-000000000012": SimpleNamespace(sequence=7),
        "shardId-000000000013": SimpleNamespace(sequence=None),
    },
)


def test_an_instant_keeps_its_microseconds() -> None:
    assert instant(1_700_000_000_123_457) == dt.datetime(2023, 11, 14, 22, 13, 20, 123_457, tzinfo=dt.UTC)
    assert instant(None) is None


def test_a_position_is_whole_for_programs_and_short_for_people() -> None:
    whole = as_json(POSITION)
    assert whole == {
        "stream_name": "trades",
        "shards": {"shardId-000000000000": str(49 * 10**54 + 12_345_678), "shardId-000000000012": "7"},
    }
    assert short(whole) == "trades 0:…12345678 12:…7"


def test_a_table_without_a_position_has_none() -> None:
    assert as_json(None) is None
    assert short(None) is None


class Port:
    """Answers as Athena does: a time in µs as digits, an instant with its zone, null for an empty table."""

    def __init__(self) -> None:
        self.sql = ""

    def run(self, sql: str) -> Result:
        self.sql = sql
        rows = [
            ("silver.trades", 7, "1700000000123457"),
            ("bronze.trades", 9, "2023-11-14 22:13:20.123 UTC"),
            ("gold.candles", 0, None),
        ]
        return Result(("name", "n", "newest"), rows)


def test_where_no_spark_runs_one_question_tells_all_tables_in_their_order() -> None:
    port = Port()
    found = asked(port, 1_700_000_060_123_457)
    assert set(tables_of(port.sql)) == set(REGISTRY)
    assert found.columns == COLUMNS
    newest = dt.datetime(2023, 11, 14, 22, 13, 20, 123_457, tzinfo=dt.UTC)
    assert found.rows == [
        ("bronze.trades", 9, newest.replace(microsecond=123_000), 60.0, None, None),
        ("silver.trades", 7, newest, 60.0, None, None),
        ("gold.candles", 0, None, None, None, None),
    ]
