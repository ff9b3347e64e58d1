"""A rebuild that is killed between its commits is finished by the next pass, layer after layer."""

from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import Batch, Query, Runner
from glue_jobs.pipeline import pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.silver.trades.judged import judged_rows
from tapehouse.errors import TransientError
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES, SILVER_TRADES, Table
from tests.glue_jobs.layers import trade
from tests.glue_jobs.silver.silver_lake import SilverLake
from tests.glue_jobs.tables_on_disk import without_spark

SILVER_QUERY = pipeline()[1]


class Killed(BaseException):
    """As good as a signal."""


@pytest.mark.parametrize("table", [table.name for table in SILVER_QUERY.writes])
@pytest.mark.parametrize(("before", "after"), [("2", "none"), ("none", "2")])
def test_each_record_is_in_one_table_after_a_kill_between_the_commits(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, before: str, after: str, table: str
) -> None:
    """``before``, ``after``: the trade that the rule of before, and the mended one, refuses."""
    refused = before

    def by_the_rule(bronze: pa.Table) -> pa.Table:
        rows = judged_rows(bronze)
        reasons = [["a rule"] if trade_id == refused else [] for trade_id in rows.column("trade_id").to_pylist()]
        at = rows.schema.get_field_index("reasons")
        return rows.set_column(at, rows.schema.field(at), pa.array(reasons, rows.schema.field(at).type))

    monkeypatch.setattr("glue_jobs.silver.trades.parts.judged_rows", by_the_rule)
    silver = SilverLake(lake)
    silver.arrive([trade(1, trade_id="1"), trade(2, trade_id="2")])
    runner = Runner(silver.workspace)
    runner.advance(SILVER_QUERY)
    refused = after

    def kill(point: str) -> None:
        if point == f"{table} rebuild:before":
            raise Killed

    silver.on_point = kill
    runner.mark(SILVER_QUERY, SILVER_QUERY.writes, anew=False)
    with pytest.raises(Killed):
        runner.rebuild(SILVER_QUERY)
    silver.on_point = lambda point: None
    Runner(silver.workspace).advance(SILVER_QUERY)
    trades, rejected = (
        silver.workspace.rows(each, silver.workspace.state(each).files) for each in SILVER_QUERY.writes[:2]
    )
    assert sorted(trades.column("trade_id").to_pylist()) == (["1"] if after == "2" else ["1", "2"])
    assert rejected.num_rows == (1 if after == "2" else 0)
    assert pc.count(trades.column("trade_id")).as_py() + rejected.num_rows == 2


class Intake:
    def drain(self) -> int:
        return 0

    def turn(self) -> Any:
        raise NotImplementedError


class Told:
    """Says what it was asked for."""

    def __init__(self, name: str, said: list[str]) -> None:
        self._name, self._said = name, said
        self.kill = False

    def prepare(self) -> None:
        self._said.append(f"{self._name} pass")

    def write(self, batch: Batch) -> None:
        pass

    def more(self) -> bool:
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        if self.kill:
            raise Killed
        self._said.append(f"{self._name} rebuild")


@pytest.mark.parametrize("killed", ["silver", "gold"])
def test_what_hangs_on_a_killed_rebuild_is_rebuilt_after_it(lake: Lake, killed: str) -> None:
    said: list[str] = []
    jobs = {name: Told(name, said) for name in ("silver", "gold")}
    queries = (
        Query(name="bronze", makes={BRONZE_TRADES: ()}, job=lambda workspace: Intake()),
        Query(name="silver", makes={SILVER_TRADES: (BRONZE_TRADES,)}, job=lambda workspace: jobs["silver"]),
        Query(name="gold", makes={GOLD_CANDLES: (SILVER_TRADES,)}, job=lambda workspace: jobs["gold"]),
    )
    there = without_spark(lake, (BRONZE_TRADES, SILVER_TRADES, GOLD_CANDLES))._there

    def refresh() -> Refresh:
        made = Refresh(None, lake, queries)  # type: ignore[arg-type]
        made._workspace._there.update(there)
        return made

    refresh().once()
    jobs[killed].kill = True
    with pytest.raises(Killed):
        refresh().rebuild("silver.trades")
    jobs[killed].kill = False
    said.clear()
    if killed == "silver":
        with pytest.raises(TransientError, match=r"waits for the rebuild of silver\.trades"):
            refresh().once(layer="gold")
    refresh().once()
    first = ["silver rebuild"] if killed == "silver" else []
    assert said == [*first, "silver pass", "gold rebuild", "gold pass"]
    said.clear()
    refresh().once()
    assert said == ["silver pass", "gold pass"]
