"""Calls to AWS that the command makes: a client a service, what a refusal says, and the wait for an end."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tapehouse.errors import TerminalError

FIRST_S: Final = 2.0
"""Seconds until the second look, and after each change."""
_SLOWER: Final = 1.5

T = TypeVar("T")


class Clients:
    """Clients of AWS in one region, one a service; made when they are first needed."""

    def __init__(self, region: str, make: Callable[..., Any] | None = None, **how: Any) -> None:
        """``make``: what makes a client, ``tapehouse.aws.client`` if None; ``how``: its other words."""
        self._region, self._make, self._how = region, make, how
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            from tapehouse import aws

            self._made[service] = (self._make or aws.client)(service, region=self._region, **self._how)
        return self._made[service]


def refused(what: str, error: Exception) -> TerminalError:
    """``what`` AWS did not do, and why, on one line; to be raised from the error."""
    return TerminalError(f"{what}: {' '.join(str(error).split())}")


def or_none(ask: Callable[[], T], *absent: str) -> T | None:
    """What was asked for; None where AWS answers with one of these codes. Raises ClientError for any other."""
    from botocore.exceptions import ClientError

    from tapehouse.kinesis import code_of

    try:
        return ask()
    except ClientError as error:
        if code_of(error) in absent:
            return None
        raise


def until(
    look: Callable[[], T | None],
    *,
    state_of: Callable[[T], str],
    is_over: Callable[[str], bool],
    tell: Callable[[str], None],
    sleep: Callable[[float], None],
    most_s: float,
) -> T:
    """Looks until it is over, each change of the state told, up to ``most_s`` apart where nothing changes.

    None of ``look`` is a look that failed: what is looked at does not hang on it.
    """
    last, wait_s = "", FIRST_S
    while True:
        found = look()
        if found is not None:
            state = state_of(found)
            if state != last:
                tell(state)
                last, wait_s = state, FIRST_S
            if is_over(state):
                return found
        sleep(wait_s)
        wait_s = min(most_s, wait_s * _SLOWER)
