"""What deploy and destroy share: where the state is, as whoever runs Terraform by hand is told too."""

import re
from pathlib import Path
from typing import Any

import pytest

from cli.terraform import work
from cli.terraform.account import Account
from cli.terraform.place import Place
from tapehouse import deployed

INFRA = Path(__file__).parents[3] / "infra"


def test_who_runs_terraform_by_hand_is_told_the_key_that_the_command_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another key is another state: it would plan the whole deployment a second time."""
    monkeypatch.setattr(work, "bucket_is_there", lambda *_: True)
    key = work.state_of(Account("123456789012", "arn"), "us-east-1", "tapehouse-dev", None)["key"]
    for name in ("README.md", "bootstrap/README.md", "bootstrap/outputs.tf"):
        told = set(re.findall(r"[\w/-]*\w+\.tfstate\b", (INFRA / name).read_text()))
        assert told == {key}, name


@pytest.mark.parametrize(("settings_of", "is_left"), [("tapehouse-dev", False), ("tapehouse-prod", True)])
def test_the_settings_of_another_deployment_are_not_forgotten(tmp_path: Path, settings_of: str, is_left: bool) -> None:
    place = Place("aws", tmp_path)
    path = deployed.path_of("aws", tmp_path)
    deployed.write(path, {"deployment": settings_of})
    gone = work.Work(place, Any, "tapehouse-dev", "", "us-east-1", {}, ())  # type: ignore[arg-type]
    gone.forget_settings()
    assert path.exists() is is_left
