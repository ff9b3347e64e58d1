"""The Lambdas of a deployment that a schedule starts, called by hand: the call is waited for, and its answer told."""

import json
from collections.abc import Callable
from typing import Any, Final

from cli.remote.calls import Clients, refused
from tapehouse import deployed
from tapehouse.deployed import log_group
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

_MOST_S: Final = 910.0
"""No function runs for longer than 900 s. A call that were tried again would fetch twice."""


class Functions:
    """The functions of one deployment, by what they do."""

    def __init__(self, settings: Settings, *, make: Callable[..., Any] | None = None) -> None:
        self._settings = settings
        self._client = Clients(settings.region, make, max_attempts=1, read_timeout_s=_MOST_S)

    def call(self, name: str, event: Any) -> Any:
        """What the function answers to the event.

        Raises TerminalError where the deployment has no such function, AWS does not call it, or it ends with an error.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        names = (deployed.read(deployed.outputs_of("aws")).get("news") or {}).get("functions") or {}
        if name not in names:
            raise TerminalError(f"No function {name} was deployed: set `news`, then deploy.")
        try:
            told = self._client("lambda").invoke(FunctionName=names[name], Payload=json.dumps(event).encode())
        except (ClientError, BotoCoreError) as error:
            raise refused(f"AWS does not call {names[name]}", error) from error
        answer = json.loads(told["Payload"].read() or b"null")
        if told.get("FunctionError"):
            why = answer.get("errorMessage", "it does not say why") if isinstance(answer, dict) else answer
            log = log_group(self._settings.deployment, name)
            raise TerminalError(f"{names[name]} ended with an error: {why} Its log: {log}.")
        return answer
