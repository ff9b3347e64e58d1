"""The corpus: each question at home against Trino's answer, which is kept; with a Trino, the answers against it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tapehouse.lake import Lake
from tapehouse.query.dialect import calls, functions
from tapehouse.query.duckdb_port import DuckdbPort
from tests.small_lake import written
from tests.tapehouse.query import corpus
from tests.tapehouse.query.corpus import Outcome
from tests.trino import Answer, Trino, trino

__all__ = ["trino"]
PAGE = Path(__file__).parents[3] / "docs" / "query.md"
RECORD = "record Trino's answers, as tests/tapehouse/query/corpus/__init__.py says"


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


@pytest.fixture(scope="module")
def outcomes(port: DuckdbPort) -> Mapping[str, Sequence[Outcome]]:
    """What came of each question, by topic."""
    return {
        topic: [corpus.outcome(port, sql, due) for sql, due in corpus.recorded(topic).items()]
        for topic in corpus.TOPICS
    }


@pytest.mark.parametrize("topic", corpus.TOPICS)
def test_nothing_is_answered_otherwise_than_trino_does(outcomes: Mapping[str, Sequence[Outcome]], topic: str) -> None:
    assert [each.sql for each in outcomes[topic]] == corpus.questions(topic), RECORD
    assert [each for each in outcomes[topic] if each.verdict == "different"] == []


def test_the_corpus_is_large_and_each_verdict_is_there(outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    verdicts = Counter(each.verdict for found in outcomes.values() for each in found)
    assert sum(verdicts.values()) >= 250
    assert verdicts.keys() == {"equal", "error", "refused"}


def test_a_difference_of_a_row_a_type_a_name_or_an_error_is_seen(port: DuckdbPort) -> None:
    sql = "SELECT 1.5 AS x"
    due = Answer([("x", "decimal(2, 1)")], [["1.5"]])
    assert corpus.outcome(port, sql, due).verdict == "equal"
    for columns, rows in (
        ([("x", "decimal(2, 1)")], [["1.50"]]),
        ([("x", "decimal(3, 1)")], [["1.5"]]),
        ([("y", "decimal(2, 1)")], [["1.5"]]),
        ([("x", "decimal(2, 1)")], [["1.5"], ["1.5"]]),
    ):
        assert corpus.outcome(port, sql, Answer(columns, rows)).verdict == "different"
    assert corpus.outcome(port, sql, Answer([], [], "DIVISION_BY_ZERO")).verdict == "different"
    assert corpus.outcome(port, "SELECT 1 / 0", Answer([("_col0", "integer")], [[None]])).verdict == "different"


def test_every_function_that_is_answered_is_in_a_question_that_is_equal(
    outcomes: Mapping[str, Sequence[Outcome]],
) -> None:
    asked = " ".join(each.sql.lower() for found in outcomes.values() for each in found if each.verdict == "equal")
    assert [name for name in answered() if not re.search(rf"\b{name}\s*\(", asked)] == []


def test_the_page_tells_the_figures_the_functions_and_what_is_refused(
    outcomes: Mapping[str, Sequence[Outcome]], request: pytest.FixtureRequest
) -> None:
    head, mark, _ = PAGE.read_text(encoding="utf-8").partition(" no Trino needed -->\n")
    due = f"{head}{mark}\n{told(outcomes)}"
    if request.config.getoption("--record"):
        PAGE.write_text(due, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == due, "run this test with --record"


@pytest.mark.athena
@pytest.mark.parametrize("topic", corpus.TOPICS)
def test_the_answers_that_are_kept_are_trinos(
    trino: Trino, lake: Lake, topic: str, request: pytest.FixtureRequest
) -> None:
    trino.register("silver.trades", lake.table_uri("silver.trades"))
    asked = corpus.questions(topic)
    with ThreadPoolExecutor(4) as threads:
        answers = dict(zip(asked, threads.map(trino.answer, asked), strict=True))
    if request.config.getoption("--record"):
        corpus.record(topic, answers)
    kept = corpus.recorded(topic)
    assert {sql: corpus.in_order(sql, answer) for sql, answer in answers.items()} == {
        sql: corpus.in_order(sql, answer) for sql, answer in kept.items()
    }


def answered() -> list[str]:
    """The functions that are answered, by name."""
    known = {*functions.scalars(), *functions.aggregates(), *functions.windows(), *calls.SPECIAL, "listagg", "if"}
    return sorted(known - {"approx_distinct", "approx_percentile", "if"})


def told(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """The page's last part."""
    lines = ["| topic | questions | equal | an error in both | refused by name |", "|---|---|---|---|---|"]
    total: Counter[str] = Counter()
    for topic, found in outcomes.items():
        counts = Counter(each.verdict for each in found)
        total += counts
        lines.append(f"| {topic} | {len(found)} | {counts['equal']} | {counts['error']} | {counts['refused']} |")
    lines.append(f"| **in all** | **{total.total()}** | {total['equal']} | {total['error']} | {total['refused']} |")
    lines += ["", f"Answered otherwise than by Trino: {total['different']}.", "", "### Functions that are answered", ""]
    lines += [", ".join(f"`{name}`" for name in answered()) + ".", "", "### What is refused", ""]
    lines += ["As the corpus meets it, with the question; all that is not known is refused alike.", "", "```text"]
    refused = {
        each.refusal: each.sql
        for found in outcomes.values()
        for each in found
        if each.refusal is not None and each.verdict == "refused" and "://" not in each.sql
    }
    lines += [f"{what}\n    {sql if len(sql) <= 110 else f'{sql[:109]}…'}" for what, sql in sorted(refused.items())]
    return "\n".join([*lines, "```", ""])
