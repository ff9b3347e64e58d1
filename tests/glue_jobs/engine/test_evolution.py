"""A declaration that changes: what a table becomes by itself, what is refused, and what a rebuild makes of it."""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import Batch, LostRaceError, Query, Runner, Steps, Workspace, delta, schema_of
from glue_jobs.engine.declared import clashes
from glue_jobs.engine.transaction import commit_actions
from glue_jobs.engine.upkeep import Upkeep
from glue_jobs.refresh import Refresh
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.tables import Column, Table

SOURCE: Final = Table(
    name="bronze.source",
    grain="one row per number",
    columns=(Column("number", "BIGINT", "any", nullable=False), Column("word", "STRING", "any")),
    key=("number",),
    time_us="number",
)
MADE: Final = replace(SOURCE, name="silver.made")
LAST: Final = replace(SOURCE, name="gold.last")
NOTE: Final = Column("note", "STRING", "declared since")
DAY: Final = Column("day", "DATE", "declared since, too")
FIRST: Final = Column("number", "BIGINT", "any", nullable=False)


def workspace(lake: Lake, on_point: Callable[[str], None] = lambda point: None) -> Workspace:
    """As another process has it."""
    return Workspace(None, lake, Steps(on_point=on_point))  # type: ignore[arg-type]


def rows(table: Table, *numbers: int) -> pa.Table:
    values = [{"number": number, "word": f"w{number}", "amount": number} for number in numbers]
    schema = schema_of(table)
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in values], schema=schema)


def put(lake: Lake, table: Table, *numbers: int, metadata: Mapping[str, Any] | None = None) -> None:
    made = workspace(lake)
    made.ensure([table])
    made.commit(made.state(table), add=[made.stage(table, rows(table, *numbers))], metadata=metadata)


def read(lake: Lake, table: Table) -> list[dict[str, Any]]:
    made = workspace(lake)
    found: list[dict[str, Any]] = made.rows(table, made.state(table).files).sort_by("number").to_pylist()
    return found


def by_duckdb(lake: Lake, table: Table) -> list[tuple[Any, ...]]:
    """What an engine that is not ours makes of the log."""
    with closing(DuckdbPort(lake)) as port:
        return list(port.run(f"SELECT * FROM {table.name} ORDER BY 1").rows)


# What needs no row rewritten.


@pytest.mark.parametrize(
    "columns",
    [
        (*SOURCE.columns, NOTE),
        (NOTE, *SOURCE.columns),
        (SOURCE.columns[0], NOTE, DAY, SOURCE.columns[1]),
        (replace(SOURCE.columns[0], nullable=True), replace(SOURCE.columns[1], comment="other words")),
        SOURCE.columns[::-1],
    ],
    ids=["at_the_end", "in_front", "two_between", "looser", "another_order"],
)
def test_a_table_becomes_what_was_declared_since_without_a_row_rewritten(
    lake: Lake, columns: tuple[Column, ...]
) -> None:
    put(lake, MADE, 1, 2, metadata={"position": "p"})
    before = workspace(lake).state(MADE)
    now = replace(MADE, columns=columns, grain="other words")
    made = workspace(lake)
    made.ensure([now])
    state = made.state(now)
    assert (state.files, state.table_id, state.turn, state.metadata) == (
        before.files, before.table_id, 1, {"position": "p", "turn": 1}
    )  # fmt: skip
    fields = json.loads(state.described["schemaString"])["fields"]
    told = [(f["name"], f["nullable"], f["metadata"]["comment"]) for f in fields]
    assert told == [(c.name, c.nullable, c.comment) for c in columns]
    put(lake, now, 3)
    assert [{name: row[name] for name in ("number", "word")} for row in read(lake, now)] == [
        {"number": n, "word": f"w{n}"} for n in (1, 2, 3)
    ]
    assert all(row.get("note") is None and row.get("day") is None for row in read(lake, now))
    version = workspace(lake).state(now).version
    workspace(lake).ensure([now])
    assert workspace(lake).state(now).version == version


def test_rows_from_before_and_since_are_read_by_another_engine_and_merged(lake: Lake) -> None:
    put(lake, MADE, 1)
    now = replace(MADE, columns=(FIRST, NOTE, MADE.columns[1]))
    put(lake, now, 2)
    assert by_duckdb(lake, now) == [(1, None, "w1"), (2, None, "w2")]
    for number in range(3, 12):
        put(lake, now, number)
    made = workspace(lake)
    assert Upkeep(made, [now]).step()
    assert len(made.state(now).files) < 11
    assert by_duckdb(lake, now) == [(n, None, f"w{n}") for n in range(1, 12)]


