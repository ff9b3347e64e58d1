"""Objects of the landing come into bronze.documents once, line for line, whatever is among them."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from glue_jobs.bronze.landing import LandingIntake
from glue_jobs.engine import LostRaceError
from tapehouse.errors import TransientError
from tapehouse.lake import Lake
from tapehouse.landing import Landed
from tapehouse.tables import BRONZE_DOCUMENTS, WHOLE
from tests.glue_jobs.news_lake import HOUR, T0, NewsLake, document, landed


@pytest.fixture
def lake(tmp_path: Path) -> NewsLake:
    return NewsLake(Lake(tmp_path))


def line(number: int, *, days: int = 0, **words: Any) -> Landed:
    return landed(document(title=f"Story {number}", fetched_at_us=T0 + days * 24 * HOUR + number), **words)


def test_each_line_is_a_row_with_its_bytes_and_its_place(lake: NewsLake) -> None:
    lines = [line(1), line(2), line(3)]
    key = lake.landing.put(lines)
    assert lake.intake.drain() == 3
    rows = lake.rows(BRONZE_DOCUMENTS)
    assert [(row["object_key"], row["line"]) for row in rows] == [(key, 0), (key, 1), (key, 2)]
    assert [row["payload"] for row in rows] == [each.line() for each in lines]
    assert {(row["kind"], row["source"], row["fetch_date"].isoformat()) for row in rows} == {
        ("news", "coindesk", "2026-11-28")
    }


def test_an_object_comes_once_however_often_it_is_looked_for(lake: NewsLake) -> None:
    lake.land(line(1))
    assert [lake.intake.drain(), lake.intake.drain()] == [1, 0]
    lake.begin()
    assert lake.intake.drain() == 0
    lake.land(line(2))
    assert lake.intake.drain() == 1
    assert lake.workspace.state(BRONZE_DOCUMENTS).turn == 2


def test_much_comes_in_pieces_the_oldest_first(lake: NewsLake) -> None:
    lake.land(*(line(number) for number in range(7)))
    intake = LandingIntake(lake.workspace, piece_objects=3)
    pieces = [intake.turn() for _ in range(3)]
    assert [(piece.rows, piece.has_more) for piece in pieces] == [(3, True), (3, True), (1, False)]
    small = LandingIntake(lake.workspace, piece_bytes=1)
    lake.land(line(8), line(9))
    assert [small.turn().rows for _ in range(2)] == [1, 1]


def test_what_lands_in_an_older_day_is_found_by_the_next_whole_look(lake: NewsLake) -> None:
    now = [0.0]
    intake = LandingIntake(lake.workspace, clock=lambda: now[0], now_us=lambda: T0 + 9 * 24 * HOUR)
    lake.land(line(1, days=9))
    assert intake.turn().rows == 1
    lake.land(line(2, days=8), line(3, days=1))
    now[0] += 10
    assert intake.turn().rows == 1, "the day before the newest is always looked at"
    now[0] += 3_600
    assert intake.turn().rows == 1
    now[0] += 10
    assert intake.turn().rows == 0


def test_a_drain_takes_all_that_is_there_however_old_and_large(lake: NewsLake) -> None:
    lake.land(line(1, days=30))
    lake.intake.drain()
    lake.land(*(line(number, days=number) for number in range(2, 6)))
    assert LandingIntake(lake.workspace, piece_bytes=1).drain() == 4


def test_a_clock_that_was_ahead_hides_nothing_that_comes_after(lake: NewsLake) -> None:
    now = [0.0]
    intake = LandingIntake(lake.workspace, clock=lambda: now[0], now_us=lambda: T0 + 24 * HOUR)
    lake.land(line(1, days=900))
    assert intake.turn().rows == 1
    lake.land(line(2, days=1))
    now[0] += 10
    assert intake.turn().rows == 1


def test_a_look_has_to_be_due(lake: NewsLake) -> None:
    now = [0.0]
    intake = LandingIntake(lake.workspace, clock=lambda: now[0])
    assert intake.turn().rows == 0
    lake.land(line(1))
    assert intake.turn().rows == 0
    now[0] += 10
    assert intake.turn().rows == 1


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00cut"])
def test_a_spoilt_object_is_one_row_and_no_hindrance(lake: NewsLake, content: bytes) -> None:
    (spoilt,) = lake.land(line(1))
    path = Path(lake.landing.uri) / spoilt
    path.unlink()
    path.write_bytes(content)
    lake.land(line(2))
    assert lake.intake.drain() == 2
    (row,) = [row for row in lake.rows(BRONZE_DOCUMENTS) if row["object_key"] == spoilt]
    assert (row["line"], row["payload"]) == (WHOLE, content)
    assert lake.intake.drain() == 0


def test_of_two_at_once_one_takes_an_object(lake: NewsLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.land(line(1))
    slow, other = LandingIntake(lake.workspace), LandingIntake(lake.workspace)
    staged = slow._staged

    def and_meanwhile(rows: Any) -> Any:
        assert other.drain() == 1
        return staged(rows)

    monkeypatch.setattr(slow, "_staged", and_meanwhile)
    with pytest.raises(LostRaceError):
        slow.drain()
    assert slow.drain() == 0
    assert len(lake.rows(BRONZE_DOCUMENTS)) == 1


def test_a_bucket_that_does_not_answer_is_asked_again_later(lake: NewsLake) -> None:
    intake = LandingIntake(lake.workspace)

    class Down:
        def keys(self) -> Any:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

        uri = "s3://lake/_landing"

    intake._landing = Down()  # type: ignore[assignment]
    with pytest.raises(TransientError, match="s3://lake/_landing cannot be read now"):
        intake.drain()
