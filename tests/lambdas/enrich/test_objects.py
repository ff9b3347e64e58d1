"""Objects are scored whole, again to the same object, and a line that nobody reads keeps none from being scored."""

import gzip
from pathlib import Path

import pytest

from lambdas.enrich.backend import WordListBackend
from lambdas.enrich.objects import Objects
from lambdas.enrich.reader import Reader
from tapehouse.landing import Landing, LandingError
from tapehouse.score import scores_of
from tests.lambdas.enrich.factories import AT_US, landed, parse

READER = Reader(WordListBackend())


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture
def objects(landing: Landing) -> Objects:
    return Objects(landing=landing, reader=READER, parse=parse)


def test_an_object_of_scores_lands_beside_what_it_is_of(landing: Landing, objects: Objects) -> None:
    key = landing.put([landed("Bitcoin surges", "Ether crashes"), landed("SEC sues exchange", fetched_at_us=AT_US + 1)])
    outcome = objects.score(key)
    assert outcome is not None
    assert outcome.landed is not None
    assert (outcome.documents, outcome.scores, outcome.bad_lines, outcome.faults) == (3, 3, 0, 0)
    assert outcome.landed.startswith("score/scores/2026-11-29/021031000042-")
    lines = landing.read(outcome.landed)
    assert [line.request for line in lines] == [f"{key}#0", f"{key}#0", f"{key}#1"], "a line a document"
    assert [line.fetched_at_us for line in lines] == [AT_US, AT_US, AT_US + 1]
    labels = [[score.label for score in scores_of(line.body)] for line in lines]
    assert labels == [["bullish"], ["bearish"], ["bearish"]]


def test_to_score_an_object_again_writes_nothing_new(landing: Landing, objects: Objects) -> None:
    key = landing.put([landed("Bitcoin surges")])
    first = objects.score(key)
    second = Objects(landing=landing, reader=Reader(WordListBackend()), parse=parse).score(key)
    assert first == second
    assert len(list(landing.keys("score/"))) == 1


def test_a_bad_line_is_counted_and_the_others_are_scored(
    landing: Landing, objects: Objects, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = landing.put([landed("Bitcoin surges"), landed("Ether falls")])
    path = tmp_path / "landing" / key
    good = gzip.decompress(path.read_bytes()).split(b"\n")
    path.write_bytes(gzip.compress(b"\n".join([b'{"v": 1, "secret', *good[:1], good[1].replace(b"Ether", b"Other")])))
    outcome = objects.score(key)
    assert outcome is not None
    assert (outcome.bad_lines, outcome.scores) == (2, 1)
    assert outcome.landed is not None
    assert landing.read(outcome.landed)[0].request == f"{key}#1"
    assert "line_unreadable" in caplog.text
    assert "secret" not in caplog.text


def test_what_the_parser_leaves_out_is_counted(landing: Landing, objects: Objects) -> None:
    key = landing.put([landed(body=b"<html>")])
    outcome = objects.score(key)
    assert outcome is not None
    assert (outcome.landed, outcome.documents, outcome.faults) == (None, 0, 1)
    assert list(landing.keys("score/")) == []


def test_kinds_without_documents_are_passed_over(landing: Landing, objects: Objects) -> None:
    key = landing.put([landed("Bitcoin surges", kind="index")])
    assert objects.score(key) is None


def test_what_is_not_there_or_not_ours_is_said(landing: Landing, objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(LandingError, match="no key of a landing"):
        objects.score("elsewhere/file.txt")
    with pytest.raises(LandingError, match="No such file"):
        objects.score("news/coindesk/2026-11-29/021031000042-0123456789abcdef.jsonl.gz")
    key = landing.put([landed("Bitcoin surges")])
    (tmp_path / "landing" / key).write_bytes(b"no gzip")
    with pytest.raises(LandingError, match="not a whole gzip"):
        objects.score(key)
