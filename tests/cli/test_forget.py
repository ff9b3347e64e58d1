"""``tapehouse forget``: asks before, starts the owning job on AWS, says what stays and until when."""

import argparse
import io

import pytest

from cli.forget import confirmed, on_aws
from cli.main import main
from cli.remote.runs import Runs
from glue_jobs.silver.stories import Forgot
from tapehouse.errors import TerminalError
from tests.cli.remote.stubbed import SETTINGS, Service
from tests.cli.remote.test_runs import NONE, going, started

ID = "0123456789abcdef0123456789abcdef"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def there(service: Service) -> Runs:
    return Runs(SETTINGS, make=service.make)


def options(**words: object) -> argparse.Namespace:
    return argparse.Namespace(**{"command": "forget", "document_id": ID, "follow": None, "no_wait": True, **words})


def test_on_aws_the_job_that_may_erase_versions_is_started_and_not_while_the_stream_job_owns_the_tables() -> None:
    with pytest.raises(TerminalError, match=r"owns the tables .* Stop it by `make down TARGET=aws`, forget"):
        on_aws(options(), SETTINGS, there(Service(glue=[going("stream")])))
    service = Service(glue=[NONE, started("maintain", forget=ID)])
    assert on_aws(options(), SETTINGS, there(service)) == 0
    service.done()


def test_a_run_that_goes_on_there_is_followed_by_the_id_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    look = {"JobRun": {"Id": "jr_1", "JobName": "m", "JobRunState": "RUNNING"}}
    service = Service(glue=[("get_job_run", look)])
    runs = Runs(SETTINGS, make=service.make, sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        on_aws(options(follow="jr_1", no_wait=False), SETTINGS, runs)
    assert f"`tapehouse forget {ID} --follow jr_1`" in capsys.readouterr().err


def test_what_is_no_id_is_refused_before_anybody_is_asked(
    in_an_empty_folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "ada"]) == 2
    assert "'ada' is no document_id" in capsys.readouterr().err


def test_nobody_is_asked_where_nobody_is(in_an_empty_folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", ID]) == 2
    assert "cannot be taken back: say --yes" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "goes_on"), [(ID, True), ("yes", False), ("", False)])
def test_its_id_is_typed_once_more(monkeypatch: pytest.MonkeyPatch, typed: str, goes_on: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))
    assert confirmed(ID, yes=False) is goes_on
    assert confirmed(ID, yes=True)


def test_it_says_what_stays_and_until_when() -> None:
    found = Forgot(ID, lines=3, objects=2, others=["a", "b"], left=["news/x#1"])
    said = "\n".join(found.report(on_s3=False))
    assert f"forgotten document_id={ID} lines=3 objects=2" in said
    assert "stay on disk for 1 hours" in said
    assert "told as a, b too: these stay" in said
    assert "cannot be taken out of news/x#1" in said
    assert "versions" not in said
    there = "\n".join(Forgot(ID).report(on_s3=True))
    assert "for 24 hours" in there
    assert "keeps versions" in there
