"""What is done is remembered, what is old is forgotten, and a spoilt file costs a repetition alone."""

import datetime as dt
from pathlib import Path

import pytest

from cli.batches_done import KEPT_DAYS, Done

TODAY = dt.date(2026, 11, 29)
KEY = "news/coindesk/2026-11-29/021031000042-0123456789abcdef.jsonl.gz"
OLD = "news/coindesk/2026-11-01/021031000042-0123456789abcdef.jsonl.gz"


def test_what_was_done_is_known_by_the_next_run(tmp_path: Path) -> None:
    done = Done(tmp_path / "state" / "batches.json")
    done.add_day("news", TODAY)
    done.add_keys([KEY], TODAY)
    again = Done(tmp_path / "state" / "batches.json")
    assert again.has_day("news", TODAY)
    assert not again.has_day("social", TODAY)
    assert again.has_key(KEY)
    assert not again.has_key(OLD)


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    done = Done(tmp_path / "batches.json")
    done.add_day("news", TODAY - dt.timedelta(days=KEPT_DAYS + 1))
    done.add_keys([OLD, KEY], TODAY)
    done.add_day("news", TODAY)
    again = Done(tmp_path / "batches.json")
    assert not again.has_day("news", TODAY - dt.timedelta(days=KEPT_DAYS + 1))
    assert (again.has_key(OLD), again.has_key(KEY), again.has_day("news", TODAY)) == (False, True, True)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"days": 1, "keys": []}', '{"days": [["a"]], "keys": []}'])
def test_a_spoilt_file_is_an_empty_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "batches.json").write_text(content)
    done = Done(tmp_path / "batches.json")
    assert not done.has_key(KEY)
    done.add_keys([KEY], TODAY)
    assert Done(tmp_path / "batches.json").has_key(KEY)
