"""What was found of one fact, and how facts are asked one after the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final, Literal, TypeAlias

from cli.remote.calls import Clients, or_none
from tapehouse import aws
from tapehouse.deployed import job_name
from tapehouse.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: as it should be (ok), not so (fault), or not to be known here (unknown)."""

    state: Literal["ok", "fault", "unknown"]
    told: str
    mend: str = ""
    """What to do about a fault, a sentence."""


def ok(told: str) -> Finding:
    return Finding("ok", told)


def fault(told: str, mend: str) -> Finding:
    return Finding("fault", told, mend)


def unknown(told: str, mend: str = "") -> Finding:
    return Finding("unknown", told, mend)


@dataclass(frozen=True)
class Asked:
    """What a fact is asked of: the settings, and clients of AWS, one a service."""

    settings: Settings
    make: Callable[..., Any] = aws.client
    _jobs: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)

    @cached_property
    def client(self) -> Clients:
        """Clients in the deployment's region."""
        return Clients(self.settings.region, self.make, max_attempts=3)

    def job(self, job: str) -> Mapping[str, Any] | None:
        """A Glue job as it is there, by its short name; None where it is not. Asked once for all facts of it."""
        name = job_name(self.settings.deployment, job)
        if name not in self._jobs:
            ask = partial(self.client("glue").get_job, JobName=name)
            self._jobs[name] = (or_none(ask, "EntityNotFoundException") or {}).get("Job")
        return self._jobs[name]

    def jobs(self) -> dict[str, Mapping[str, Any] | None]:
        """All of them, by full name."""
        from glue_jobs.jobs.arguments import JOBS

        return {job_name(self.settings.deployment, job): self.job(job) for job in JOBS}


Fact: TypeAlias = Callable[[Asked], Finding]
DEPLOY: Final = "run `make deploy-terraform`."
"""The mend of what Terraform makes."""
_DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


def examine(facts: Mapping[str, Fact], asked: Asked) -> Iterator[tuple[str, Finding]]:
    """Each fact by name. Where the credentials are at fault, nothing behind them is asked."""
    no_account = False
    for name, fact in facts.items():
        found = unknown("not asked: see credentials") if no_account else _answer(fact, asked)
        no_account = no_account or (name == "credentials" and found.state == "fault")
        yield name, found


def _answer(fact: Fact, asked: Asked) -> Finding:
    from botocore.exceptions import BotoCoreError, ClientError

    from tapehouse.kinesis import code_of, detail_of

    try:
        return fact(asked)
    except ClientError as error:
        code, action = code_of(error), error.operation_name
        if code in _DENIED:
            return unknown(f"may not ask: {action} is denied", f"allow {action}, or ask with the role of an operator.")
        return fault(f"{action} failed: {code} {detail_of(error)}".rstrip(), "mend what it says, then ask again.")
    except BotoCoreError as error:
        return fault(" ".join(str(error).split()), "see that AWS can be reached from here, then ask again.")
