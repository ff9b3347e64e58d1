"""The audit finds one bad row: lost, doubled, altered or misfiled, in every table, and names it.

One good lake is made once; each case damages a copy of it by a plain write past the engine, and audits it.
"""

import contextlib
import functools
import itertools
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import functions as F  # noqa: N812

from cli.main import main
from glue_jobs.audit import audit
from glue_jobs.engine import Runner, Steps, Workspace, retention
from glue_jobs.pipeline import pipeline
from tapehouse import tables
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, encode
from tapehouse.tables import BRONZE_TRADES, SILVER_TRADES
from tests import factories
from tests.factories import NOW_US
from tests.glue_jobs.layers import Layers, trade
from tests.small_lake import Action, added, commit

pytestmark = pytest.mark.spark

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
START_US = NOW_US - HOUR_US  # of trade 0, at 08:00:00
KRAKEN = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken"}
COINBASE = {"exchange": "coinbase", "symbol": "BTC-USD", "source": "coinbase"}


def again(name: str) -> str:
    return f"run tapehouse refresh; if it stays, tapehouse rebuild {name}"


def gap(gap_id: str, **changes: Any) -> Gap:
    return factories.gap(gap_id, **changes)


def covered(from_us: int, through_us: int, **market: Any) -> Coverage:
    return factories.coverage(from_us, through_us, last_id="7", **market)


def stream() -> list[list[Record | bytes]]:
    """Two batches in which every kind of record is, and every verdict."""
    past = (DAY_US, 7 * DAY_US, 20 * MINUTE_US, 40 * MINUTE_US)
    early = [trade(900 + n, event_time_us=START_US - back, price=f"9{n}.5") for n, back in enumerate(past)]
    first: list[Record | bytes] = [
        *early,
        *(trade(n, price=str(100 + n), size="0.3", side="sell" if n % 3 else "buy") for n in range(1, 8)),
        *(trade(n, **COINBASE, price="102.5", size="0.7", side=None) for n in range(3, 6)),
        trade(20, exchange="kraken", symbol="ETH-USD", trade_id="a:20", price="3", size="0.000000000001"),
        trade(2, price="102", size="0.3", side="sell"),  # again
        trade(3, price="7"),  # known with another price
        b"\xff not a record",
        trade(9, price="-1"),
        covered(START_US - HOUR_US, START_US + 3 * MINUTE_US),
        covered(START_US - HOUR_US, START_US + 5 * MINUTE_US, **COINBASE),
        gap("filled", from_id="3", to_id="4", from_us=START_US + 2_000_000, to_us=START_US + 5_000_000),
        gap("closed", from_us=START_US - 10 * MINUTE_US, to_us=START_US - 5 * MINUTE_US),
        gap("open", from_us=START_US + 10 * MINUTE_US - 1, to_us=START_US + 13 * MINUTE_US),
    ]
    second: list[Record | bytes] = [
        GapClosed(**KRAKEN, gap_id="closed", reason="found empty", received_time_us=NOW_US),
        gap("closed", from_us=START_US - 10 * MINUTE_US, to_us=START_US - 5 * MINUTE_US),  # again
        *(trade(n, price="99", size="2") for n in range(70, 75)),
        covered(START_US + 3 * MINUTE_US, START_US + 4 * MINUTE_US),
    ]
    return [first, second]


