"""Rows that are older than they are kept: which go, who is told, and what the table says of it. No Spark."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from glue_jobs.engine import BatchLimits, LostRaceError, Workspace, vacuum
from glue_jobs.engine.checkpoints import write_checkpoint
from glue_jobs.engine.follow import Follower
from glue_jobs.engine.places import place
from glue_jobs.engine.retention import floor_us_of, forget, old
from glue_jobs.engine.table_log import RETENTION, TableLog, commit_actions_of
from glue_jobs.engine.upkeep import Upkeep
from glue_jobs.pipeline import Options, pipeline
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.tables import BRONZE_TRADES, SILVER_TRADES, Table
from tests.glue_jobs.engine.test_table_log import AT, COORDINATES
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

DAY: Final = 86_400_000_000
NOW: Final = 20_000 * DAY + 5_000_000
DAYS: Final = 14


def put(workspace: Workspace, *times_us: int, **metadata: Any) -> None:
    rows = [
        {"exchange": "kraken", "symbol": "BTC-USD", "base": "BTC", "quote": "USD", "source": "kraken"}
        | {"trade_id": str(at), "trade_number": Decimal(at), "event_time_us": at, "backfilled": False}
        | dict.fromkeys(("price", "size", "quote_size"), Decimal(1))
        | dict.fromkeys(("event_time", "received_time", "arrival_time"), AT) | {"event_date": AT.date()} | COORDINATES
        for at in times_us
    ]  # fmt: skip
    file = workspace.stage(SILVER_TRADES, rows_of(SILVER_TRADES, rows))
    workspace.commit(workspace.state(SILVER_TRADES), add=[file], metadata=metadata)


def times(workspace: Workspace) -> list[int]:
    state = workspace.state(SILVER_TRADES)
    found: list[int] = workspace.rows(state, state.files, ["event_time_us"]).column(0).to_pylist()
    return sorted(found)


def go(workspace: Workspace, days: int = DAYS, table: Table = SILVER_TRADES) -> None:
    """A new process's upkeep, until nothing is due."""
    upkeep = Upkeep(workspace, [table], keeps_days={table: days})
    while upkeep.step(most_bytes=1):
        pass


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES])


def test_what_is_older_than_the_newest_row_s_day_less_the_days_goes_to_the_microsecond(workspace: Workspace) -> None:
    floor_us = 20_000 * DAY - DAYS * DAY
    put(workspace, NOW, position="p")
    put(workspace, floor_us - DAY, floor_us - 1)
    put(workspace, floor_us - 1, floor_us, position="q")
    before = workspace.state(SILVER_TRADES)
    go(workspace)
    state = workspace.state(SILVER_TRADES)
    assert times(workspace) == [floor_us, NOW]
    assert (state.floor_us, state.turn, state.metadata) == (floor_us, 3, {"position": "q", "turn": 3})
    assert state.table_id == before.table_id
    with closing(DuckdbPort(workspace.lake)) as port:
        assert port.run("SELECT count(*) FROM silver.trades").rows == [(2,)]
    go(workspace)
    assert workspace.state(SILVER_TRADES).version == state.version


def test_nothing_goes_that_is_not_old_or_has_no_bound(workspace: Workspace) -> None:
    go(workspace)
    put(workspace, NOW, NOW - 10 * DAY)
    go(workspace)
    state = workspace.state(SILVER_TRADES)
    assert (times(workspace), state.floor_us) == ([NOW - 10 * DAY, NOW], None)
    no_bounds = replace(state.files[0], low={}, high={})
    assert old(replace(state, files=(no_bounds,)), 1) is None
    nothing = replace(state.files[0], low={}, high={}, path="x")
    assert not old(replace(state, files=(*state.files, nothing)), DAYS)
    null = replace(state.files[0], low={"event_time_us": 1}, high={"event_time_us": 2}, nulls={"event_time_us": 1})
    found = old(replace(state, files=(*state.files, null)), DAYS)
    assert found is not None
    assert (list(found.whole), list(found.cut)) == ([], [null])


