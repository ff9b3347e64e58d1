"""Log lines: logfmt, one a line, whoever writes them and whatever they hold."""

import logging

import pytest

from tapehouse import logs


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    formatter = logs.LogfmtFormatter()
    return [formatter.format(record).partition(" ")[2] for record in caplog.records]


def test_an_event_and_its_fields_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logs.of("tapehouse.x").warning("shard_ended", stream="a b", rows=3, done=True, note='it\'s "so"\nand\rso')
    (line,) = lines(caplog)
    assert line == (
        'level=warning logger=tapehouse.x event=shard_ended stream="a b" rows=3 done=True '
        'note="it\'s \\"so\\"\\nand\\rso"'
    )


def test_a_traceback_stays_behind_its_line(caplog: pytest.LogCaptureFixture) -> None:
    try:
        int("broken")
    except ValueError:
        logs.of("tapehouse.x").exception("call_broken", operation="GetRecords")
    (line,) = lines(caplog)
    assert line.startswith("level=error logger=tapehouse.x event=call_broken operation=GetRecords error=")
    assert "ValueError: invalid literal" in line
    assert "\n" not in line


def test_a_librarys_line_has_the_same_form(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("some.library").warning("retrying %s", "soon\nagain")
    assert lines(caplog) == ["level=warning logger=some.library retrying soon\\nagain"]


def test_what_the_level_hides_is_not_rendered(caplog: pytest.LogCaptureFixture) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise AssertionError("rendered")

    with caplog.at_level(logging.WARNING):
        logs.of("tapehouse.x").debug("seen", what=Unprintable())
    assert caplog.records == []
