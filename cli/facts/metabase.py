"""Metabase: its task is what was applied last; and asked as anybody would, the reset of passwords is refused before it,
and it is no version with known holes.

Through that path instances were taken over in August 2026 (GHSA-vwf4-m7j8-wcjf). The oldest version that may run is
Terraform's to say, which deploys none below it; here it is what answers that is held against it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import requests

from cli.facts.finding import DEPLOY, Asked, Finding, fault, ok, unknown
from cli.facts.service import fault_of
from tapehouse.deployed import outputs_of, read

RESET: Final = "/api/session/reset_password"
PROPERTIES: Final = "/api/session/properties"
_WITHIN_S: Final = 10.0
_NOT_FROM_HERE: Final = "ask from a network that is allowed to (allowed_cidrs); else see the alarm metabase-down."
_SIGN_IN: Final = "ask from a network of machine_cidrs."


def metabase_task(asked: Asked) -> Finding:
    """What ECS says of it, which is to be had where the load balancer lets nobody in from here."""
    deployed = read(outputs_of(asked.settings.target)).get("metabase")
    if not deployed:
        return unknown("none is deployed")
    found = asked.client("ecs").describe_services(cluster=deployed["cluster"], services=[deployed["service"]])
    active = [service for service in found["services"] if service.get("status") == "ACTIVE"]
    if not active:
        return fault(f"there is no service {deployed['service']}", DEPLOY)
    (service,) = active
    return fault_of(asked, service) or ok(
        f"{deployed['service']} {service['runningCount']} of {service['desiredCount']}"
    )


def metabase(asked: Asked) -> Finding:
    """The refusal is asked for first: it is the same where somebody has to sign in before Metabase."""
    deployed = read(outputs_of(asked.settings.target)).get("metabase")
    if not deployed:
        return unknown("none is deployed")
    address = str(deployed["address"])
    try:
        refused = _ask("POST", address + RESET).status_code
        if refused != 403:
            return fault(f"{address} answers {RESET} with {refused}, not 403: passwords can be reset", DEPLOY)
        answer = _ask("GET", address + PROPERTIES)
    except requests.exceptions.SSLError:
        return fault(f"{address} has a certificate that is not its own, or that nobody vouches for", DEPLOY)
    except requests.RequestException as error:
        return unknown(f"{address} cannot be reached from here ({type(error).__name__})", _NOT_FROM_HERE)
    return _version(address, answer, str(deployed["least_version"]))


def _ask(method: str, url: str) -> requests.Response:
    return requests.request(method, url, timeout=_WITHIN_S, allow_redirects=False)


def _version(address: str, answer: requests.Response, least: str) -> Finding:
    if answer.is_redirect:
        return unknown(f"{address} refuses the reset of passwords; its version is behind a sign-in", _SIGN_IN)
    tag = _tag(answer)
    if answer.status_code != 200 or tag is None:
        return fault(
            f"{address} answers {PROPERTIES} with {answer.status_code}, without a version",
            "it may be starting, or not reach its database: ask again in some minutes, then read its log.",
        )
    if (found := _parts(tag)) is None:
        return fault(f"{address} runs {tag}, which is no release", DEPLOY)
    if found < (_parts(least) or ()):
        return fault(f"{address} runs {tag}, and {least} is the oldest without known holes", DEPLOY)
    return ok(f"{address} runs {tag}, and refuses the reset of passwords")


def _tag(answer: requests.Response) -> str | None:
    """``version.tag`` of the properties, on one line; None where there is none."""
    try:
        said: Any = answer.json()
    except ValueError:
        return None
    version = said.get("version") if isinstance(said, Mapping) else None
    tag = version.get("tag") if isinstance(version, Mapping) else None
    return " ".join(tag.split())[:40] if isinstance(tag, str) else None


def _parts(tag: str) -> tuple[int, ...] | None:
    """v0.64.6.2 as (64, 6, 2), and a release without a fix as its fix 0; the edition before it does not count."""
    match = re.fullmatch(r"v?[01]\.(\d+)\.(\d+)(?:\.(\d+))?", tag)
    return tuple(int(part or 0) for part in match.groups()) if match else None
