"""What the runner does between the batches of a query."""

from collections.abc import Collection
from typing import Any

import pytest

from glue_jobs.engine import Batch, BatchLimits, Query, Runner
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_COVERAGE, SILVER_TRADES, Table
from tests.glue_jobs.engine.test_table_log import put
from tests.glue_jobs.tables_on_disk import without_spark


class Slow:
    """Takes ``seconds`` for each batch by the test's clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 100.0
        self.batches: list[int] = []
        self.left = 0

    def prepare(self) -> None:
        pass

    def write(self, batch: Batch) -> None:
        self.now += self.seconds
        self.batches.append(batch.rows)

    def more(self) -> bool:
        if not self.left:
            return False
        self.now += self.seconds
        self.left -= 1
        return True

    def rebuild(self, tables: Collection[Table]) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(("seconds", "rests"), [(4.0, 2.0), (0.1, 2.0), (4.0, 0.0)])
def test_a_query_whose_batches_take_long_rests_and_takes_the_next_commits_at_once(
    lake: Lake, seconds: float, rests: float
) -> None:
    job = Slow(seconds)
    query = Query(name="summary", makes={SILVER_COVERAGE: (SILVER_TRADES,)}, rests=rests, job=lambda _: job)
    workspace = without_spark(lake, (SILVER_TRADES, SILVER_COVERAGE))
    runner = Runner(workspace, clock=lambda: job.now)
    pieces: list[Any] = []
    for number in range(3):
        put(workspace, number)
        pieces.append(runner.piece(query))
    is_slow = seconds > 1 and rests > 0
    assert job.batches == ([1] if is_slow else [1, 1, 1])
    assert [piece.wrote for piece in pieces] == [True, not is_slow, not is_slow]
    job.now += 8.0
    runner.piece(query)
    assert job.batches == ([1, 2] if is_slow else [1, 1, 1])


@pytest.mark.parametrize("rests", [2.0, 0.0])
def test_what_waits_rests_between_its_pieces_too(lake: Lake, rests: float) -> None:
    job = Slow(4.0)
    job.left = 3
    query = Query(name="summary", makes={SILVER_COVERAGE: (SILVER_TRADES,)}, rests=rests, job=lambda _: job)
    runner = Runner(without_spark(lake, (SILVER_TRADES, SILVER_COVERAGE)), clock=lambda: job.now)
    runner.piece(query)  # of the empty table
    job.now += 60.0
    for _ in range(3):
        runner.piece(query)
    assert job.left == (2 if rests else 0)
    job.now += 8.0
    runner.piece(query)
    assert job.left == (1 if rests else 0)


def test_a_query_that_is_behind_does_not_rest(lake: Lake) -> None:
    job = Slow(4.0)
    limits = BatchLimits(max_rows=1)
    query = Query(
        name="summary", makes={SILVER_COVERAGE: (SILVER_TRADES,)}, rests=2.0, limits=limits, job=lambda _: job
    )
    workspace = without_spark(lake, (SILVER_TRADES, SILVER_COVERAGE))
    runner = Runner(workspace, clock=lambda: job.now)
    for number in range(3):
        put(workspace, number)
    for _ in range(4):
        runner.piece(query)
    assert job.batches == [1, 1, 1]


def test_what_another_process_did_while_the_lock_was_free_is_not_done_again(lake: Lake) -> None:
    mine, others = Slow(0.0), Slow(0.0)

    def runner(job: Slow) -> tuple[Runner, Query]:
        query = Query(name="summary", makes={SILVER_COVERAGE: (SILVER_TRADES,)}, job=lambda _: job)
        return Runner(without_spark(lake, ()), clock=lambda: job.now), query

    workspace = without_spark(lake, (SILVER_TRADES, SILVER_COVERAGE))
    (one, query), (other, same) = runner(mine), runner(others)

    def advance(who: Runner, of: Query) -> None:
        put(workspace, 1)
        with who.only_writer(of):
            who.advance(of)

    advance(one, query)
    advance(other, same)
    advance(other, same)
    advance(one, query)
    assert (mine.batches, others.batches) == ([1, 1], [1, 1])
