"""A file is written whole, once or over another, and nothing else is left."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tapehouse.write_once import write_once, write_over


def test_the_first_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    assert [write_once(path, content) for content in (b"one", b"two")] == [True, False]
    assert path.read_bytes() == b"one"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_of_many_at_once_one_writes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        wrote = list(pool.map(lambda number: write_once(tmp_path / "file", b"%d" % number), range(32)))
    assert sum(wrote) == 1
    assert (tmp_path / "file").read_bytes() == b"%d" % wrote.index(True)


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_once(tmp_path / "file", b"one")
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_over_keeps_its_mode_and_what_is_new_gets_the_one_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    write_over(path, b"one", new_mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    path.chmod(0o644)
    write_over(path, b"two", new_mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o644)
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_what_cannot_be_written_over_stays_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError("no space left")

    write_over(tmp_path / "file", b"one", new_mode=0o600)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_over(tmp_path / "file", b"two", new_mode=0o600)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"one")]
