"""Silver and gold against the oracle: any order, batching, duplication and lateness gives the oracle's tables.

Each Hypothesis example is one market of one frame, so that one pass of Spark judges them all at once.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs import delta
from glue_jobs.gold.batch import GoldBatch, touches
from glue_jobs.silver.batch import SilverBatch
from glue_jobs.steps import Steps
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES, GOLD_MARKET_SUMMARY, SILVER_TRADES
from tests import oracle
from tests.oracle import Arrived

pytestmark = pytest.mark.spark

NOW_US = 1_760_000_400_000_000  # 2025-10-09T09:00:00Z, a Thursday
CREATED = datetime(2025, 10, 1, tzinfo=UTC)
SOURCES = ("kraken", "other")


def trade(number: int, **changes: Any) -> Trade:
    """A trade that differs only in what is named."""
    values: dict[str, Any] = {
        "exchange": "kraken",
        "symbol": "BTC-USD",
        "source": "kraken",
        "trade_id": str(number),
        "price": "100",
        "size": "1",
        "side": "buy",
        "event_time_us": NOW_US - 3_600_000_000 + number * 1_000_000,
        "received_time_us": NOW_US,
    }
    return Trade(**{**values, **changes})


class Layers:
    """The silver and gold layers of one lake, driven batch by batch."""

    def __init__(self, spark: Any, lake: Lake) -> None:
        self.spark = spark
        self.lake = lake
        steps = Steps()
        self.silver = SilverBatch(spark, self._uri, steps)
        self.gold = GoldBatch(spark, self._uri, steps)
        self.silver.ensure()
        self.gold.ensure()
        self._arrived: list[Arrived] = []
        self._gold_from: dict[str, int] = {}

    def _uri(self, table: Any) -> str:
        return self.lake.table_uri(table.name)

    def arrive(self, payloads: Sequence[bytes], *, again: Sequence[Arrived] = ()) -> list[Arrived]:
        """One batch of silver: new payloads, and perhaps rows that were in a batch before."""
        first = len(self._arrived)
        new = [
            Arrived(payload, NOW_US + (first + at) * 1000, (f"shardId-{at % 2}", 10**20 + first + at, 0))
            for at, payload in enumerate(payloads)
        ]
        self._arrived += new
        rows = [self._bronze(record) for record in (*again, *new)]
        random.Random(len(rows)).shuffle(rows)
        self.silver.write(self.spark.createDataFrame(rows, BRONZE_TRADES.schema_ddl))
        return new

    def _bronze(self, record: Arrived) -> tuple[Any, ...]:
        arrival = datetime.fromtimestamp(record.arrival_us / 1e6, UTC)
        shard, sequence, sub = record.coordinates
        ingested = datetime.fromtimestamp(NOW_US / 1e6, UTC)
        return (record.payload, "trades", CREATED, shard, str(sequence), sub, "key", arrival, ingested, arrival.date())

    def refresh_gold(self, checkpoint: str = "gold") -> None:
        """Gold over all that is new in silver."""
        query = (
            touches(self.spark, self._uri)
            .writeStream.foreachBatch(lambda frame, _: self.gold.write(frame))
            .option("checkpointLocation", f"{self.lake.uri}/{checkpoint}")
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()

    def rows(self, name: str) -> list[Any]:
        rows: list[Any] = self.spark.read.format("delta").load(self.lake.table_uri(name)).collect()
        return rows

    def check(self, sources: dict[tuple[str, str], str] | None = None) -> None:
        """Silver and gold are what the oracle computes from everything that arrived."""
        expected = oracle.silver(self._arrived)
        self.check_silver(expected)
        markets = sources or {(key[0], key[1]): key[2] for key in expected.trades}
        self.check_gold(expected, markets)

    def check_silver(self, expected: oracle.Silver) -> None:
        found = {
            (row.exchange, row.symbol, row.source, row.trade_id): {
                name: row[name]
                for name in ("price", "size", "side", "event_time_us", "backfilled", "trader", "quote_size")
            }
            for row in self.rows("silver.trades")
        }
        wanted = {
            key: {name: values[name] for name in found.get(key, values) if name in values}
            for key, values in expected.trades.items()
        }
        assert found == wanted
        assert len(self.rows("silver.trades")) == len(found)
        rejected = self.rows("silver.rejected")
        assert {
            (row.shard_id, int(row.sequence_number), row.sub_sequence_number): (row.verdict, tuple(row.reasons))
            for row in rejected
        } == expected.rejected
        assert len(rejected) == len(expected.rejected)
        gaps = self.rows("silver.gaps")
        assert {(r.exchange, r.symbol, r.source, r.gap_id, r.event) for r in gaps} == set(expected.gaps)
        assert len(gaps) == len(expected.gaps)
        assert sorted((r.exchange, r.symbol, r.from_us, r.through_us) for r in self.rows("silver.coverage")) == sorted(
            (span["exchange"], span["symbol"], span["from_us"], span["through_us"]) for span in expected.coverage
        )

    def check_gold(self, expected: oracle.Silver, sources: dict[tuple[str, str], str]) -> None:
        wanted = oracle.candles(expected, sources)
        frame = self.spark.read.format("delta").load(self.lake.table_uri("gold.candles"))
        columns = ("open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume",
                   "sell_volume", "close_time_us", "complete")  # fmt: skip
        rows = frame.selectExpr(
            "exchange", "symbol", "interval", "unix_micros(window_start) start_us", "unix_micros(window_end) end_us",
            *columns,
        ).collect()  # fmt: skip
        found = {
            (row.exchange, row.symbol, row.interval, row.start_us): {name: row[name] for name in columns}
            for row in rows
        }
        assert len(rows) == len(found)
        assert found.keys() == wanted.keys()
        for key, row in found.items():
            assert row == wanted[key], key
        assert all(row.end_us - row.start_us == oracle.LENGTHS[row.interval] * 1_000_000 for row in rows)
        self._check_summary(oracle.summary(wanted))

    def _check_summary(self, wanted: dict[tuple[str, str], dict[str, Any]]) -> None:
        rows = self.rows("gold.market_summary")
        assert {(row.exchange, row.symbol) for row in rows} == wanted.keys()
        for row in rows:
            for name, value in wanted[row.exchange, row.symbol].items():
                if isinstance(value, float):
                    assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-9), (row.symbol, name)
                else:
                    assert row[name] == value, (row.symbol, name)


@pytest.fixture
def layers(spark: Any, lake: Lake) -> Layers:
    return Layers(spark, lake)


# Times cluster so that windows, buckets and weeks are shared, met at their edges and jumped over.
_EDGES_US = (0, 1, 999_999, 1_000_000, 59_999_999, 60_000_000, 3_600_000_000, 86_400_000_000, 4 * 86_400_000_000)
instants = st.builds(
    lambda back, edge: NOW_US - back * 60_000_000 - edge, st.integers(0, 12 * 1440), st.sampled_from(_EDGES_US)
)
amounts = st.one_of(
    st.decimals("0.000000000001", "999999", places=12), st.sampled_from([Decimal(1), Decimal("0.1"), Decimal("33.3")])
)


@st.composite
def market(draw: st.DrawFn) -> list[list[Record | bytes]]:
    """Batches of records of one market: trades in any order, repeats, contradictions, coverage, gaps."""
    count = draw(st.integers(1, 8))
    records: list[Record | bytes] = [
        trade(
            number,
            trade_id=draw(st.sampled_from([str(number), f"a:{number}", f"id-{number}"])),
            price=format(draw(amounts), "f"),
            size=format(draw(amounts), "f"),
            side=draw(st.sampled_from(["buy", "sell", None])),
            event_time_us=draw(instants),
            exchange=draw(st.sampled_from(["kraken", "coinbase"])),
        )
        for number in range(count)
    ]
    trades = [record for record in records if isinstance(record, Trade)]
    for again in draw(st.lists(st.sampled_from(trades), max_size=3)):
        records.append(again)
    for changed in draw(st.lists(st.sampled_from(trades), max_size=2)):
        records.append(replace(changed, price="7"))
    for start in draw(st.lists(instants, max_size=3)):
        length = draw(st.sampled_from([10_000_000, 90_000_000, 3_600_000_000, 8 * 86_400_000_000]))
        records.append(
            Coverage(exchange="kraken", symbol="BTC-USD", source="kraken", from_us=start - length,
                     through_us=start, last_id=None, received_time_us=NOW_US)
        )  # fmt: skip
    if draw(st.booleans()):
        start = draw(instants)
        length = draw(st.sampled_from([30_000_000, 200_000_000, 7_300_000_000]))
        gap: dict[str, Any] = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken", "gap_id": "g1"}
        until = draw(st.sampled_from([start, None]))
        records.append(Gap(**gap, from_id=None, to_id=None, from_us=start - length, to_us=until, reason="dropped",
                           received_time_us=NOW_US))  # fmt: skip
        if draw(st.booleans()):
            records.append(GapClosed(**gap, reason="filled", received_time_us=NOW_US))
    if draw(st.booleans()):
        records.append(b"\xff not a record")
    order = draw(st.permutations(records))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    return [list(order[: cuts[0]]), list(order[cuts[0] : cuts[1]]), list(order[cuts[1] :])]


class Markets(list[list[list[Record | bytes]]]):
    """Batches of records by market: too many to be printed."""

    def __repr__(self) -> str:
        return f"<{len(self)} markets>"


def _of_market(record: Record | bytes, symbol: str) -> bytes:
    if isinstance(record, bytes):
        return record
    if isinstance(record, Trade):
        record = replace(record, source=record.exchange)
    return encode(replace(record, symbol=symbol))


@pytest.mark.timeout(900)
@settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
)
@given(markets=st.lists(market(), min_size=20, max_size=40).map(Markets))
def test_any_order_batching_duplication_and_lateness_gives_the_oracles_tables(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, markets: Markets
) -> None:
    layers = Layers(spark, Lake(tmp_path_factory.mktemp("lake")))
    for number in range(3):
        layers.arrive(
            [_of_market(record, f"M{at}-USD") for at, batches in enumerate(markets) for record in batches[number]]
        )
        layers.refresh_gold()
    layers.check()


def test_a_batch_that_runs_again_changes_nothing(layers: Layers) -> None:
    first = layers.arrive([encode(trade(1)), encode(trade(1)), encode(trade(2, price="5")), b"garbage"])
    layers.refresh_gold()
    layers.arrive([encode(trade(3))], again=first)
    layers.refresh_gold()
    layers.check()


def test_a_deleted_gold_checkpoint_costs_only_time(layers: Layers) -> None:
    layers.arrive([encode(trade(number)) for number in range(5)])
    layers.refresh_gold()
    layers.arrive([encode(trade(number)) for number in range(5, 9)])
    layers.refresh_gold(checkpoint="another")
    layers.check()


def test_a_late_trade_rewrites_its_candles_of_every_interval(layers: Layers) -> None:
    layers.arrive([encode(trade(number)) for number in range(10, 15)])
    layers.refresh_gold()
    layers.arrive([encode(trade(1, price="50", event_time_us=NOW_US - 9 * 86_400_000_000))])
    layers.refresh_gold()
    layers.check()


def test_gold_counts_one_source_a_market_and_turns_to_a_better_one(layers: Layers) -> None:
    layers.arrive([encode(trade(number, source="finnhub")) for number in range(3)])
    layers.refresh_gold()
    layers.check({("kraken", "BTC-USD"): "finnhub"})
    layers.arrive([encode(trade(number, size="2")) for number in range(5)])
    layers.refresh_gold()
    layers.check({("kraken", "BTC-USD"): "kraken"})


def test_a_rebuild_gives_what_the_batches_gave(layers: Layers) -> None:
    layers.arrive([encode(trade(number)) for number in range(4)] + [encode(trade(0, price="9")), b"{"])
    layers.refresh_gold()
    layers.arrive([encode(trade(number)) for number in range(2, 7)])
    layers.refresh_gold()
    before = {
        name: sorted(map(str, layers.rows(name))) for name in ("silver.trades", "silver.rejected", "gold.candles")
    }
    bronze = [layers._bronze(record) for record in layers._arrived]
    layers.silver.rebuild(layers.spark.createDataFrame(bronze, BRONZE_TRADES.schema_ddl))
    layers.gold.rebuild()
    assert {name: sorted(map(str, layers.rows(name))) for name in before} == before
    layers.check()


def test_of_two_writers_on_one_turn_one_loses_and_nothing_is_doubled(layers: Layers) -> None:
    uri = layers.lake.table_uri("silver.trades")
    base = delta.snapshot(layers.spark, SILVER_TRADES, uri)
    layers.arrive([encode(trade(1))])
    frame = layers.spark.read.format("delta").load(uri)
    with pytest.raises(delta.LostRaceError, match=r"silver\.trades: another writer committed after turn 0"):
        delta.append(frame, base)
    assert len(layers.rows("silver.trades")) == 1


def test_the_layers_names_are_the_declared_ones(layers: Layers) -> None:
    for table in (GOLD_CANDLES, GOLD_MARKET_SUMMARY, SILVER_TRADES):
        frame = layers.spark.read.format("delta").load(layers.lake.table_uri(table.name))
        assert tuple(frame.columns) == table.column_names
