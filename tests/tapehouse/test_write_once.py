"""A file is written once: whole, never over another's, and nothing else is left."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tapehouse.write_once import write_once


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