def test_a_bound_in_milliseconds_makes_no_day_of_its_own() -> None:
    table = replace(SILVER_TRADES, time_us="unix_micros(arrival_time)")
    state = TableLog(table, "/nowhere").state()
    from glue_jobs.engine import DataFile

    file = DataFile("a", 1, 1, low={"arrival_time": "2025-10-01T00:00:00.000Z"},
                    high={"arrival_time": "2025-10-09T00:00:00.000Z"})  # fmt: skip
    found = old(replace(state, files=(file,)), 7)
    assert found is not None
    assert found.floor_us == int(datetime(2025, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000


def test_the_floor_never_goes_back_though_more_is_kept_from_now_on(workspace: Workspace) -> None:
    put(workspace, NOW, NOW - 20 * DAY, NOW - 30 * DAY)
    go(workspace, 25)
    first = workspace.state(SILVER_TRADES).floor_us
    go(workspace, 365)
    put(workspace, NOW - 40 * DAY)
    go(workspace, 365)
    assert workspace.state(SILVER_TRADES).floor_us == first
    assert times(workspace) == [NOW - 20 * DAY, NOW]
    write_checkpoint(workspace.uri(SILVER_TRADES), workspace.state(SILVER_TRADES).version, removed_since_ms=0)
    assert TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state().floor_us == first


def follower(workspace: Workspace) -> Follower:
    return Follower(workspace, "gold", (SILVER_TRADES,), BatchLimits())


def taken(of: Follower) -> tuple[list[int], int]:
    """What is new to a follower: times of rows, and files that it is told were taken out."""
    found: list[int] = []
    removed = 0
    while (batch := of.next()) is not None:
        found += batch.read(SILVER_TRADES, ["event_time_us"]).column(0).to_pylist()
        removed += len(batch.removed(SILVER_TRADES))
        of.done(batch)
    return sorted(found), removed


def test_who_follows_is_not_told_and_reads_no_row_twice(workspace: Workspace) -> None:
    put(workspace, NOW - 20 * DAY)
    put(workspace, NOW - 20 * DAY, NOW - DAY)
    of = follower(workspace)
    assert taken(of) == ([NOW - 20 * DAY, NOW - 20 * DAY, NOW - DAY], 0)
    put(workspace, NOW)
    assert taken(of) == ([NOW], 0)
    go(workspace)
    assert times(workspace) == [NOW - DAY, NOW]
    assert taken(of) == ([], 0)
    state = workspace.state(SILVER_TRADES)
    workspace.commit(state, remove=state.files[:1])
    assert taken(of)[1] == 1


def test_what_a_query_has_still_before_it_stays_until_it_was_read(workspace: Workspace) -> None:
    of = follower(workspace)
    put(workspace, NOW)
    taken(of)
    put(workspace, NOW - 20 * DAY)
    go(workspace)
    assert times(workspace) == [NOW - 20 * DAY, NOW]
    assert taken(of) == ([NOW - 20 * DAY], 0)
    go(workspace)
    assert times(workspace) == [NOW]


def test_while_a_query_begins_anew_everything_stays(workspace: Workspace) -> None:
    for at in (NOW, NOW - 20 * DAY, NOW - 30 * DAY):
        put(workspace, at)
    of = Follower(workspace, "gold", (SILVER_TRADES,), BatchLimits(max_rows=1))
    batch = of.next()
    assert batch is not None
    of.done(batch)
    go(workspace)
    assert len(times(workspace)) == 3
    assert len(taken(of)[0]) == 2
    go(workspace)
    assert times(workspace) == [NOW]


def test_files_on_both_sides_are_cut_a_few_a_step(workspace: Workspace) -> None:
    for at in range(5):
        put(workspace, NOW - 20 * DAY - at, NOW - at)
    upkeep = Upkeep(workspace, [SILVER_TRADES], keeps_days={SILVER_TRADES: DAYS})
    versions = []
    while forget(workspace, SILVER_TRADES, DAYS, unread=(), most_bytes=1):
        versions.append(workspace.state(SILVER_TRADES).rows)
    assert versions == [9, 8, 7, 6, 5]
    assert not upkeep._tables[0]._forget(10**13, 1)


def test_a_commit_between_the_look_and_ours_is_met(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    put(workspace, NOW, NOW - 20 * DAY)
    stage = Workspace.stage

    def other_first(self: Workspace, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(Workspace, "stage", stage)
        put(workspace, NOW + 1)
        return stage(self, *args, **options)

    monkeypatch.setattr(Workspace, "stage", other_first)
    with pytest.raises(LostRaceError):
        forget(workspace, SILVER_TRADES, DAYS, unread=(), most_bytes=1)
    assert times(workspace) == [NOW - 20 * DAY, NOW, NOW + 1]


def test_the_pipeline_hands_the_setting_to_who_writes_the_table_and_refuses_what_cannot_be() -> None:
    made = pipeline(Options(retention={"silver.trades": 14, "bronze.trades": 2}))
    assert {query.name: dict(query.keeps_days) for query in made if query.keeps_days} == {
        "bronze": {BRONZE_TRADES: 2}, "silver": {SILVER_TRADES: 14}
    }  # fmt: skip
    for wrong in ({"silver.trades": 13}, {"bronze.trades": 1}, {"gold.candles": 30}, {"silver.tradse": 30}):
        ((name, days),) = wrong.items()
        with pytest.raises(TerminalError, match=rf"{name}={days} cannot be: .*silver\.trades \(14 days at least\)"):
            pipeline(Options(retention=wrong))


def test_bronze_keeps_its_position_and_its_days(lake: Lake) -> None:
    workspace = without_spark(lake, [BRONZE_TRADES])
    for day in range(10):
        arrival = datetime(2025, 10, 1, 23, 59, 59, 999_000, tzinfo=UTC) + timedelta(days=day)
        row = {**COORDINATES, "payload": b"x", "partition_key": "k", "arrival_time": arrival, "ingested_at": arrival}
        row["arrival_date"] = arrival.date()
        file = workspace.stage(BRONZE_TRADES, rows_of(BRONZE_TRADES, [row]), partition={"arrival_date": arrival.date()})
        workspace.commit(workspace.state(BRONZE_TRADES), add=[file], metadata={"position": {"day": day}})
    go(workspace, 2, BRONZE_TRADES)
    state = workspace.state(BRONZE_TRADES)
    assert sorted(each.partition["arrival_date"] or "" for each in state.files) == [
        "2025-10-08", "2025-10-09", "2025-10-10"
    ]  # fmt: skip
    assert state.metadata == {"position": {"day": 9}, "turn": 10}
    told = commit_actions_of(place(state.uri), state.version)
    assert told is not None
    assert told[0]["commitInfo"]["operation"] == RETENTION
    assert all(each["remove"]["dataChange"] for each in told if "remove" in each)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_whenever_what_is_kept_is_what_came_since_the_floor(lake: Lake, seed: int) -> None:
    """Against a list: commits, retention, merging, and disk cleared, in any order."""
    dice = random.Random(seed)
    workspace = without_spark(lake, [SILVER_TRADES])
    came: list[int] = []
    newest, floor_us = NOW, -(2**63)
    for _ in range(25):
        match dice.randrange(4):
            case 0 | 1:
                newest += dice.randrange(2 * DAY)
                new = [newest - dice.randrange(dice.choice([DAY, 40 * DAY])) for _ in range(dice.randrange(1, 4))]
                put(workspace, *new)
                came += new
            case 2:
                go(workspace)
                if any(at < floor_us_of(max(came, default=0), DAYS) for at in came) and came:
                    floor_us = max(floor_us, floor_us_of(max(came), DAYS))
                came = [at for at in came if at >= floor_us]
                assert times(workspace) == sorted(came)
            case 3:
                tombstones = vacuum.Tombstones(workspace, SILVER_TRADES)
                vacuum.delete_removed(workspace, SILVER_TRADES, tombstones, after_ms=0, before_ms=10**14)
                workspace = Workspace(None, lake, workspace.steps)  # type: ignore[arg-type]
        assert times(workspace) == sorted(came)
