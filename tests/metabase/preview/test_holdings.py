"""The file of holdings: whole or not at all, and only what can be read."""

import os
from pathlib import Path

import pytest

from metabase.preview import holdings as module
from metabase.preview.holdings import EMPTY, HoldingsChangedError, HoldingsFile
from tapehouse.errors import TerminalError


def check(content: bytes) -> None:
    if b"holdings:" not in content:
        raise TerminalError("line 1: `holdings` is missing")


@pytest.fixture
def file(tmp_path: Path) -> HoldingsFile:
    return HoldingsFile(tmp_path / "_portfolio" / "portfolio.yaml", check=check)


def left(file: HoldingsFile) -> list[str]:
    return [each.name for each in file.path.parent.iterdir()]


def test_what_is_saved_is_there_and_nothing_else_is(file: HoldingsFile) -> None:
    opened = file.open()
    assert opened.text == EMPTY
    again = file.save("holdings: []\r\n# ü\n", opened)
    assert file.path.read_bytes() == "holdings: []\n# ü\n".encode()
    file.save("holdings: [] # twice\n", again)
    assert left(file) == ["portfolio.yaml"]


def test_what_the_reader_refuses_is_not_written(file: HoldingsFile) -> None:
    opened = file.save("holdings: []\n", file.open())
    with pytest.raises(TerminalError, match="`holdings` is missing"):
        file.save("nothing: []\n", opened)
    assert file.path.read_text() == "holdings: []\n"


def test_what_somebody_else_saved_meanwhile_is_not_written_over(file: HoldingsFile) -> None:
    opened = file.open()
    file.path.parent.mkdir()
    file.path.write_text("holdings: [] # theirs\n")
    with pytest.raises(HoldingsChangedError, match="was changed since"):
        file.save("holdings: []\n", opened)
    assert file.path.read_text() == "holdings: [] # theirs\n"


def test_a_save_that_fails_leaves_the_file_and_no_draft(file: HoldingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = file.save("holdings: []\n", file.open())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TerminalError, match="cannot be written: No space left on device"):
        file.save("holdings: [] # more\n", opened)
    assert file.path.read_text() == "holdings: []\n"
    assert left(file) == ["portfolio.yaml"]


def test_a_link_s_target_is_written_and_its_mode_stays(file: HoldingsFile, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    target.write_text("holdings: []\n")
    target.chmod(0o640)
    file.path.parent.mkdir()
    file.path.symlink_to(target)
    file.save("holdings: [] # new\n", file.open())
    assert file.path.is_symlink()
    assert target.read_text() == "holdings: [] # new\n"
    assert os.stat(target).st_mode & 0o777 == 0o640  # noqa: PTH116


def test_what_is_too_large_or_no_text_is_left_to_an_editor(file: HoldingsFile) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(b"\xff")
    with pytest.raises(TerminalError, match="is not UTF-8"):
        file.open()
    file.path.write_bytes(b"#" * (module.MOST_BYTES + 1))
    with pytest.raises(TerminalError, match="more than 512 KB"):
        file.open()
