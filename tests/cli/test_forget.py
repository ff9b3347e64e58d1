"""``tapehouse forget``: asks before, refuses where it cannot, says what stays and until when."""

import io

import pytest

from cli.forget import confirmed, lines, refuse_on_aws
from cli.main import main
from glue_jobs.silver.stories import Forgot
from tapehouse.errors import UnpreparedError
from tapehouse.lake import Lake
from tapehouse.settings import Settings

ID = "0123456789abcdef0123456789abcdef"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_aws_it_refuses_before_anything_and_says_what_can_be_done(
    in_an_empty_folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnpreparedError, match=rf"_forgotten/{ID}\.json .* `tapehouse rebuild silver\.documents`"):
        refuse_on_aws(Settings(target="aws"), ID)
    refuse_on_aws(Settings(target="local"), ID)


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
    said = "\n".join(lines(found, Lake("/tmp/lake")))
    assert f"forgotten document_id={ID} lines=3 objects=2" in said
    assert "stay on disk for 1 hours" in said
    assert "told as a, b too: these stay" in said
    assert "cannot be taken out of news/x#1" in said
    assert "versions" not in said
    there = "\n".join(lines(Forgot(ID), Lake("s3://bucket/lake")))
    assert "for 24 hours" in there
    assert "keeps versions" in there
