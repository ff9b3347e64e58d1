"""What goes wrong between us and Metabase.

::

    TransientError ─┬ UnavailableError   it does not answer, or not yet
                    │  └ LostAnswerError the answer was lost, and what was asked may have been done
                    └ MovedError         it changed since the plan was shown
    TerminalError ─┬─ RefusedError       it refuses a request; the status and its reason
                   ├─ UntrustedError     nobody vouches for who answers
                   ├─ NoWayError         it cannot be asked from here, for a reason that stays
                   ├─ StrangeAnswerError what answers is not Metabase, or one that we do not know
                   ├─ SignInError        nobody is let in, or not as an administrator
                   ├─ AmbiguousError     there are two where one is looked for
                   ├─ VersionError       it is too old
                   ├─ DatabaseError      Metabase cannot read Athena
                   └─ QuestionsFailedError  questions were put there, and do not run
"""

from collections.abc import Mapping

from tapehouse.errors import TerminalError, TransientError


class UnavailableError(TransientError):
    """Metabase does not answer, or not yet."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(what, detail)
        self.what, self.detail = what, detail

    def __str__(self) -> str:
        detail = self.detail.rstrip(".")
        return f"Metabase does not answer ({self.what}): {detail}. A start takes it minutes: try again then."


class LostAnswerError(UnavailableError):
    """The answer was lost. Asking again might make a thing twice; the next plan sees whether it was made."""

    def __str__(self) -> str:
        return f"Metabase's answer was lost ({self.what}): {self.detail}. It may have been done: run the same again."


class MovedError(TransientError):
    """Somebody changed something since the plan was shown."""

    def __str__(self) -> str:
        return "Metabase has changed since this plan was made: nothing was done. Look at the plan anew."


class RefusedError(TerminalError):
    """A request was refused. No secret is in the detail."""

    def __init__(self, what: str, status: int, detail: str) -> None:
        super().__init__(what, status, detail)
        self.what, self.status, self.detail = what, status, detail

    def __str__(self) -> str:
        return f"Metabase refused {self.what} with {self.status}: {self.detail}"


class UntrustedError(TerminalError):
    """Who answers cannot prove who it is: nothing was sent."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url, self.detail = url, detail

    def __str__(self) -> str:
        return (
            f"{self.url} does not prove that it is Metabase: {self.detail}. Nothing was sent. Is the address the one "
            "of its certificate, and no proxy before it? An authority of your own is named by REQUESTS_CA_BUNDLE."
        )


class NoWayError(TerminalError):
    """It cannot be asked from here, and will not be by waiting. No secret is in the detail."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url, self.detail = url, detail

    def __str__(self) -> str:
        return f"{self.url} cannot be asked from here: {self.detail}."


class StrangeAnswerError(TerminalError):
    """JSON came, and not what Metabase says there."""

    def __init__(self, what: str, lacking: str) -> None:
        super().__init__(what, lacking)
        self.what, self.lacking = what, lacking

    def __str__(self) -> str:
        return (
            f"What answered {self.what} is not as Metabase's answer: it is without {self.lacking}. Something may stand "
            "before it, as a proxy that asks who is there: give the address of Metabase itself."
        )


class SignInError(TerminalError):
    """Nobody is let in, or not as an administrator."""


class AmbiguousError(TerminalError):
    """There are two of a name, and names are all that tells them apart."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind, self.name = kind, name

    def __str__(self) -> str:
        return f"There are several {self.kind}s called {self.name!r} in Metabase: rename or remove all but one."


class VersionError(TerminalError):
    """Its version is one that we do not know how to speak to."""

    def __init__(self, version: str, oldest: int) -> None:
        super().__init__(version, oldest)
        self.version, self.oldest = version, oldest

    def __str__(self) -> str:
        return (
            f"Metabase {self.version} is older than 0.{self.oldest}, whose rights are told in other words: update it."
        )


class DatabaseError(TerminalError):
    """Metabase cannot read Athena."""


class QuestionsFailedError(TerminalError):
    """Questions were put into Metabase, and do not run there."""

    def __init__(self, failed: Mapping[str, str]) -> None:
        super().__init__(failed)
        self.failed = dict(failed)

    def __str__(self) -> str:
        lines = [f"{len(self.failed)} question(s) do not run in Metabase:"]
        return "\n".join([*lines, *(f"  - {name}: {why}" for name, why in self.failed.items())])
