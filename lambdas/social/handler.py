"""The daily social Lambda, as AWS calls it.

Variables: ``TAPEHOUSE_LANDING``; ``TAPEHOUSE_SOCIAL_SOURCES`` (fear-greed; reddit as well), ``REDDIT_SECRET`` (a secret
whose JSON has client_id, client_secret and user_agent) or ``REDDIT_CLIENT_ID``, ``REDDIT_CLIENT_SECRET`` and
``REDDIT_USER_AGENT``, ``TAPEHOUSE_SUBREDDITS`` (CryptoCurrency), ``TAPEHOUSE_SOURCE_URLS``.
"""

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdas.batch import Batch
from lambdas.deadline import Deadline, Timely
from lambdas.http import Http
from lambdas.social.fear_greed import FearGreed
from lambdas.social.reddit import Credentials, Reddit
from lambdas.source import Source
from lambdas.variables import Variables, secrets_manager
from tapehouse import logs
from tapehouse.keys import SecretsClient

ADDRESSES: Final = {FearGreed.NAME: FearGreed.ADDRESS, Reddit.NAME: Reddit.ADDRESS}
TOKEN: Final = "reddit-token"  # noqa: S105 - the name of an address


def handler(event: Any, context: object) -> dict[str, Any]:
    """What became of each source. Raises EventError, SettingsError, and BatchFailedError once all were asked."""
    return _warm()(event, context)


def social(
    environ: Mapping[str, str],
    *,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    secrets: Callable[[], SecretsClient] = secrets_manager,
) -> Batch:
    """The batch that the variables describe. Raises SettingsError."""
    variables = Variables(environ, secrets=secrets)
    landing = variables.landing()
    chosen = variables.names("TAPEHOUSE_SOCIAL_SOURCES", (FearGreed.NAME,), known=tuple(ADDRESSES))
    subreddits = variables.names("TAPEHOUSE_SUBREDDITS", ("CryptoCurrency",))
    at = variables.addresses({**ADDRESSES, TOKEN: ""})
    is_elsewhere = at[Reddit.NAME] != Reddit.ADDRESS  # then no credentials go to Reddit itself
    beside = f"{at[Reddit.NAME].rstrip('/')}/api/v1/access_token" if is_elsewhere else Reddit.TOKEN_ADDRESS
    variables.check()
    deadline = Deadline(monotonic=monotonic, sleep=sleep)
    http = Timely(Http(clock=clock, sleep=sleep, monotonic=monotonic), deadline)
    sources: dict[str, Source] = {
        FearGreed.NAME: FearGreed(http=http, clock=clock, address=at[FearGreed.NAME]),
        Reddit.NAME: Reddit(
            http=http,
            credentials=_credentials(variables),
            subreddits=subreddits,
            address=at[Reddit.NAME],
            token_address=at[TOKEN] or beside,
            sleep=deadline.sleep,
        ),
    }
    return Batch({name: sources[name] for name in chosen}, landing=landing, clock=clock, deadline=deadline)


def _credentials(variables: Variables) -> Callable[[], Credentials]:
    parts = {
        part: variables.key(f"REDDIT_{part.upper()}", "REDDIT_SECRET", part=part)
        for part in ("client_id", "client_secret", "user_agent")
    }
    return lambda: Credentials(**{part: read() for part, read in parts.items()})


@functools.cache
def _warm() -> Batch:
    """Kept between calls of one container; credentials are read anew at each, since they may have been changed."""
    logs.set_up()
    return social(os.environ, clock=lambda: time.time_ns() // 1_000)
