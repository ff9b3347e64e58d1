"""How new trades are put into files. No Spark."""

from typing import Any

import pyarrow as pa

from glue_jobs.silver.trades.filing import MOST_FILES, filed

HOUR_US = 3_600_000_000


def trades(*rows: tuple[str, str, int]) -> pa.Table:
    names = ("exchange", "symbol", "event_time_us")
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def told(table: pa.Table) -> list[Any]:
    return [tuple(row.values()) for row in table.to_pylist()]


def test_a_file_is_sorted_by_market_and_time() -> None:
    rows = [("b", "X", 1), ("a", "Y", 3), ("a", "X", 9), ("a", "Y", 2)]
    assert [told(file) for file in filed(trades(*rows))] == [sorted(rows)]


def test_what_is_an_hour_from_the_rest_has_a_file_of_its_own() -> None:
    late, live = ("a", "X", 5), ("a", "X", 10**15)
    near = ("b", "X", 10**15 + HOUR_US)
    assert [told(file) for file in filed(trades(live, late, near))] == [[late], [live, near]]


def test_a_batch_makes_few_files_and_parts_at_the_widest() -> None:
    rows = [("a", "X", number * 2 * HOUR_US) for number in range(50)]
    files = filed(trades(*rows, ("a", "X", 10**15)))
    assert len(files) == MOST_FILES
    assert told(files[-1]) == [("a", "X", 10**15)]
    assert sorted(row for file in files for row in told(file)) == sorted([*rows, ("a", "X", 10**15)])
