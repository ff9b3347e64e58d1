"""The command's manners: one sentence for an error, its exit status, silence for a reader that has gone."""

import logging
import subprocess
import sys
import threading

import pytest

from cli.main import COMMANDS, main
from tapehouse.logs import LogfmtFormatter

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


def test_every_command_tells_its_words_with_units(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([name, "-h"])
        assert ended.value.code == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "LAKE" in said
        assert "--debug" in said


@pytest.mark.parametrize("words", [[], ["bogus"], ["refresh", "--layer", "iron"], ["query"], ["refresh", "--nosuch"]])
def test_wrong_words_exit_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: tapehouse" in capsys.readouterr().err


def test_an_error_of_ours_is_one_sentence_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "SELECT * FROM gold.candles"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tapehouse query: There is no table gold.candles")
    assert said.err.count("\n") == 1


def test_faults_of_settings_are_all_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET", "moon")
    assert main(["tables", "--stream-name", "a b"]) == 1
    said = capsys.readouterr().err
    assert "target (from environment, TARGET): 'moon'" in said
    assert "stream_name (from command line, --stream-name): 'a b'" in said


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match=r"no table gold\.candles"):
        main(["query", "--debug", "SELECT * FROM gold.candles"])


def test_a_fault_of_the_program_is_named_as_unexpected(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("cli.query.load_settings", broken)
    assert main(["query", "SELECT 1"]) == 1
    assert "unexpected RuntimeError: first line second line (--debug shows where)" in capsys.readouterr().err


def test_interrupted_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.query.load_settings", interrupted)
    assert main(["query", "SELECT 1"]) == 130


def test_a_reader_that_has_gone_is_no_error() -> None:
    """As with `| head -1`: the reader closes the pipe while there is more to say than a pipe holds."""
    sql = "SELECT n FROM unnest(sequence(1, 10000)) AS t(n) CROSS JOIN unnest(sequence(1, 20)) AS again(m)"
    command = [sys.executable, "-m", "cli.main", "query", "--csv", sql]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == "n\n"
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0


@pytest.mark.parametrize("command", ["up"])
def test_on_aws_the_owning_jobs_write_not_this_command(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setenv("LAKE", "s3://some-bucket/lake")
    assert main([command]) == 1
    assert "on AWS the Glue job that owns the tables does it" in capsys.readouterr().err


def test_an_unknown_table_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rebuild", "gold.nosuch"]) == 1
    assert "the tables are bronze.trades" in capsys.readouterr().err


def test_refresh_without_a_stack_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.MonkeyPatch().delenv("AWS_ENDPOINT_URL_KINESIS", raising=False)
    assert main(["refresh"]) == 1
    assert "start it by `tapehouse up`" in capsys.readouterr().err


def test_a_log_line_is_one_line_of_key_and_value() -> None:
    record = logging.LogRecord("a.room", logging.WARNING, "", 1, "rows=%d text=%s", (3, "a\nb"), None)
    record.created = 1_700_000_000.5
    line = LogfmtFormatter().format(record)
    assert line == "time=2023-11-14T22:13:20.500+00:00 level=warning logger=a.room rows=3 text=a\\nb"


def test_signals_ask_once_and_interrupt_the_second_time() -> None:
    import os
    import signal

    from cli.refresh import stop_event

    before = signal.getsignal(signal.SIGTERM)
    with stop_event() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)
    assert signal.getsignal(signal.SIGTERM) is before
