"""What deploy and destroy share: where the state is, as whoever runs Terraform by hand is told too."""

import re
from pathlib import Path

import pytest

from cli.terraform import work
from cli.terraform.account import Account

INFRA = Path(__file__).parents[3] / "infra"


def test_who_runs_terraform_by_hand_is_told_the_key_that_the_command_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another key is another state: it would plan the whole deployment a second time."""
    monkeypatch.setattr(work, "bucket_is_there", lambda *_: True)
    key = work.state_of(Account("123456789012", "arn"), "us-east-1", "tapehouse-dev", None)["key"]
    for name in ("README.md", "bootstrap/README.md", "bootstrap/outputs.tf"):
        told = set(re.findall(r"[\w/-]*\w+\.tfstate\b", (INFRA / name).read_text()))
        assert told == {key}, name
