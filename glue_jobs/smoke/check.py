"""A check: one fact that the code relies on, and a look at whether it is so here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from glue_jobs.smoke.bench import Bench
from tapehouse import logs

log = logs.of(__name__)

_SHOWN = 300
"""Characters of what was seen."""


class NotHereError(Exception):
    """The fact is one of AWS', and this is not AWS: the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found."""

    what: str
    differs: bool = False
    """It is not what the code relies on."""


@dataclass(frozen=True, slots=True)
class Check:
    """One fact."""

    name: str
    relies: str
    """What the code relies on, and what to do or know where it differs."""
    look: Callable[[Bench], Seen]
    """Raises NotHereError where there is nothing to look at; any other error means that it differs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one check."""

    name: str
    verdict: Literal["as told", "differs", "not here"]
    what: str
    relies: str


def inquire(checks: Iterable[Check], bench: Bench) -> list[Finding]:
    """Every check, also after one that differs."""
    findings = []
    for check in checks:
        finding = _finding(check, bench)
        log.info("smoke", check=finding.name, verdict=finding.verdict, seen=finding.what)
        findings.append(finding)
    return findings


def _finding(check: Check, bench: Bench) -> Finding:
    try:
        seen = check.look(bench)
    except NotHereError as error:
        return Finding(check.name, "not here", str(error), check.relies)
    except Exception as error:  # noqa: BLE001 - whatever a look meets is what there is to be told
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(check.name, "differs", text[:_SHOWN], check.relies)
    return Finding(check.name, "differs" if seen.differs else "as told", seen.what[:_SHOWN], check.relies)


def table_of(findings: Sequence[Finding]) -> str:
    """One line a check; of what differs, what is relied on too."""
    width = max((len(each.name) for each in findings), default=0)
    lines = []
    for each in findings:
        lines.append(f"{each.name:<{width}}  {each.verdict:<8}  {each.what}")
        if each.verdict == "differs":
            lines.append(f"{'':<{width}}  {'':<8}  relied on: {each.relies}")
    return "\n".join(lines)
