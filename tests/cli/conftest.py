"""Where commands run in tests."""

from pathlib import Path

import pytest


@pytest.fixture
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file, no lake; what a command does to the environment is put back at the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)  # the root logger is the tests'
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "")
    monkeypatch.delenv("AWS_ENDPOINT_URL_KINESIS")
