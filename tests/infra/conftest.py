"""Terraform for the tests: the configuration in a copy, the real provider where the machine has it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parent.parent.parent
INFRA = ROOT / "infra"


def absent(what: str) -> NoReturn:
    """Skips by name what the machine has not got; where the whole is judged (CI), that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: under CI it must be there")
    pytest.skip(what)


@dataclass(frozen=True)
class Terraform:
    """The terraform of this machine, on a copy of the configuration, so that nothing is left in the project."""

    folder: Path
    """The copy of infra/."""

    def run(
        self, words: Sequence[str], *, inside: str = ".", variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs it inside a folder of the copy; whether it went well is the caller's to judge."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
        environment |= {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        environment |= {f"TF_VAR_{name}": value for name, value in (variables or {}).items()}
        return subprocess.run(
            ["terraform", *words],
            cwd=self.folder / inside,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1_800,
            check=False,
        )

    def init(self, inside: str = ".", *, backend: bool = False) -> None:
        """Makes a folder of the copy ready. Skips the test where the provider is not to be had."""
        done = self.run(["init", "-no-color", "-input=false", f"-backend={str(backend).lower()}"], inside=inside)
        if done.returncode != 0 and "provider" in done.stderr:
            absent(f"Terraform's AWS provider cannot be had here: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """A copy of infra/ to work in. Skips where there is no terraform."""
    if shutil.which("terraform") is None:
        absent("there is no terraform on PATH")
    copy = tmp_path_factory.mktemp("terraform") / "infra"
    left = shutil.ignore_patterns(".terraform", "*.tfstate*", "backend_override.tf", "backend.hcl")
    shutil.copytree(INFRA, copy, ignore=left)
    return Terraform(copy)
