"""What the last deployment of a target told: settings by field, and Terraform's other outputs. Files of the checkout.

``tapehouse deploy`` writes them from Terraform's outputs, ``tapehouse.settings`` reads the settings with
``TARGET=aws``. No secret is in them: a deployment gives the names of secrets, never their values. They say what was
deployed *last*, whichever environment that was.

Every name on AWS begins with the deployment's (setting ``deployment``); those that Tapehouse itself asks for are here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tapehouse.errors import SettingsError

FOLDER: Final = Path("infra", ".settings")
"""In the working directory, as tapehouse.toml is; git ignores it."""


def path_of(target: str, folder: Path | None = None) -> Path:
    """The file of a target's settings: ``infra/.settings/aws.json`` of ``folder``, else of the working directory."""
    return (folder or Path()) / FOLDER / f"{target}.json"


def outputs_of(target: str, folder: Path | None = None) -> Path:
    """The file of a target's other outputs: addresses for people, how the backfill is run, …"""
    return path_of(target, folder).with_suffix(".outputs.json")


def read(path: Path) -> dict[str, Any]:
    """The values by name, without those that are null; {} where the file is not there.

    Raises SettingsError for a file that holds no such thing.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError([f"{path}: cannot be read as JSON: {error}. `make deploy-terraform` writes it."]) from error
    if not isinstance(found, dict):
        raise SettingsError([f"{path}: holds no settings by name. `make deploy-terraform` writes it."])
    return {name: value for name, value in found.items() if value is not None}


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Replaces the file at once: who reads meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(path)


def job_name(deployment: str, job: str) -> str:
    """The Glue job, as ``tapehouse-dev-refresh``."""
    return f"{deployment}-{job}"


def cluster_name(deployment: str) -> str:
    """The ECS cluster of the producers."""
    return deployment


def producer_name(deployment: str, feed: str) -> str:
    """The ECS service of a feed, and the family of its task definitions."""
    return f"{deployment}-producer-{feed}"


def log_group(deployment: str, thing: str) -> str:
    """The log group of ``producers``, or of a job's part."""
    return f"/tapehouse/{deployment}/{thing}"


def job_log_group(deployment: str, job: str) -> str:
    """The log group of what a job says: of those that Glue writes for it, the one of its script's own lines."""
    return log_group(deployment, f"{job}/output")