@pytest.fixture(scope="module")
def good(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake in which everything is right, bronze included."""
    lake = Lake(tmp_path_factory.mktemp("good") / "lake")
    layers = Layers(spark, lake)
    for records in stream():
        layers.arrive([record if isinstance(record, bytes) else encode(record) for record in records])
        layers.refresh_gold()
        layers.refresh_others()
    layers.check()
    return lake


@dataclass(frozen=True)
class Damaged:
    """A copy of the good lake, and plain writes to its tables.

    Spark says in SQL which row it is and what it becomes; an UPDATE of its own would cost seconds.
    """

    spark: Any
    lake: Lake

    def row(self, name: str, where: str) -> Any:
        (row,) = self._rows(name, where).collect()
        return row

    def lose(self, name: str, where: str) -> None:
        table, at = self._found(name, self.row(name, where))
        self._write(name, pa.concat_tables([table.slice(0, at), table.slice(at + 1)]))

    def double(self, name: str, where: str) -> None:
        table, at = self._found(name, self.row(name, where))
        self._write(name, pa.concat_tables([table, table.slice(at, 1)]))

    def alter(self, name: str, where: str, **values: str) -> None:
        """Values are SQL."""
        frame = self._rows(name, where)
        kinds = dict(frame.dtypes)
        before = {f"_was_{key}": key for key in tables.table(name).key}
        asked = frame.withColumns({old: F.col(key) for old, key in before.items()}).withColumns(
            {column: F.expr(sql).cast(kinds[column]) for column, sql in values.items()}
        )
        rows = asked.toArrow()
        assert rows.num_rows == 1
        (was,) = rows.select([*before]).rename_columns([*before.values()]).to_pylist()
        table, at = self._found(name, was)
        changed = rows.select(table.schema.names).cast(table.schema)
        self._write(name, pa.concat_tables([table.slice(0, at), changed, table.slice(at + 1)]))

    def _rows(self, name: str, where: str) -> Any:
        return self.spark.read.format("delta").load(self.lake.table_uri(name)).where(where)

    def _found(self, name: str, row: Any) -> tuple[pa.Table, int]:
        """All rows of the table, and the number of the one of that key."""
        table = deltalake.DeltaTable(self.lake.table_uri(name)).to_pyarrow_table()
        key = tables.table(name).key
        rows = table.select(list(key)).to_pylist()
        (at,) = [at for at, each in enumerate(rows) if all(_told(each[part]) == _told(row[part]) for part in key)]
        return table, at

    def _write(self, name: str, rows: pa.Table) -> None:
        """In the place of all that there is, as a writer does that knows nothing of ours."""
        there = Workspace(None, self.lake, Steps()).state(tables.table(name))  # type: ignore[arg-type]
        by = deltalake.DeltaTable(there.uri).metadata().partition_columns
        folder = Path(there.uri)
        actions: list[Action] = [{"remove": {"path": each.path, "dataChange": True}} for each in there.files]
        for number, values in enumerate(rows.select(by).group_by(by).aggregate([]).to_pylist() if by else [{}]):
            own = functools.reduce(lambda left, one: left.filter(pc.field(one[0]) == one[1]), values.items(), rows)
            partition = {column: str(value) for column, value in values.items()}
            actions.append(
                added(folder / f"damaged-{there.version + 1}-{number}.parquet", own.drop_columns(by), partition)
            )
        commit(folder, there.version + 1, actions)

    def findings(self) -> str:
        """What the audit finds, all examples of it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("glue_jobs.audit.report._SHOWN", 10_000)
            patch.setattr("glue_jobs.audit.report._COLLECTED", 10_000)
            report = audit(self.spark, self.lake, pipeline())
        assert not report.ok
        return "\n".join(report.lines)


def _told(value: Any) -> Any:
    """A part of a key, alike from Spark, whose instants are in the local zone and have none, and from Arrow."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo is None else value).timestamp()
    return value


@pytest.fixture(scope="module")
def damaged_by(spark: Any, good: Lake, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Damaged]:
    """Copies of the good lake. Damage to several tables at once is in different rows: each is named for itself."""

    def make() -> Damaged:
        folder = tmp_path_factory.mktemp("damaged") / "lake"
        shutil.copytree(good.path, folder)
        return Damaged(spark, Lake(folder))

    return make


@pytest.fixture
def damaged(damaged_by: Callable[..., Damaged]) -> Damaged:
    return damaged_by()


def test_a_good_lake_is_found_good(spark: Any, good: Lake) -> None:
    report = audit(spark, good, pipeline())
    assert report.lines == (
        "32 bronze records = 20 trades + 5 rejected + 4 gaps + 3 coverage",
        "judged every record, candle and market",
    )
    assert report.ok


PAYLOAD_OF = 'string(payload) LIKE \'%"exchange":"kraken"%"trade_id":"{}"%\''
ONE_ROW = {
    "bronze.trades": PAYLOAD_OF.format(5),
    "silver.trades": "exchange = 'kraken' AND trade_id = '6'",
    "silver.rejected": "verdict = 'conflict'",
    "silver.gaps": "gap_id = 'closed' AND event = 'opened'",
    "silver.gaps filled": "event = 'filled'",
    "silver.coverage": "exchange = 'coinbase'",
    "gold.candles": "exchange = 'kraken' AND symbol = 'BTC-USD' AND interval = '1m' AND trade_count = 7",
    "gold.candles ALL": "exchange = 'ALL' AND symbol = 'BTC-USD' AND interval = '1m' AND trade_count = 10",
    "gold.candles silent": "interval = '1m' AND trade_count = 0 AND minute(window_start) = 11",
    "gold.market_summary": "exchange = 'ALL' AND symbol = 'BTC-USD'",
    "gold.exchange_activity": "exchange = 'kraken' AND quote = 'USD' AND side = 'buy' AND hour = '2025-10-09 08:00:00'",
    "gold.data_quality": "source = 'kraken'",
    "gold.data_quality coverage": "source = '*'",
    "gold.data_quality_reasons": "reason = 'price.range'",
}
"""A row of each table (a word behind its name tells apart several of one table)."""
MINUTE = f"symbol=BTC-USD, interval=1m, start_us={START_US}"
NAMED = {
    "silver.gaps filled": "exchange=kraken, symbol=BTC-USD, source=kraken, gap_id=filled, event=filled",
    "gold.candles": f"exchange=kraken, {MINUTE}",
    "gold.candles ALL": f"exchange=ALL, {MINUTE}",
    "gold.candles silent": f"exchange=kraken, symbol=BTC-USD, interval=1m, start_us={START_US + 11 * MINUTE_US}",
    "gold.market_summary": "exchange=ALL, symbol=BTC-USD",
    "gold.exchange_activity": "hour=2025-10-09 08:00:00, exchange=kraken, quote=USD, side=buy",
    "gold.data_quality": "hour=2025-10-09 09:00:00, source=kraken",
    "gold.data_quality coverage": "hour=2025-10-09 09:00:00, source=*",
    "gold.data_quality_reasons": "hour=2025-10-09 09:00:00, source=kraken, reason=price.range",
}
"""How the row is named where it has no record of its own."""
every_row = pytest.mark.parametrize("which", ONE_ROW)


def table_of(which: str) -> str:
    return which.partition(" ")[0]


def name_of(row: Any, which: str) -> str:
    return NAMED.get(which) or f"sequence_number={row.sequence_number}"


def examples_of(findings: str, what: str) -> str:
    """The examples of the finding that says this."""
    lines = findings.splitlines()
    said = [number for number, line in enumerate(lines) if f" {line}".endswith(f" {what}:")]
    assert said, f"nothing says {what!r} in:\n{findings}"
    return "\n".join(itertools.takewhile(lambda line: line.startswith("  "), lines[said[0] + 1 :]))


@pytest.fixture(scope="module")
def without_one_row_each(good: Lake, damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for which, where in ONE_ROW.items():
        lake.lose(table_of(which), where)
    return lake.findings()


@every_row
def test_a_lost_row_is_named(which: str, spark: Any, good: Lake, without_one_row_each: str) -> None:
    what = f"row(s) are missing from {table_of(which)} ({again(table_of(which))})"
    if which == "bronze.trades":
        what = "silver record(s) are not in bronze"
    elif which not in NAMED:
        what = f"bronze record(s) are in no silver table ({again('silver.trades')})"
    row = Damaged(spark, good).row(table_of(which), ONE_ROW[which])
    assert name_of(row, which) in examples_of(without_one_row_each, what)


@pytest.fixture(scope="module")
def with_one_row_each_twice(damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for which, where in ONE_ROW.items():
        lake.double(table_of(which), where)
    return lake.findings()


@every_row
def test_a_doubled_row_is_named(which: str, spark: Any, good: Lake, with_one_row_each_twice: str) -> None:
    what = f"key(s) are in {table_of(which)} more than once"
    if which not in NAMED and which != "bronze.trades":
        what = "bronze record(s) are in silver more than once"
    row = Damaged(spark, good).row(table_of(which), ONE_ROW[which])
    name = name_of(row, which)
    if "start_us" in name:
        name = f"{name.partition('start_us')[0]}window_start={row.window_start:%Y-%m-%d %H:%M:%S}"
    assert name in examples_of(with_one_row_each_twice, what)


AS_DUE = "row(s) of {0} are not what they should be (tapehouse rebuild {0})"
AS_SAID = "row(s) of {0} are not what their record says (tapehouse rebuild silver.trades)"
AS_DERIVED = "row(s) of {0} have a column that does not follow from their others"
ALTERED = {
    ("bronze.trades", "payload", PAYLOAD_OF.format(5)): (
        "binary(replace(string(payload), '\"105\"', '\"106\"'))", AS_SAID.format("silver.trades"),
        "trade_id=5, event_time_us=*: price is 105.000000000000 and should be 106.000000000000",
    ),
    ("bronze.trades", "arrival_time", PAYLOAD_OF.format(6)): (
        "arrival_time + INTERVAL 1 SECOND", AS_SAID.format("silver.trades"),
        "trade_id=6, event_time_us=*: arrival_time is 2025-10-09",
    ),
    ("silver.trades", "price", "trade_id = '902'"): (
        "price + 0.000000000001", AS_SAID.format("silver.trades"),
        "trade_id=902, event_time_us=*: price is 92.500000000001 and should be 92.500000000000",
    ),
    ("silver.trades", "quote_size", "trade_id = '903'"): (
        "quote_size + 0.000000000000000001", AS_DERIVED.format("silver.trades"),
        "trade_id=903, event_time_us=*: quote_size is 93.500000000000000001 and should be 93.500000000000000000",
    ),
    ("silver.trades", "base", "trade_id = '900'"): (
        "'XBT'", AS_DERIVED.format("silver.trades"), "trade_id=900, event_time_us=*: base is XBT and should be BTC",
    ),
    ("silver.rejected", "verdict", ONE_ROW["silver.rejected"]): (
        "'duplicate'", AS_SAID.format("silver.rejected"), "verdict is duplicate and should be conflict",
    ),
    ("silver.gaps", "to_us", ONE_ROW["silver.gaps"]): (
        "to_us + 1", AS_SAID.format("silver.gaps"), "gap_id=closed, event=opened: to_us is",
    ),
    ("silver.gaps", "to_id", ONE_ROW["silver.gaps filled"]): (
        "'5'", AS_DUE.format("silver.gaps"), "event=filled: to_id is 5 and should be 4",
    ),
    ("silver.coverage", "through_us", ONE_ROW["silver.coverage"]): (
        "through_us + 1", AS_SAID.format("silver.coverage"), "sub_sequence_number=0: through_us is",
    ),
    ("gold.candles", "vwap", ONE_ROW["gold.candles"]): (
        "vwap + 0.000000000001", AS_DUE.format("gold.candles"),
        f"exchange=kraken, {MINUTE}: vwap is 104.000000000001 and should be 104.000000000000",
    ),
    ("gold.candles", "complete", ONE_ROW["gold.candles ALL"]): (
        "NOT complete", AS_DUE.format("gold.candles"),
        f"exchange=ALL, {MINUTE}: complete is false and should be true",
    ),
    ("gold.candles", "source", ONE_ROW["gold.candles silent"]): (
        "NULL", AS_DUE.format("gold.candles"), "source is none and should be kraken",
    ),
    ("gold.market_summary", "volatility_24h", ONE_ROW["gold.market_summary"]): (
        "volatility_24h * 1.00000001", AS_DUE.format("gold.market_summary"),
        "exchange=ALL, symbol=BTC-USD: volatility_24h is",
    ),
    ("gold.bars", "complete", "exchange = 'kraken' AND symbol = 'BTC-USD' AND kind = 'tick' AND growing"): (
        "NOT complete", AS_DERIVED.format("gold.bars"),
        "number=1: complete is true and should be false",
    ),
}  # fmt: skip
"""(table, column, which row) → (another value, what is found, how the row is named)."""


@pytest.fixture(scope="module")
def with_altered_values(damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for (table, column, where), (value, _, _) in ALTERED.items():
        lake.alter(table, where, **{column: value})
    return lake.findings()


@pytest.mark.parametrize("altered", ALTERED, ids=lambda altered: f"{altered[0]}.{altered[1]}")
def test_an_altered_value_is_named(altered: tuple[str, str, str], with_altered_values: str) -> None:
    _, what, example = ALTERED[altered]
    assert example in re.sub(r"event_time_us=\d+", "event_time_us=*", examples_of(with_altered_values, what))


OTHER = {
    "string": "'other'", "int": "7", "bigint": "7", "boolean": "NOT `{}`", "date": "date'2002-02-02'", "double": "7.5",
    "timestamp": "timestamp'2001-01-01'", "binary": "binary('other')", "array<string>": "array('other')",
}  # fmt: skip
NOT_VALUES = frozenset({*BRONZE_TRADES.key, "partition_key", "ingested_at"})
"""The account names what has another record's coordinates. The others: test_what_nothing_else_in_the_lake_says."""
JUDGED = [which for which in ONE_ROW if which not in ("bronze.trades", "gold.candles ALL")]


def columns_of(which: str) -> list[str]:
    table = tables.table(table_of(which))
    return [name for name in table.column_names if name not in table.key and name not in NOT_VALUES]


@pytest.fixture(scope="module")
def with_every_column_altered(damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for which in JUDGED:
        kinds = dict(lake.spark.read.format("delta").load(lake.lake.table_uri(table_of(which))).dtypes)
        values = {name: OTHER.get(kinds[name], "7.5").format(name) for name in columns_of(which)}
        if table_of(which).startswith("gold"):  # a candle of 7.5 would follow from the altered trade
            values = {name: value.replace("7", "8") for name, value in values.items()}
        lake.alter(table_of(which), ONE_ROW[which], **values)
    return lake.findings()


@pytest.mark.parametrize("which", JUDGED)
def test_every_column_but_the_key_is_judged(which: str, with_every_column_altered: str) -> None:
    with_every_column_altered = re.sub(r"event_time_us=\d+", "event_time_us=*", with_every_column_altered)
    name = NAMED.get(which) or {
        "silver.trades": "trade_id=6, event_time_us=*", "silver.rejected": f"sequence_number={10**20 + 16},",
        "silver.gaps": "gap_id=closed, event=opened", "silver.coverage": f"sequence_number={10**20 + 20},",
    }[which]  # fmt: skip
    row = name.replace(f"start_us={START_US}", "window_start=2025-10-09 08:00:00")
    row = row.replace(f"start_us={START_US + 11 * MINUTE_US}", "window_start=2025-10-09 08:11:00")
    said = [line for line in with_every_column_altered.splitlines() if f"{name}: " in line or f"{row}: " in line]
    said += [line for line in with_every_column_altered.splitlines() if name in line and name.endswith(",")]
    assert [column for column in columns_of(which) if not any(f"{column} is " in line for line in said)] == []


BROKEN = {
    "bronze.trades sub_sequence": (PAYLOAD_OF.format(5), {"sub_sequence_number": "-1"}),
    "silver.trades price": ("trade_id = '902'", {"price": "-1"}),
    "silver.trades side": ("trade_id = '903'", {"side": "'bought'"}),
    "silver.rejected kept": (ONE_ROW["silver.rejected"], {"payload": "NULL"}),
    "silver.rejected reasoned": (ONE_ROW["silver.rejected"], {"reasons": "array()"}),
    "silver.gaps span": (ONE_ROW["silver.gaps"], {"to_us": "from_us - 1"}),
    "silver.coverage span": (ONE_ROW["silver.coverage"], {"through_us": "from_us"}),
    "gold.candles range": (ONE_ROW["gold.candles"], {"high": "low - 1"}),
    "gold.candles prices": (ONE_ROW["gold.candles silent"], {"close": "1"}),
    "gold.market_summary trades": (ONE_ROW["gold.market_summary"], {"trades_24h": "0"}),
    "gold.exchange_activity trades": (ONE_ROW["gold.exchange_activity"], {"trades": "0"}),
    "gold.data_quality account": (ONE_ROW["gold.data_quality"], {"received": "received + 1"}),
    "gold.data_quality_reasons records": (ONE_ROW["gold.data_quality_reasons"], {"records": "0"}),
}
"""Table and rule → which row, and what breaks the rule."""


@pytest.fixture(scope="module")
def with_broken_rules(damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for which, (where, values) in BROKEN.items():
        lake.alter(table_of(which), where, **values)
    return lake.findings()


@pytest.mark.parametrize("which", BROKEN)
def test_a_broken_rule_of_a_table_is_named_with_the_row(
    which: str, spark: Any, good: Lake, with_broken_rules: str
) -> None:
    declared = tables.table(table_of(which))
    (rule,) = (each for each in declared.rules if each.name == which.partition(" ")[2])
    found = examples_of(with_broken_rules, f"row(s) of {declared.name} break its rule {rule.name}: {rule.sql}")
    row = Damaged(spark, good).row(declared.name, BROKEN[which][0])
    texts = [f"{name}={row[name]}" for name in declared.key if isinstance(row[name], str)]
    assert any(all(text in line for text in texts) for line in found.splitlines())


MISFILED = {
    "bronze.trades": ("arrival_date", "arrival_date - 1"),
    "silver.trades": ("event_date", "event_date + 1"),
    "silver.rejected": ("arrival_date", "arrival_date + 1"),
    "gold.candles ALL": ("window_end", "window_end + INTERVAL 1 MINUTE"),
}
"""Of the other tables no column says where a row is filed: there is nothing to be wrong."""


@pytest.fixture(scope="module")
def with_misfiled_rows(damaged_by: Callable[..., Damaged]) -> str:
    lake = damaged_by()
    for which, (column, value) in MISFILED.items():
        lake.alter(table_of(which), ONE_ROW[which], **{column: value})
    lake.alter("gold.candles", "exchange = 'coinbase' AND interval = '5m'", interval="'3m'")
    return lake.findings()


@pytest.mark.parametrize("which", MISFILED)
def test_a_row_in_the_wrong_file_is_named(which: str, spark: Any, good: Lake, with_misfiled_rows: str) -> None:
    found = examples_of(with_misfiled_rows, AS_DERIVED.format(table_of(which)))
    row, key = Damaged(spark, good).row(table_of(which), ONE_ROW[which]), tables.table(table_of(which)).key
    names = [f"{column}={row[column]}" for column in key if isinstance(row[column], str)]
    names.append(f": {MISFILED[which][0]} is ")
    assert any(all(name in line for name in names) for line in found.splitlines())


def test_a_candle_filed_as_another_interval_is_missing_there_and_surplus_here(with_misfiled_rows: str) -> None:
    missing = f"row(s) are missing from gold.candles ({again('gold.candles')})"
    assert "exchange=coinbase, symbol=BTC-USD, interval=5m" in examples_of(with_misfiled_rows, missing)
    surplus = "row(s) of gold.candles have nothing behind them (tapehouse rebuild gold.candles)"
    assert "exchange=coinbase, symbol=BTC-USD, interval=3m" in examples_of(with_misfiled_rows, surplus)


def test_what_nothing_else_in_the_lake_says_is_not_seen(damaged: Damaged) -> None:
    """The audit says so of itself: the partition key, when a record was read, and fields that no column has."""
    extra = "binary(replace(string(payload), '}', ',\"more\":1}'))"
    values = {"partition_key": "'other'", "ingested_at": "ingested_at + INTERVAL 1 SECOND", "payload": extra}
    damaged.alter("bronze.trades", ONE_ROW["bronze.trades"], **values)
    assert audit(damaged.spark, damaged.lake, pipeline()).ok


def test_the_first_of_two_records_counts(damaged: Damaged) -> None:
    """A trade whose duplicate came first has the wrong one of two records in silver."""
    second = f"sequence_number = '{10**20 + 5}'"
    damaged.alter("bronze.trades", second, ingested_at="ingested_at + INTERVAL 1 DAY")
    assert "verdict is duplicate and should be none" in damaged.findings()


def test_of_a_big_lake_a_sample_is_judged_and_the_sums_of_all(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glue_jobs.audit.sample.WHOLE_UP_TO", 4)
    report = audit(damaged.spark, damaged.lake, pipeline())
    assert report.lines[1:] == ("judged 1 in 8 records, candles and markets, --full judges all; counted every row",)
    for window in range(70, 75):  # not all of them are in any sample
        where = f"interval = '1s' AND exchange = 'kraken' AND unix_seconds(window_start) = {START_US // 10**6 + window}"
        damaged.lose("gold.candles", where)
    found = damaged.findings()
    assert "  exchange=kraken, symbol=BTC-USD, interval=1s: 11 trades of " in found
    assert "5 row(s) are missing from gold.candles" not in found
    whole = "\n".join(audit(damaged.spark, damaged.lake, pipeline(), full=True).lines)
    assert "5 row(s) are missing from gold.candles" in whole


TODAY_US = NOW_US // DAY_US * DAY_US


def forgetful(damaged: Damaged, monkeypatch: pytest.MonkeyPatch, kept: int) -> Workspace:
    """Bronze keeps what came since so many records had, silver today's trades."""
    workspace = Workspace(None, damaged.lake, Steps())  # type: ignore[arg-type]
    for table, floor_us in ((BRONZE_TRADES, NOW_US + kept * 1000), (SILVER_TRADES, TODAY_US)):
        monkeypatch.setattr(retention, "floor_us_of", lambda newest_us, days, floor_us=floor_us: floor_us)
        while retention.forget(workspace, table, 1, unread=(), most_bytes=1):
            pass
    return workspace


def test_of_a_turn_whose_half_is_kept_no_longer_nothing_is_missed(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = forgetful(damaged, monkeypatch, 12)
    assert workspace.state(BRONZE_TRADES).rows == 20
    report = audit(damaged.spark, damaged.lake, pipeline())
    assert report.ok, report.lines


def test_what_is_kept_no_longer_is_not_missed_and_a_loss_of_the_rest_is(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 21
    workspace = forgetful(damaged, monkeypatch, kept)
    assert (workspace.state(BRONZE_TRADES).rows, workspace.state(SILVER_TRADES).rows) == (32 - kept, 18)
    report = audit(damaged.spark, damaged.lake, pipeline())
    assert report.ok, report.lines
    runner = Runner(workspace)
    silver, gold = pipeline()[1:3]
    runner.mark(silver, silver.writes, anew=False)
    runner.rebuild(silver)
    runner.mark(gold, gold.writes, anew=True)
    runner.rebuild(gold)
    report = audit(damaged.spark, damaged.lake, pipeline())
    assert report.ok, report.lines
    monkeypatch.setattr("glue_jobs.audit.sample.WHOLE_UP_TO", 4)
    assert audit(damaged.spark, damaged.lake, pipeline()).ok
    monkeypatch.undo()
    damaged.lose("silver.trades", "trade_id = '72'")
    damaged.lose("gold.candles", f"interval = '1m' AND exchange = 'kraken' AND {candle_at(0)}")
    damaged.lose("gold.candles", f"interval = '1d' AND exchange = 'kraken' AND {candle_at(-8 * 60)}")
    found = damaged.findings()
    assert "1 bronze record(s) are in no silver table" in found
    assert f"interval=1m, start_us={START_US}" in found
    assert f"interval=1d, start_us={TODAY_US}" in found


def candle_at(minutes: int) -> str:
    return f"symbol = 'BTC-USD' AND unix_seconds(window_start) = {START_US // 10**6 + 60 * minutes}"


def test_tables_that_are_not_there_are_missing_and_five_rows_of_many_are_named(damaged: Damaged) -> None:
    candles = damaged.spark.read.format("delta").load(damaged.lake.table_uri("gold.candles")).count()
    assert candles > 100
    shutil.rmtree(Path(damaged.lake.table_uri("gold.candles")))
    shutil.rmtree(Path(damaged.lake.table_uri("silver.coverage")))
    lines = audit(damaged.spark, damaged.lake, pipeline()).lines
    missing = f"{candles} row(s) are missing from gold.candles ({again('gold.candles')})"
    assert len(examples_of("\n".join(lines), missing).splitlines()) == 5
    assert any(line.startswith("3 bronze record(s) are in no silver table") for line in lines)


def test_the_command_exits_1_and_prints_what_is_wrong(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.spark.session", lambda here, name: contextlib.nullcontext(damaged.spark))
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:9")
    monkeypatch.setenv("LAKE", str(damaged.lake.path))
    assert main(["audit", "--full"]) == 0
    damaged.lose("gold.market_summary", ONE_ROW["gold.market_summary"])
    assert main(["audit"]) == 1
    assert "  exchange=ALL, symbol=BTC-USD\n" in capsys.readouterr().out
