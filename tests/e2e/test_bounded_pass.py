"""``ONCE=1 make run-app`` from nothing: its account holds, and every question of the dashboards has an answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from metabase.question import Question
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tests.e2e.once import run_once
from tests.metabase.drawn import BOOK, is_drawn_by, opened

pytestmark = [pytest.mark.e2e, pytest.mark.spark, pytest.mark.timeout(900)]

ACCOUNT = re.compile(
    r"^([\d,]+) bronze records = ([\d,]+) trades \+ ([\d,]+) rejected \+ ([\d,]+) gaps \+ ([\d,]+) coverage$", re.M
)


class Pass:
    """What the command said, and the lake that it left."""

    def __init__(self, folder: Path) -> None:
        self.said, self.lake = run_once(folder), Lake(folder)


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Pass:
    return Pass(tmp_path_factory.mktemp("once") / "lake")


@pytest.fixture(scope="module")
def port(bounded: Pass) -> Iterator[DuckdbPort]:
    found = DuckdbPort(bounded.lake)
    yield found
    found.close()


def test_the_account_holds_of_a_market_that_is_spoiled(bounded: Pass) -> None:
    assert bounded.said.endswith("judged every record, candle and market\nNothing is missing.\n")
    account = ACCOUNT.search(bounded.said)
    assert account is not None
    records, *held = (int(each.replace(",", "")) for each in account.groups())
    assert records == sum(held)
    assert records > 25_000, "a day of history"
    assert all(count > 0 for count in held)


@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_a_question_has_rows_and_the_columns_that_it_is_drawn_by(port: DuckdbPort, question: Question) -> None:
    """By itself, and as its dashboards open."""
    asked = [question.asked(values) for values in ({}, *opened(question.name))]
    for sql in dict.fromkeys(asked):
        is_drawn_by(port.run(sql), question)
