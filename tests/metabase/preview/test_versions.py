"""Tables' versions by their logs."""

import shutil
from pathlib import Path

import pytest

from metabase.preview.versions import Versions
from tapehouse.lake import Lake


def commit(lake: Lake, version: int, table: str = "gold.candles") -> Path:
    path = Path(lake.table_uri(table)) / "_delta_log" / f"{version:020}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_each_commit_is_seen_at_once_and_a_table_that_is_not_there_has_none(lake: Lake) -> None:
    versions = Versions(lake)
    both = ("gold.candles", "gold.news")
    assert versions.newest(both) == {"gold.candles": None, "gold.news": None}
    commit(lake, 0)
    commit(lake, 1)
    assert versions.newest(both) == {"gold.candles": 1, "gold.news": None}
    commit(lake, 2)
    commit(lake, 3)
    assert versions.newest(both) == {"gold.candles": 3, "gold.news": None}


def test_the_folder_is_listed_once_and_then_only_the_next_commit_is_looked_for(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Versions(lake)
    commit(lake, 7)
    assert versions.newest(["gold.candles"]) == {"gold.candles": 7}

    def listed(*_: object) -> None:
        raise AssertionError("listed again")

    monkeypatch.setattr(Path, "glob", listed)
    commit(lake, 8)
    assert versions.newest(["gold.candles"]) == {"gold.candles": 8}


def test_a_cleaned_log_and_a_table_made_anew_are_followed(lake: Lake) -> None:
    versions = Versions(lake)
    old = commit(lake, 7)
    assert versions.newest(["gold.candles"]) == {"gold.candles": 7}
    commit(lake, 9)
    old.unlink()
    (old.parent / "00000000000000000009.checkpoint.parquet").touch()
    assert versions.newest(["gold.candles"]) == {"gold.candles": 9}
    shutil.rmtree(old.parent)
    assert versions.newest(["gold.candles"]) == {"gold.candles": None}
    commit(lake, 0)
    assert versions.newest(["gold.candles"]) == {"gold.candles": 0}
