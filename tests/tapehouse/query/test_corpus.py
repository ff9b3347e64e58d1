"""The corpus: each question at home against Trino's answer, which is kept; with a Trino, the answers against it."""

from collections.abc import Iterator

import pytest

from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tests.small_lake import written
from tests.tapehouse.query import corpus
from tests.trino import Trino, trino

__all__ = ["trino"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the one table that is asked for."""
    made = Lake(tmp_path_factory.mktemp("corpus") / "lake")
    written(made, "silver.trades", corpus.COLUMNS, corpus.ROWS)
    return made


@pytest.fixture(scope="module")
def port(lake: Lake) -> Iterator[DuckdbPort]:
    found = DuckdbPort(lake)
    yield found
    found.close()


@pytest.mark.parametrize("topic", corpus.TOPICS)
def test_nothing_is_answered_otherwise_than_trino_does(port: DuckdbPort, topic: str) -> None:
    answers = corpus.recorded(topic)
    assert set(answers) == set(corpus.questions(topic)), "record Trino's answers: see tests/tapehouse/query/corpus"
    found = [corpus.outcome(port, sql, due) for sql, due in answers.items()]
    assert [each for each in found if each.verdict == "different"] == []


@pytest.mark.athena
@pytest.mark.parametrize("topic", corpus.TOPICS)
def test_the_answers_that_are_kept_are_trinos(
    trino: Trino, lake: Lake, topic: str, request: pytest.FixtureRequest
) -> None:
    trino.register("silver.trades", lake.table_uri("silver.trades"))
    answers = {sql: trino.answer(sql) for sql in corpus.questions(topic)}
    if request.config.getoption("--record"):
        corpus.record(topic, answers)
    kept = corpus.recorded(topic)
    assert {sql: corpus.in_order(sql, answer) for sql, answer in answers.items()} == {
        sql: corpus.in_order(sql, answer) for sql, answer in kept.items()
    }
