"""Why nothing was fetched.

::

    FetchError
    ├── FetchFailedError    a TransientError: asking again later may help
    └── FetchRefusedError   a TerminalError: the same request will not be answered in another way

No error shows a secret, and none has ``requests``' own beside it, whose texts hold whole addresses.
"""

import enum
from dataclasses import dataclass
from typing import Final

from tapehouse.errors import LakehouseError, TerminalError, TransientError


class Reason(enum.Enum):
    """What came in the way."""

    TIMEOUT = "timeout"
    """The answer, or its next bytes, did not come in time."""
    CONNECTION = "connection"
    """No connection, or it was lost before the answer's body."""
    CUT = "cut"
    """The body ended too soon."""
    STATUS = "status"
    TOO_LARGE = "too large"
    REDIRECTS = "redirects"
    """Too many, or in a circle."""
    REFUSED = "refused"
    """Not asked, or not read: no usable address, from https to http, an encoding that is not read here."""


_TRANSIENT: Final = frozenset({Reason.TIMEOUT, Reason.CONNECTION, Reason.CUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One try that failed, as a value."""

    reason: Reason
    detail: str
    status: int | None = None
    retry_after_s: float | None = None
    """What the server itself asks to be waited; None where it does not."""

    @property
    def is_transient(self) -> bool:
        if self.status is not None:
            return self.status == 429 or self.status >= 500
        return self.reason in _TRANSIENT


class FetchError(LakehouseError):
    """A request was not answered. ``shown`` is what was asked, without its secrets."""

    def __init__(self, name: str, shown: str, fault: Fault, tries: int = 1) -> None:
        super().__init__(name, shown, fault, tries)
        self.name, self.shown, self.fault, self.tries = name, shown, fault, tries

    @property
    def reason(self) -> Reason:
        return self.fault.reason

    @property
    def status(self) -> int | None:
        """The HTTP status that it failed with; None where it did not get that far."""
        return self.fault.status

    def __str__(self) -> str:
        begins = f"{self.name}: " if self.name else ""
        tries = f", after {self.tries} tries" if self.tries > 1 else ""
        return f"{begins}{self.shown} failed ({self.reason.value}): {self.fault.detail}{tries}."


class FetchFailedError(FetchError, TransientError):
    """A timeout, a lost connection, half a body, 429 or 5xx, up to the last try."""


class FetchRefusedError(FetchError, TerminalError):
    """Another status, too large a body, redirects without end, or an address that is not asked."""


def error_of(fault: Fault, *, name: str, shown: str, tries: int) -> FetchError:
    kind = FetchFailedError if fault.is_transient else FetchRefusedError
    return kind(name, shown, fault, tries)