def test_columns_declared_by_two_at_once_beside_a_writer_are_all_there(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver's commit, and another one's columns, come between the look and the change."""
    put(lake, MADE, 1)
    one = replace(MADE, columns=(*MADE.columns, NOTE, DAY))
    driver = workspace(lake)
    base = driver.state(MADE)
    between = [lambda: put(lake, MADE, 2), lambda: workspace(lake).ensure([one])]
    real = commit_actions

    def other_first(*args: Any, **options: Any) -> bool:
        if between:
            between.pop(0)()
        return real(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(delta, "commit_actions", other_first)
        workspace(lake).ensure([one])
    assert workspace(lake).state(one).columns == one.column_names
    assert [row["number"] for row in read(lake, one)] == [1, 2]
    with pytest.raises(LostRaceError):
        driver.commit(base, add=[driver.stage(MADE, rows(MADE, 3))])


def test_a_driver_of_before_may_not_write_over_columns_that_it_does_not_know(lake: Lake) -> None:
    put(lake, MADE, 1)
    driver = workspace(lake)
    driver.ensure([MADE])
    put(lake, replace(MADE, columns=(*MADE.columns, NOTE)), 2)
    with pytest.raises(TerminalError, match=r"note was STRING, is not declared \(by a newer version"):
        driver.commit(driver.state(MADE), add=[driver.stage(MADE, rows(MADE, 3))])
    assert not Upkeep(driver, [MADE]).step()


# What does.

CHANGES: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "type": ({"columns": (FIRST, Column("word", "DOUBLE", "any"))}, "word was STRING, is DOUBLE"),
    "wider": (
        {"columns": (FIRST, Column("word", "STRING", "any"), Column("amount", "BIGINT", "any", nullable=False))},
        "amount was not there, is BIGINT and may not be null",
    ),
    "dropped": ({"columns": (FIRST,)}, "word was STRING, is not declared"),
    "renamed": ({"columns": (FIRST, Column("text", "STRING", "any"))}, "word was STRING, is not declared"),
    "tighter": (
        {"columns": (FIRST, Column("word", "STRING", "any", nullable=False))},
        "word might be null, may not now",
    ),
    "partitions": ({"partition_by": ("word",)}, "its partitions were none, are word"),
    "key": ({"key": ("number", "word")}, "its key was number, is number, word"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_rows_cannot_be_is_refused_with_the_command_that_mends_it(lake: Lake, change: str) -> None:
    changes, says = CHANGES[change]
    for table in (MADE, SOURCE):
        put(lake, table, 1)
        now = replace(table, **changes)
        version = workspace(lake).state(now).version
        with pytest.raises(TerminalError) as refused:
            workspace(lake).ensure([now])
        assert f"{table.name} is not what it is declared to be" in str(refused.value)
        assert says in str(refused.value)
        assert ("`tapehouse rebuild silver.made`" in str(refused.value)) is (table is MADE)
        assert ("a new one that may be null beside it" in str(refused.value)) is (table is SOURCE)
        assert workspace(lake).state(now).version == version
        assert not Upkeep(workspace(lake), [now]).step()


@pytest.mark.parametrize("change", CHANGES)
def test_a_table_without_rows_becomes_whatever_is_declared(lake: Lake, change: str) -> None:
    made = workspace(lake)
    made.ensure([MADE])
    made.commit(made.state(MADE), metadata={"position": "p"})
    now = replace(MADE, **CHANGES[change][0])
    made = workspace(lake)
    made.ensure([now])
    state = made.state(now)
    assert (clashes(state), state.metadata) == ((), {"position": "p", "turn": 1})
    assert (state.columns, state.partition_by) == (now.column_names, now.partition_by)


# The mend.


class Killed(BaseException):
    """As good as a signal."""


class Copy:
    """Makes one table of another; a pass of nothing new writes nothing."""

    def __init__(self, made: Workspace, of: Table, table: Table) -> None:
        self._ws, self._of, self._table = made, of, table

    def prepare(self) -> None:
        pass

    def write(self, batch: Batch) -> None:
        there = [row["number"] for row in self._rows(self._table).to_pylist()]
        read = batch.read(self._of, ["number"])
        new = read.filter(pc.invert(pc.is_in(read.column("number"), pa.array(there, pa.int64()))))
        if new.num_rows:
            add = [self._ws.stage(self._table, rows(self._table, *new.column("number").to_pylist()), **self._filed())]
            self._ws.commit(self._ws.state(self._table), add=add)

    def more(self) -> bool:
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        with self._ws.steps.step(f"{self._table.name} rebuild"):
            base = self._ws.state(self._table)
            numbers = self._rows(self._of).column("number").to_pylist()
            with self._ws.steps.step(f"{self._table.name} staged"):
                add = [self._ws.stage(self._table, rows(self._table, *numbers), **self._filed())] if numbers else []
            if add or base.files:
                self._ws.commit(base, add=add, remove=base.files)

    def _filed(self) -> dict[str, Any]:
        return {"partition": {"word": "w1"}} if self._table.partition_by else {}

    def _rows(self, table: Table) -> pa.Table:
        return self._ws.rows(table, self._ws.state(table).files)


class Intake:
    def drain(self) -> int:
        return 0

    def turn(self) -> Any:
        raise NotImplementedError


def queries(made: Table = MADE, last: Table = LAST) -> tuple[Query, ...]:
    return (
        Query(name="source", makes={SOURCE: ()}, job=lambda _: Intake()),
        Query(name="made", makes={made: (SOURCE,)}, job=lambda ws: Copy(ws, SOURCE, made)),
        Query(name="last", makes={last: (made,)}, job=lambda ws: Copy(ws, made, last)),
    )


def process(lake: Lake, of: tuple[Query, ...], on_point: Callable[[str], None] = lambda point: None) -> Refresh:
    return Refresh(None, lake, of, on_point=on_point)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "partitions"])
def test_a_rebuild_makes_the_table_what_is_declared_in_one_commit(lake: Lake, change: str) -> None:
    put(lake, SOURCE, 1, 2)
    process(lake, queries()).once()
    before = workspace(lake).state(MADE)
    now = replace(MADE, **CHANGES[change][0])
    if change == "tighter":
        now = replace(now, columns=(FIRST, replace(now.columns[1])))
    changed = queries(now)
    with pytest.raises(TerminalError, match=r"tapehouse rebuild silver\.made"):
        process(lake, changed).once()
    if change == "type":
        now = replace(MADE, columns=(FIRST, Column("word", "BINARY", "any")))
        changed = queries(now)
    process(lake, changed).rebuild(MADE.name)
    state = workspace(lake).state(now)
    assert (clashes(state), state.columns, state.version) == ((), now.column_names, before.version + 1)
    assert state.table_id != before.table_id
    assert [row["number"] for row in read(lake, now)] == [row["number"] for row in read(lake, LAST)] == [1, 2]
    assert [row[0] for row in by_duckdb(lake, now)] == [1, 2]
    put(lake, SOURCE, 3)
    process(lake, changed).once()
    assert [row["number"] for row in read(lake, now)] == [row["number"] for row in read(lake, LAST)] == [1, 2, 3]


RENAMED: Final = replace(MADE, columns=(FIRST, Column("amount", "BIGINT", "any")))
POINTS: Final = [
    f"{table} {step}:{at}"
    for table in ("silver.made", "gold.last")
    for step in ("rebuild", "staged")
    for at in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
def test_a_rebuild_that_is_killed_anywhere_is_finished_by_the_next_pass(lake: Lake, point: str) -> None:
    put(lake, SOURCE, 1, 2)
    process(lake, queries()).once()
    last = replace(LAST, columns=RENAMED.columns)
    changed = queries(RENAMED, last)

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    with pytest.raises(Killed):
        process(lake, changed, kill).rebuild(MADE.name)
    for table in (MADE, LAST):  # a reader sees what was or what is, whole
        old = {**dict.fromkeys([1, 2]), 1: "w1", 2: "w2"}
        found = by_duckdb(lake, table)
        assert found in ([(n, old[n]) for n in (1, 2)], [(1, 1), (2, 2)])
    put(lake, SOURCE, 3)
    process(lake, changed).once()
    for table in (RENAMED, last):
        assert by_duckdb(lake, table) == [(1, 1), (2, 2), (3, 3)]
    assert not list((Path(lake.uri) / "_checkpoints").glob("*.rebuild"))


def test_a_follower_of_a_table_that_was_made_anew_begins_anew(lake: Lake) -> None:
    put(lake, SOURCE, 1, 2)
    process(lake, queries()).once()
    other = workspace(lake)
    follower = Runner(other).follower(Query(name="other", makes={LAST: (MADE,)}, job=lambda ws: Copy(ws, MADE, LAST)))
    first = follower.next()
    assert first is not None
    follower.done(first)
    assert follower.next() is None
    process(lake, queries(RENAMED)).rebuild(MADE.name)
    again = follower.next()
    assert again is not None
    assert [row["number"] for row in again.read(MADE, ["number"]).to_pylist()] == [1, 2]
    assert again.removed(MADE) == ()


def test_a_rebuild_of_nothing_leaves_an_empty_table_of_the_declaration(lake: Lake) -> None:
    put(lake, MADE, 1)
    process(lake, queries(RENAMED)).rebuild(MADE.name)
    state = workspace(lake).state(RENAMED)
    assert (state.files, clashes(state), state.columns) == ((), (), RENAMED.column_names)


def test_a_rebuild_is_not_begun_where_what_it_reads_is_refused(lake: Lake) -> None:
    put(lake, SOURCE, 1)
    process(lake, queries()).once()
    last = replace(LAST, columns=RENAMED.columns)
    with pytest.raises(TerminalError, match=r"rebuild silver\.made"):
        process(lake, queries(RENAMED, last)).rebuild(LAST.name)
    assert not list((Path(lake.uri) / "_checkpoints").glob("*.rebuild"))
    process(lake, queries(RENAMED, last)).rebuild(MADE.name)
    assert by_duckdb(lake, last) == [(1, 1)]


def test_of_two_that_make_a_table_anew_one_does(lake: Lake) -> None:
    put(lake, MADE, 1)
    one, two = workspace(lake), workspace(lake)
    with one.replacing([RENAMED]), two.replacing([RENAMED]):
        bases = [each.state(RENAMED) for each in (one, two)]
        one.commit(bases[0], add=[one.stage(RENAMED, rows(RENAMED, 5))])
        with pytest.raises(LostRaceError):
            two.commit(bases[1], add=[two.stage(RENAMED, rows(RENAMED, 6))])
    assert by_duckdb(lake, RENAMED) == [(5, 5)]
