"""What was found of one fact, and how facts are asked one after the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from tapehouse import aws
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
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client in the deployment's region."""
        if service not in self._clients:
            self._clients[service] = self.make(service, region=self.settings.region, max_attempts=3)
        return self._clients[service]


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

    try:
        return fact(asked)
    except ClientError as error:
        code, action = error.response.get("Error", {}).get("Code", ""), error.operation_name
        if code in _DENIED:
            return unknown(f"may not ask: {action} is denied", f"allow {action}, or ask with the role of an operator.")
        text = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
        return fault(f"{action} failed: {code} {text}".rstrip(), "mend what it says, then ask again.")
    except BotoCoreError as error:
        return fault(" ".join(str(error).split()), "see that AWS can be reached from here, then ask again.")


def code_of(error: Any) -> str:
    """The code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))
