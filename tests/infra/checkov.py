"""checkov's verdicts on a plan, and the reasons that the configuration gives for those that it does not follow.

A reason stands in the block that it is for, as checkov wants it: ``#checkov:skip=CKV_AWS_18:why``. checkov itself finds
the comments of a plan's resource by type and name only, so one module's ``aws_s3_bucket.this`` would excuse every other
module's. Here the address of the resource says which folder is read.
"""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SKIP: Final = re.compile(r"#checkov:skip=(\w+):(.+)")
_BLOCK: Final = re.compile(r'(?ms)^(resource|data) "(\w+)" "(\w+)" \{\n(.*?)^\}')
_ADDRESS: Final = re.compile(r"^(?:module\.(\w+)(?:\[[^]]*\])?\.)?(?:data\.)?(\w+)\.(\w+)")


@dataclass(frozen=True, order=True)
class Verdict:
    """One check that one block fails, or is said to be excused from."""

    folder: str
    """The module's name; empty for the root."""
    block: str
    """type.name, without the keys of ``for_each``."""
    check: str


def failed(checkov: Path, plan: Path) -> Mapping[Verdict, str]:
    """What checkov fails of the plan (its JSON), with the check's name in words. Asks no network.

    Raises AssertionError where checkov itself did not work.
    """
    done = subprocess.run(
        [checkov, "-f", plan, "--framework", "terraform_plan", "--compact", "--output", "json", "--skip-download"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stdout[-2000:] + done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["summary"]["parsing_errors"] == 0
    assert told["summary"]["passed"] > 0
    return {
        _verdict(each["resource"], each["check_id"]): each["check_name"] for each in told["results"]["failed_checks"]
    }


def _verdict(address: str, check: str) -> Verdict:
    match = _ADDRESS.match(address)
    assert match, address
    return Verdict(match[1] or "", f"{match[2]}.{match[3]}", check)


def excused(infra: Path) -> Mapping[Verdict, str]:
    """What the configuration gives a reason for, with the reason."""
    found: dict[Verdict, str] = {}
    for folder in (infra, *sorted((infra / "modules").iterdir())):
        for path in sorted(folder.glob("*.tf")):
            for _, kind, name, body in _BLOCK.findall(path.read_text()):
                where = "" if folder == infra else folder.name
                found |= {Verdict(where, f"{kind}.{name}", check): reason for check, reason in SKIP.findall(body)}
    return found
