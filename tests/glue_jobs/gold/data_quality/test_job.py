"""gold.data_quality without Spark: any order, batching, kill, race and loss gives what counting plain records gives."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.bronze import Position
from glue_jobs.bronze.position import StreamGap
from glue_jobs.engine import BatchLimits, LostRaceError, TableState, Workspace, read_files, sums
from glue_jobs.engine.follow import Follower
from glue_jobs.engine.table_log import TableLog
from glue_jobs.gold.data_quality import MAKES, DataQualityJob
from glue_jobs.silver.trades import Requeue
from tapehouse.lake import Lake
from tapehouse.market import MarketKey
from tapehouse.record import Record, judge
from tapehouse.tables import (
    BRONZE_TRADES,
    FILLED,
    GOLD_DATA_QUALITY,
    GOLD_DATA_QUALITY_REASONS,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)
from tests import oracle
from tests.factories import MARKET, NOW_US, coverage, gap, gap_closed, trade
from tests.glue_jobs.silver.silver_lake import SilverLake, stricter

HOUR = 3_600_000_000
INPUTS = tuple(dict.fromkeys(table for inputs in MAKES.values() for table in inputs))
FEEDS = (MARKET, MarketKey("kraken", "ETH-USD", "finnhub"), MarketKey("okx", "BTC-USDT", "okx"))


class Counted(SilverLake):
    """With the counts behind it."""

    def __init__(self, lake: Lake, *, max_rows: int = 250_000) -> None:
        super().__init__(lake)
        self.workspace.ensure(MAKES)
        self._counting_limits = BatchLimits(max_rows=max_rows)
        self.begin()

    def begin(self) -> None:
        """Another process counts."""
        self.counting = DataQualityJob(self.workspace)
        self.behind = Follower(self.workspace, "data_quality", INPUTS, self._counting_limits)

    def forget_counts(self) -> None:
        """The progress is lost."""
        self.behind.forget()
        self.begin()

    def count(self, batches: int | None = None) -> None:
        self.counting.prepare()
        while (batches is None or batches > 0) and (batch := self.behind.next()) is not None:
            self.counting.write(batch)
            self.behind.done(batch)
            batches = None if batches is None else batches - 1

    def count_all(self) -> None:
        self.count()

    def count_a_batch(self) -> None:
        self.count(batches=1)

    def found(self, table: Table = GOLD_DATA_QUALITY) -> dict[tuple[Any, ...], dict[str, int]]:
        rows = self.rows(table)
        found = {
            (round(row["hour"].timestamp() * 1e6), *(row[name] for name in table.key[1:])): {
                name: row[name] for name in table.column_names if name not in table.key
            }
            for row in rows
        }
        assert len(found) == len(rows)
        return found

    def due(self) -> tuple[dict[tuple[Any, ...], dict[str, int]], dict[tuple[Any, ...], dict[str, int]]]:
        """Both tables, by counting one record after another."""
        layer = oracle.silver(self.arrived)
        rows: dict[tuple[Any, ...], Counter[str]] = {}
        reasons: dict[tuple[Any, ...], Counter[str]] = {}

        def of(at_us: int, source: str | None) -> Counter[str]:
            return rows.setdefault((at_us // HOUR * HOUR, source or "unknown"), Counter())

        for record in self.arrived:
            at_us, verdict = record.arrival_us, judge(record.payload, record.arrival_us)
            if record.coordinates in layer.rejected:
                name, why = layer.rejected[record.coordinates]
                source = layer.claimed[record.coordinates][2]
                of(at_us, source).update(("received", name))
                for reason in why if name == "quarantined" else ():
                    key = (at_us // HOUR * HOUR, source or "unknown", reason)
                    reasons.setdefault(key, Counter()).update(("records",))
            elif verdict.kind == "trade":
                count = of(at_us, verdict.values["source"])
                count.update(("received", "accepted"))
                count["late"] += (
                    at_us - verdict.values["event_time_us"] > 60_000_000 and not verdict.values["backfilled"]
                )
                count["backfilled"] += verdict.values["backfilled"]
            elif verdict.kind == "coverage":
                of(at_us, "*").update(("received", "coverage_records"))
            else:
                event = "gaps_opened" if verdict.kind == "gap" else "gaps_closed"
                of(at_us, verdict.values["source"]).update(("received", "gap_records", event))
        for row in self.rows(SILVER_GAPS):
            if row["event"] == FILLED or row["exchange"] == "*":
                event = "gaps_filled" if row["event"] == FILLED else "gaps_opened"
                of(round(row["arrival_time"].timestamp() * 1e6), row["source"]).update((event,))
        names = [name for name in GOLD_DATA_QUALITY.column_names if name not in GOLD_DATA_QUALITY.key]
        return (
            {key: {name: count[name] for name in names} for key, count in rows.items()},
            {key: dict(count) for key, count in reasons.items()},
        )

    def check_counts(self) -> None:
        due, reasons = self.due()
        assert self.found() == due
        assert self.found(GOLD_DATA_QUALITY_REASONS) == reasons


def some_records(dice: random.Random, many: int) -> list[Record | bytes]:
    records: list[Record | bytes] = []
    for _ in range(many):
        market, number = dice.choice(FEEDS), dice.randrange(60)
        back = dice.choice([0, 59_999_999, 60_000_000, 60_000_001, 3 * HOUR])
        one = dice.randrange(12)
        if one < 6:
            price, was_filled = dice.choice(["100"] * 4 + ["7", "-1"]), dice.random() < 0.2
            records.append(
                trade(number, market=market, event_time_us=NOW_US - back, price=price, backfilled=was_filled)
            )
        elif one == 6:
            first = dice.randrange(50)
            bounds = {"from_id": str(first), "to_id": str(first + dice.randrange(3))}
            records.append(gap(f"g{number}", market=market, **bounds))
        elif one == 7:
            records.append(gap_closed(f"g{number}", market=market))
        elif one == 8:
            records.append(coverage(NOW_US - 100 + number, NOW_US + number, market=market))
        else:
            claim: dict[str, Any] = dice.choice(
                [{"source": "kraken"}, {"source": 7}, {"source": "okx", "exchange": "okx"}, {}]
            )
            body = {"v": dice.choice([1, 2]), "kind": dice.choice(["trade", "gap", "unparsed", "x"]), **claim}
            records.append(dice.choice([json.dumps(body).encode(), b"\xff", b"[]"]))
    return records


@pytest.mark.parametrize("seed", range(8))
def test_any_order_batching_restart_repetition_and_loss_counts_each_record_once(lake: Lake, seed: int) -> None:
    dice = random.Random(seed)
    step_us = dice.choice([1_000_000, 60_000_000, HOUR // 7])
    silver = Counted(lake, max_rows=dice.choice([7, 40, 250_000]))
    for turn in range(7):
        silver.arrive(
            some_records(dice, dice.randrange(1, 40)),
            arrival_us=lambda number: NOW_US + number * step_us,
            metadata={"position": None} if turn else None,
        )
        if dice.random() < 0.3:
            silver.count(batches=1)  # bronze is ahead of silver
        silver.refresh()
        for _ in range(dice.randrange(3)):
            dice.choice([silver.begin, silver.forget_counts, silver.count_all, silver.count_a_batch])()
    silver.count()
    silver.check_counts()
    before = silver.found()
    silver.forget_counts()
    silver.count()
    assert silver.found() == before
    silver.counting.rebuild(MAKES)
    assert silver.found() == before
    silver.count()
    silver.check_counts()


def test_an_hour_s_rows_add_up_to_what_bronze_has_of_it(lake: Lake) -> None:
    silver = Counted(lake)
    dice = random.Random(5)
    silver.arrive(some_records(dice, 200), arrival_us=lambda number: NOW_US + number * 60_000_000)
    silver.refresh()
    silver.count()
    received: Counter[int] = Counter()
    for (hour, _), row in silver.found().items():
        received[hour] += row["received"]
        parts = ("accepted", "duplicate", "conflict", "quarantined", "gap_records", "coverage_records")
        assert row["received"] == sum(row[name] for name in parts)
    assert received == Counter(each.arrival_us // HOUR * HOUR for each in silver.arrived)


def test_late_is_more_than_a_minute_behind(lake: Lake) -> None:
    silver = Counted(lake)
    silver.arrive([trade(1, event_time_us=NOW_US - 60_000_000)], arrival_us=lambda number: NOW_US)
    silver.refresh()
    silver.count()
    assert silver.found()[NOW_US, "kraken"]["late"] == 0
    silver.arrive([trade(2, event_time_us=NOW_US - 60_000_001)], arrival_us=lambda number: NOW_US)
    silver.refresh()
    silver.count()
    assert silver.found()[NOW_US, "kraken"]["late"] == 1


def test_what_was_told_afterwards_is_backfilled_and_not_late(lake: Lake) -> None:
    silver = Counted(lake)
    late = trade(1, event_time_us=NOW_US - 3_600_000_000)
    silver.arrive([late, trade(2, event_time_us=NOW_US - 3_600_000_000, backfilled=True)], arrival_us=lambda _: NOW_US)
    silver.refresh()
    silver.count()
    found = silver.found()[NOW_US, "kraken"]
    assert (found["accepted"], found["late"], found["backfilled"]) == (2, 1, 1)


def test_a_gap_of_the_stream_is_told_and_is_no_record(lake: Lake) -> None:
    lost = Position("trades", NOW_US, gaps=(StreamGap(NOW_US, NOW_US + 5),))
    silver = Counted(lake)
    silver.arrive([trade(1)], metadata={"position": lost.as_json()})
    silver.refresh()
    silver.count()
    assert silver.found()[NOW_US, "trades"] == {**dict.fromkeys(silver.found()[NOW_US, "trades"], 0), "gaps_opened": 1}
    silver.check_counts()


@pytest.mark.parametrize("step", ["gold.data_quality", "gold.data_quality_reasons"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("forgets", [True, False])
def test_a_kill_around_a_commit_counts_nothing_twice(lake: Lake, step: str, when: str, forgets: bool) -> None:
    silver = Counted(lake)
    dice = random.Random(9)
    for _ in range(2):
        silver.arrive(some_records(dice, 60))
        silver.refresh()
        silver.count()
    silver.arrive(some_records(dice, 60))
    silver.refresh()

    def kill(point: str) -> None:
        if point == f"{step}:{when}":
            raise KeyboardInterrupt

    silver.on_point = kill
    with pytest.raises(KeyboardInterrupt):
        silver.count()
    silver.on_point = lambda point: None
    silver.begin()
    if forgets:
        silver.forget_counts()
    silver.count()
    silver.check_counts()


def test_of_two_that_count_the_same_batch_one_loses_and_finds_it_counted(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver = Counted(lake)
    silver.count()
    silver.arrive([trade(1), trade(2), b"\xff"])
    silver.refresh()
    batch = silver.behind.next()
    assert batch is not None
    stage = Workspace.stage
    raced: list[bool] = []

    def race(workspace: Workspace, table: Table, rows: pa.Table, **more: Any) -> Any:
        if not raced:
            raced.append(True)
            DataQualityJob(workspace).write(batch)
        return stage(workspace, table, rows, **more)

    monkeypatch.setattr(Workspace, "stage", race)
    with pytest.raises(LostRaceError):
        silver.counting.write(batch)
    silver.counting.write(batch)
    silver.behind.done(batch)
    silver.check_counts()


def rewritten(silver: Counted, table: Table, keep: pc.Expression) -> None:
    """Take rows out of a table, as whoever rewrites its files does."""
    state = silver.workspace.state(table)
    rows = silver.workspace.rows(table, state.files).filter(keep)
    silver.workspace.commit(state, add=[silver.workspace.stage(table, rows)], remove=state.files)


@pytest.mark.parametrize("loss", ["none", "checkpoint", "file"])
def test_rows_that_are_taken_out_are_subtracted(lake: Lake, loss: str) -> None:
    silver = Counted(lake)
    silver.arrive([trade(1), trade(2), trade(2), trade(3, price="-1"), b"\xff"])
    silver.refresh()
    silver.count()
    before = silver.workspace.state(SILVER_REJECTED).files
    rewritten(silver, SILVER_REJECTED, pc.field("verdict") != "quarantined")
    if loss == "checkpoint":
        silver.forget_counts()
    if loss == "file":
        for file in before:
            (Path(silver.workspace.uri(SILVER_REJECTED)) / file.path).unlink()
    silver.count()
    kept = {key: row for key, row in silver.due()[0].items() if key[1] != "unknown"}
    kept[NOW_US, "kraken"]["quarantined"] = 0
    kept[NOW_US, "kraken"]["received"] -= 1
    kept[NOW_US, "*"] = {**dict.fromkeys(kept[NOW_US, "kraken"], 0), "received": 2, "coverage_records": 2}
    assert silver.found() == kept
    assert silver.found(GOLD_DATA_QUALITY_REASONS) == {}


@pytest.mark.parametrize("table", INPUTS)
def test_an_input_whose_log_no_longer_tells_is_counted_anew(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    silver = Counted(lake)
    dice = random.Random(3)
    for _ in range(3):
        silver.arrive(some_records(dice, 30))
        silver.refresh()
        silver.count(batches=1)
    commits = TableLog.commits

    def cut(log: TableLog, after: int, through: int) -> Any:
        return None if log.table == table and through > after else commits(log, after, through)

    monkeypatch.setattr(TableLog, "commits", cut)
    silver.begin()
    silver.count()
    silver.check_counts()


def test_silver_that_was_rebuilt_is_counted_as_it_is(lake: Lake) -> None:
    silver = Counted(lake)
    dice = random.Random(4)
    silver.arrive(some_records(dice, 80))
    silver.refresh()
    silver.count()
    silver.rebuild()
    silver.forget_counts()
    silver.counting.rebuild(MAKES)
    silver.check_counts()
    silver.arrive(some_records(dice, 80))
    silver.refresh()
    silver.count()
    silver.check_counts()


def test_what_nobody_marked_as_rebuilt_is_counted_all_the_same(lake: Lake) -> None:
    """The files that went are subtracted, those that came are added."""
    silver = Counted(lake)
    silver.arrive(some_records(random.Random(4), 80))
    silver.refresh()
    silver.count()
    silver.rebuild()
    silver.count()
    silver.check_counts()


def test_merged_files_count_once_and_a_batch_reads_what_is_new_alone(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver = Counted(lake)
    for number in range(4):
        silver.arrive([trade(number), trade(number)])
        silver.refresh()
        silver.count()
    state = silver.workspace.state(SILVER_TRADES)
    rows = silver.workspace.rows(SILVER_TRADES, state.files)
    merged = silver.workspace.stage(SILVER_TRADES, rows)
    silver.workspace.commit(state, add=[merged], remove=state.files, moves_only=True)
    silver.arrive([trade(5)])
    silver.refresh()
    read: list[str] = []
    was = read_files

    def noted(uri: str, table: Table, files: Any, *more: Any) -> pa.Table:
        read.extend(table.name for _ in files)
        return was(uri, table, files, *more)

    monkeypatch.setattr(sums, "read_files", noted)
    silver.count()
    silver.check_counts()
    assert read == [SILVER_TRADES.name]  # bronze by its statistics, and no file a second time


def test_a_pass_over_nothing_commits_nothing(lake: Lake) -> None:
    silver = Counted(lake)
    silver.arrive([trade(1)])
    silver.refresh()
    silver.count()
    before = {table: silver.workspace.state(table).version for table in MAKES}
    silver.forget_counts()
    silver.count()
    assert {table: silver.workspace.state(table).version for table in MAKES} == before


def test_what_is_requeued_is_counted_where_it_is_now(lake: Lake) -> None:
    silver = Counted(lake)
    records: list[Record | bytes] = [
        *(trade(number, event_time_us=NOW_US - number * HOUR // 4) for number in range(8)),
        trade(9, event_time_us=NOW_US, price="-1"),
        coverage(NOW_US - 5, NOW_US),
        coverage(NOW_US - 4, NOW_US),
        gap("g", from_us=NOW_US - 5),
        b"\xff",
    ]
    with stricter():
        silver.arrive(records, arrival_us=lambda number: NOW_US + number * HOUR // 50)
        silver.refresh()
        silver.count()
    before = silver.found()
    assert sum(row["quarantined"] for row in before.values()) > 5
    Requeue(silver.workspace).run()
    silver.count()
    silver.check_counts()
    assert sum(row["quarantined"] for row in silver.found().values()) == 2
    silver.counting.rebuild(MAKES)
    silver.check_counts()


def told(state: TableState) -> Mapping[str, Any]:
    return (state.metadata or {})["through"]  # type: ignore[no-any-return]


def test_the_commit_says_how_far_each_input_is_counted(lake: Lake) -> None:
    silver = Counted(lake)
    silver.arrive([trade(1), b"\xff"])
    silver.refresh()
    silver.count()
    for table, inputs in MAKES.items():
        now = {each: silver.workspace.state(each) for each in inputs}
        assert told(silver.workspace.state(table)) == {
            each.name: [state.table_id, state.version] for each, state in now.items()
        }
    assert BRONZE_TRADES in MAKES[GOLD_DATA_QUALITY]
