"""The command's words and exit statuses, against a Metabase on loopback and Athena's workgroup at moto."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli.main import main
from cli.metabase import results_of
from tapehouse.errors import LakehouseError, TerminalError
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import EMAIL, KEY, PASSWORD, State
from tests.metabase.samples import MARKETS, write

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeMetabase]:
    with FakeMetabase().running() as fake:
        yield fake


@pytest.fixture
def state(server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    monkeypatch.setattr("cli.metabase.results_of", lambda workgroup, region: f"s3://results/{workgroup}/{region}/")
    for name, value in {
        "TARGET": "aws",
        "LAKE": "s3://bucket/lake",
        "TAPEHOUSE_METABASE_URL": server.url,
        "TAPEHOUSE_METABASE_EMAIL": EMAIL,
        "TAPEHOUSE_METABASE_PASSWORD": PASSWORD,
        "TAPEHOUSE_METABASE_WORKGROUP": "reader",
    }.items():
        monkeypatch.setenv(name, value)
    write(tmp_path)
    return server.reset(is_set_up=False)


def run(tmp_path: Path, *words: str) -> int:
    return main(["metabase", *words, "--files", str(tmp_path / "metabase")])


def test_plan_says_by_its_exit_status_whether_there_is_anything_to_do(
    state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "plan") == 2
    said = capsys.readouterr().out
    assert ": 1 to set up, 8 to make." in said.splitlines()[0]
    assert "  make     question Candles\n" in said
    assert state.writes == []
    assert run(tmp_path, "apply", "--yes") == 0
    assert run(tmp_path, "plan") == 0
    (database,) = state.databases.values()
    assert (database["details"]["workgroup"], database["details"]["region"]) == ("reader", "us-east-1")
    assert database["details"]["s3_staging_dir"] == "s3://results/reader/us-east-1/"
    write(tmp_path, markets=MARKETS.replace("w: 12", "w: 25"))
    assert run(tmp_path, "plan") == 1
    assert "markets.yaml:15: tabs[1].cards[0].x: x 0 and w 25 end at 25" in capsys.readouterr().err


def test_nothing_is_done_that_nobody_confirmed(
    state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, "apply") == 2
    assert "Nobody is here to confirm this" in capsys.readouterr().err
    monkeypatch.setattr("cli.terraform.work.confirm", lambda question, *, wanted, yes: False)
    assert run(tmp_path, "apply") == 1
    assert capsys.readouterr().err == "Nothing was done.\n"
    assert state.writes == []


def test_what_was_made_is_exported_and_taken_away(state: State, tmp_path: Path) -> None:
    assert run(tmp_path, "apply", "--yes", "--collection", "Trades") == 0
    assert [each["name"] for each in state.collections.values()] == ["Trades"]
    assert run(tmp_path, "export", "--collection", "Trades") == 0
    assert run(tmp_path, "destroy", "--yes", "--collection", "Trades") == 0
    assert all(each["archived"] for each in state.collections.values())
    (backup,) = (tmp_path / ".metabase").glob("backup-*.json")
    assert backup.stat().st_mode & 0o777 == 0o600  # it names people
    assert len(state.databases) == 1
    assert run(tmp_path, "destroy", "--yes", "--collection", "Trades", "--with-database") == 0
    assert state.databases == {}


def test_a_key_of_secrets_manager_does(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state.users[EMAIL] = PASSWORD
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    boto3.client("secretsmanager").create_secret(Name="metabase", SecretString=f'{{"key": "{KEY}"}}')
    monkeypatch.delenv("TAPEHOUSE_METABASE_PASSWORD")
    monkeypatch.setenv("TAPEHOUSE_METABASE_API_SECRET", "metabase#key")
    assert run(tmp_path, "plan") == 2
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    assert "POST /api/session" not in state.requests


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"TAPEHOUSE_METABASE_URL": ""}, "Where Metabase is, is not said"),
        ({"TAPEHOUSE_METABASE_URL": "http://metabase.internal"}, "is not https"),
        ({"TARGET": "local"}, "Metabase asks Athena, which there is with TARGET=aws alone"),
    ],
)
def test_nothing_is_asked_where_it_is_not_said_or_not_safe(
    state: State, tmp_path: Path, environment: dict[str, str], told: str, monkeypatch: Any
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = ["metabase", "plan", "--files", str(tmp_path), "--debug"]
    with pytest.raises(LakehouseError, match=told):
        main(options)
    assert state.requests == []


def test_the_workgroup_says_where_results_go(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    athena = boto3.client("athena", region_name="us-east-1")
    place = {"ResultConfiguration": {"OutputLocation": "s3://results/x/"}}
    athena.create_work_group(Name="with", Configuration=place)
    athena.create_work_group(Name="without")
    assert results_of("with", "us-east-1") == "s3://results/x/"
    with pytest.raises(TerminalError, match="does not say where its results go"):
        results_of("without", "us-east-1")
    monkeypatch.setattr("tapehouse.aws.client", lambda *_, **__: _Nobody())
    with pytest.raises(TerminalError, match=r"with cannot be looked at.*InvalidRequestException"):
        results_of("with", "us-east-1")


class _Nobody:
    def get_work_group(self, **_: str) -> None:
        raise ClientError({"Error": {"Code": "InvalidRequestException", "Message": "no such"}}, "GetWorkGroup")
