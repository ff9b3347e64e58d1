"""The crawler's settings, from the environment. All faults are told at once."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lambdas.http.client import USER_AGENT
from tapehouse.errors import SettingsError

TASKS: Final = "TAPEHOUSE_CRAWL_TASKS"
QUEUE: Final = "TAPEHOUSE_CRAWL_QUEUE_URL"
LOOPBACK: Final = "TAPEHOUSE_CRAWL_LOOPBACK"
AGENT: Final = "TAPEHOUSE_CRAWL_USER_AGENT"
BROWSER: Final = "TAPEHOUSE_CRAWL_BROWSER"
LANDING: Final = "TAPEHOUSE_LANDING"
_ON_AWS: Final = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """What the crawler's functions are told."""

    tasks: str
    """A path, or s3://…, of the YAML file."""
    landing: str = ""
    queue_url: str = ""
    loopback: bool = False
    """127.0.0.1 and ::1 are reached, and nothing else is."""
    user_agent: str = USER_AGENT
    browser: tuple[str, ...] = ()
    """Chromium's command; empty: no task may need JavaScript."""

    @classmethod
    def of(cls, environment: Mapping[str, str], *, needs: tuple[str, ...]) -> "CrawlSettings":
        """Of the variables; ``needs`` names those that have to be there. Raises SettingsError."""
        said = {name: environment.get(name, "").strip() for name in (TASKS, QUEUE, LOOPBACK, AGENT, BROWSER, LANDING)}
        faults = [f"{name} is missing" for name in needs if not said[name]]
        if said[LOOPBACK] not in ("", "0", "1"):
            faults.append(f"{LOOPBACK} is 1 or 0")
        agent = said[AGENT] or USER_AGENT
        if not (agent.isascii() and agent.isprintable() and len(agent) <= 200):
            faults.append(f"{AGENT} has up to 200 of ASCII's letters and signs")
        try:
            browser = tuple(shlex.split(said[BROWSER]))
        except ValueError:
            browser = ()
            faults.append(f"{BROWSER} is no command")
        if environment.get(_ON_AWS):
            # On loopback stands Lambda's own runtime, and a browser has a page's code run beside the role.
            faults += [f"{name} is for home" for name in (LOOPBACK, BROWSER) if said[name] not in ("", "0")]
        if faults:
            raise SettingsError(faults)
        return cls(
            tasks=said[TASKS],
            landing=said[LANDING],
            queue_url=said[QUEUE],
            loopback=said[LOOPBACK] == "1",
            user_agent=agent,
            browser=browser,
        )
