"""``tapehouse dashboards``: what is refused before anything listens, and one real server."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli import dashboards
from cli.main import main
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


def test_the_usual_port_is_taken_where_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.port.is_free", lambda port: port == dashboards.PORT)
    assert dashboards.port_of(Settings()) == dashboards.PORT
    with pytest.raises(TerminalError, match="is in use"):
        dashboards.port_of(Settings(dashboards_port=8311))


def test_the_holdings_are_the_lake_s_own_or_the_setting_s_and_none_on_s3(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert dashboards.holdings_path(Settings(), lake) == tmp_path / "_portfolio" / "portfolio.yaml"
    assert dashboards.holdings_path(Settings(portfolio=str(tmp_path / "my.yaml")), lake) == tmp_path / "my.yaml"
    assert dashboards.holdings_path(Settings(portfolio="s3://bucket/my.yaml"), lake) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dashboards-host", "0.0.0.0"], "0.0.0.0 can be reached by others, and dashboards_password is not set"),
        (["--target", "aws", "--lake", "s3://bucket/lake"], "On AWS Metabase shows the dashboards"),
        (["--lake", "s3://bucket/lake"], "s3://bucket/lake is on S3"),
    ],
)
def test_what_is_refused_is_refused_in_one_sentence(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboards", *words]) == 1
    assert told in capsys.readouterr().err


def ask(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_it_serves_behind_its_gate_until_a_signal_and_the_password_is_nowhere(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cli.main", "dashboards", "--lake", str(tmp_path / "lake")]
    process = subprocess.Popen(
        [*command, "--dashboards-port", str(port)],
        env={"TAPEHOUSE_DASHBOARDS_PASSWORD": "hunter2-hunter2", "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while process.poll() is None:
            try:
                assert ask(port, "/").status == 401
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        assert ask(port, "/", Origin="https://evil.example").status == 403
        assert ask(port, "/docs").status == ask(port, "/openapi.json").status == 401
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert f"http://127.0.0.1:{port}" in said
    assert "hunter2" not in said
    assert not (tmp_path / ".nicegui").exists()
