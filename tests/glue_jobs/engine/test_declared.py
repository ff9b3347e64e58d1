"""What is written for a declaration by the protocol is what Delta itself writes for it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from glue_jobs.engine import LostRaceError, Steps, Workspace, delta
from glue_jobs.engine.declared import creation
from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableLog, commit_actions_of
from glue_jobs.engine.transaction import commit_actions
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES, REGISTRY, SILVER_GAPS, SILVER_TRADES, Table, Upkeep
from tests.glue_jobs import by_spark
from tests.glue_jobs.engine.test_table_log import put, trades


def normal(actions: list[dict[str, Any]]) -> dict[str, Any]:
    """By kind, without what is another each time, and JSON inside of JSON read."""
    found = {kind: dict(body) for action in actions for kind, body in action.items() if kind != "commitInfo"}
    for name in ("id", "createdTime"):
        assert found["metaData"].pop(name)
    found["metaData"]["schemaString"] = json.loads(found["metaData"]["schemaString"])
    for name in ("readerFeatures", "writerFeatures"):
        if name in found["protocol"]:
            found["protocol"][name] = set(found["protocol"][name])
    if "domainMetadata" in found:
        found["domainMetadata"]["configuration"] = json.loads(found["domainMetadata"]["configuration"])
    return found


@pytest.mark.spark
@pytest.mark.parametrize(
    "table", [BRONZE_TRADES, SILVER_GAPS, SILVER_TRADES, GOLD_CANDLES], ids=lambda table: table.name
)
def test_a_table_is_made_with_the_actions_that_delta_writes(spark: Any, lake: Lake, table: Table) -> None:
    uri = lake.table_uri(table.name)
    by_spark.create(spark, table, uri)
    by_delta = commit_actions_of(place(uri), 0)
    assert by_delta is not None
    assert normal(creation(table, uri, now_ms=1)) == normal(by_delta)


@pytest.fixture
def on_s3(bucket_name: str) -> Workspace:
    return Workspace(None, Lake(f"s3://{bucket_name}/lake"), Steps())  # type: ignore[arg-type]


def ensure(workspace: Workspace, table: Table) -> Any:
    delta.ensure(TableLog(table, workspace.uri(table)))
    return TableLog(table, workspace.uri(table)).state()


def test_a_table_on_s3_is_made_once_and_then_left_alone(on_s3: Workspace) -> None:
    for table in REGISTRY.values():
        assert ensure(on_s3, table).version == 0
        assert ensure(on_s3, table).version == 0


def test_a_table_on_s3_gets_what_was_declared_since_and_keeps_the_rest(on_s3: Workspace) -> None:
    late = next(column for column in GOLD_CANDLES.columns if column.nullable)
    older = replace(GOLD_CANDLES, columns=tuple(c for c in GOLD_CANDLES.columns if c != late))
    before = ensure(on_s3, older)
    on_s3.commit(before, metadata={"position": "p"})
    after = ensure(on_s3, GOLD_CANDLES)
    assert after.columns == GOLD_CANDLES.column_names
    assert (after.version, after.table_id, after.metadata) == (2, before.table_id, {"position": "p", "turn": 1})
    assert ensure(on_s3, GOLD_CANDLES).version == 2
    rarer = replace(GOLD_CANDLES, upkeep=Upkeep(compaction=None, checkpoint_every=7))
    assert ensure(on_s3, rarer).properties["delta.checkpointInterval"] == "7"


def test_of_two_makings_at_once_one_is_made_and_both_go_on(on_s3: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    uri, real = on_s3.uri(SILVER_TRADES), Objects.put

    def other_first(self: Objects, name: str, content: bytes, *, replaces: str | None) -> str | None:
        monkeypatch.setattr(Objects, "put", real)
        assert commit_actions(uri, creation(SILVER_TRADES, uri, now_ms=5), version=-1)
        return real(self, name, content, replaces=replaces)

    monkeypatch.setattr(Objects, "put", other_first)
    state = ensure(on_s3, SILVER_TRADES)
    assert (state.version, state.described["createdTime"]) == (0, 5)


def test_a_commit_on_s3_is_put_where_none_is(on_s3: Workspace) -> None:
    ensure(on_s3, SILVER_TRADES)
    base = on_s3.state(SILVER_TRADES)
    put(on_s3, 1)
    with pytest.raises(LostRaceError):
        on_s3.commit(base, add=[on_s3.stage(SILVER_TRADES, trades(2))])
    assert on_s3.state(SILVER_TRADES).rows == 1
