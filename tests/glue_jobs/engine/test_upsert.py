"""Rows in the place of those with their key, a file a UTC day: held against a plain dictionary. No Spark."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.engine import Workspace, upsert
from glue_jobs.engine.compaction import merge
from tapehouse.lake import Lake
from tapehouse.tables import Column, Table
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

DAY = 86_400_000_000
NOON = 1_796_000_000_000_000 // DAY * DAY + DAY // 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

KINDS: dict[str, Callable[[int], Any]] = {
    "TIMESTAMP": lambda us: EPOCH + timedelta(microseconds=us),
    "BIGINT": lambda us: us,
    "DATE": lambda us: date(1970, 1, 1) + timedelta(days=us // DAY),
}


def declared(kind: str) -> Table:
    return Table(
        name="gold.kept",
        grain="one row per market and time",
        columns=(
            Column("market", "STRING", "", nullable=False),
            Column("at", kind, "", nullable=False),
            Column("price", "DECIMAL(28,12)", ""),
            Column("mean", "DOUBLE", ""),
            Column("words", "ARRAY<STRING>", ""),
        ),
        key=("market", "at"),
        time_us="unix_micros(at)" if kind == "TIMESTAMP" else "at",
    )


class Kept:
    """The table beside a dictionary of the same."""

    def __init__(self, lake: Lake, kind: str = "TIMESTAMP") -> None:
        self.table, self.at = declared(kind), KINDS[kind]
        self.workspace: Workspace = without_spark(lake, [self.table])
        self.due: dict[tuple[str, Any], dict[str, Any]] = {}

    def row(self, market: str, us: int, price: str | None = "1", **more: Any) -> dict[str, Any]:
        return {
            "market": market,
            "at": self.at(us),
            "price": price and Decimal(price),
            "mean": None,
            "words": None,
        } | more

    def put(self, rows: list[dict[str, Any]], gone: list[tuple[str, int]] = []) -> int:  # noqa: B006
        """Returns the files that the commit adds."""
        base = self.workspace.state(self.table)
        keys = rows_of(self.table, [{"market": m, "at": self.at(us)} for m, us in gone]).select(["market", "at"])
        rewrite = upsert(self.workspace, base, rows_of(self.table, rows), near="at", gone=keys)
        for market, us in gone:
            self.due.pop((market, self.at(us)), None)
        self.due |= {(row["market"], row["at"]): row for row in rows}
        if rewrite:
            self.workspace.commit(base, add=rewrite.add, remove=rewrite.remove)
        self.check()
        return len(rewrite.add)

    def check(self) -> None:
        state = self.workspace.state(self.table)
        found = self.workspace.rows(self.table, state.files).to_pylist()
        assert len(found) == len(self.due)
        assert {(row["market"], row["at"]): row for row in found} == self.due

    def paths(self) -> set[str]:
        return {each.path for each in self.workspace.state(self.table).files}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_table_is_what_a_dictionary_would_be(lake: Lake, kind: str, seed: int) -> None:
    dice, kept = random.Random(seed), Kept(lake, kind)
    for _ in range(12):
        unique: dict[tuple[str, Any], dict[str, Any]] = {}
        for _ in range(dice.randrange(12)):
            us = NOON - dice.randrange(5) * DAY + dice.randrange(-2, 2) * (DAY // 2 - dice.randrange(2))
            row = kept.row(
                dice.choice("abc"),
                us,
                dice.choice([None, "1", "2.5"]),
                mean=dice.choice([None, 0.5]),
                words=dice.choice([None, [], ["x", "y"]]),
            )
            unique[row["market"], row["at"]] = row
        gone = [(dice.choice("abc"), NOON - dice.randrange(5) * DAY) for _ in range(dice.randrange(3))]
        kept.put(list(unique.values()), [each for each in gone if (each[0], kept.at(each[1])) not in unique])
        files = kept.workspace.state(kept.table).files
        if dice.random() < 0.3 and len(files) > 1:
            merge(kept.workspace, kept.table, dice.sample(files, 2))
            kept.check()


def test_the_same_rows_again_write_nothing(lake: Lake) -> None:
    kept = Kept(lake)
    rows = [kept.row("a", NOON, words=["x"], mean=1.5), kept.row("b", NOON - DAY, None)]
    assert kept.put(rows) == 2
    assert kept.put(rows[::-1], [("c", NOON), ("a", NOON + 1)]) == 0
    assert kept.put([]) == 0


@pytest.mark.parametrize("change", [{"price": "2"}, {"price": None}, {"mean": 0.1}, {"words": ["x"]}, {"words": []}])
def test_any_column_that_differs_is_written(lake: Lake, change: dict[str, Any]) -> None:
    kept = Kept(lake)
    kept.put([kept.row("a", NOON), kept.row("b", NOON)])
    assert kept.put([kept.row("a", NOON, **change), kept.row("b", NOON)]) == 1


def test_only_the_days_that_change_are_written_again(lake: Lake) -> None:
    kept = Kept(lake)
    kept.put([kept.row("a", NOON - number * DAY) for number in range(10)])
    before = kept.paths()
    assert kept.put([kept.row("a", NOON - number * DAY, "9" if number == 4 else "1") for number in range(10)]) == 1
    assert len(before - kept.paths()) == 1
    assert len(kept.paths()) == 10


def test_of_a_merged_file_the_days_that_do_not_change_stay_together(lake: Lake) -> None:
    kept = Kept(lake)
    kept.put([kept.row("a", NOON - number * DAY) for number in range(6)])
    merge(kept.workspace, kept.table, kept.workspace.state(kept.table).files)
    assert len(kept.paths()) == 1
    assert kept.put([kept.row("b", NOON - 2 * DAY)]) == 2
    assert len(kept.paths()) == 2


def test_a_day_that_is_emptied_leaves_no_file(lake: Lake) -> None:
    kept = Kept(lake)
    kept.put([kept.row("a", NOON), kept.row("a", NOON - DAY)])
    assert kept.put([], [("a", NOON)]) == 0
    assert len(kept.paths()) == 1


def test_the_bounds_of_a_day_are_its_own(lake: Lake) -> None:
    """The first and the last microsecond of a day are of its file, and of no other."""
    kept = Kept(lake)
    first = NOON - DAY // 2
    kept.put(
        [kept.row("a", first), kept.row("a", first + DAY - 1), kept.row("a", first - 1), kept.row("a", first + DAY)]
    )
    assert len(kept.paths()) == 3
    assert kept.put([kept.row("a", first + DAY - 1, "5"), kept.row("a", first, "5")]) == 1


def test_a_key_that_comes_twice_is_refused(lake: Lake) -> None:
    kept = Kept(lake)
    row = rows_of(kept.table, [kept.row("a", NOON)])
    with pytest.raises(ValueError, match=r"gold\.kept: a key is among the rows twice"):
        upsert(kept.workspace, kept.workspace.state(kept.table), pa.concat_tables([row, row]), near="at")
