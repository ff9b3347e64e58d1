"""A source of a daily batch: asks for one day, and yields each raw answer as soon as it has it.

What was yielded is landed, also when a later page fails. At the end a source may say how it went (``Told``); without a
word its answers simply landed.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol, TypeAlias

from lambdas.http import Answer, Request
from tapehouse.errors import LakehouseError, TerminalError, TransientError
from tapehouse.landing import Kind, Landed

Outcome: TypeAlias = Literal["landed", "empty", "nothing new", "off", "partial", "failed"]
"""``partial``: there was no time to ask for the rest, or for anything."""
_KEPT_HEADERS: Final = ("content-type", "etag", "last-modified")


@dataclass(frozen=True, slots=True)
class Told:
    """How a source says that it went."""

    outcome: Outcome
    detail: str = ""


Answers: TypeAlias = Generator[Landed, None, Told | None]


class Source(Protocol):
    """One source. Raises whatever keeps it from the rest of the day; a LakehouseError's text is shown."""

    def __call__(self, day: date, /) -> Answers: ...


class Sends(Protocol):
    """The HTTP client, as far as a source uses it."""

    def send(self, request: Request) -> Answer: ...


class SourceError(LakehouseError):
    """What a source answered is not what was asked for. No part of the answer is in it."""

    def __init__(self, source: str, detail: str) -> None:
        super().__init__(source, detail)
        self.source, self.detail = source, detail

    def __str__(self) -> str:
        return f"{self.source}: {self.detail}"


class SourceFailedError(SourceError, TransientError):
    """It may answer otherwise later: it is busy, or out of order."""


class SourceRefusedError(SourceError, TerminalError):
    """It will say the same again: a wrong key, a wrong parameter."""


def landed(kind: Kind, source: str, request: Request, answer: Answer) -> Landed:
    """The answer as it lands: without the request's secrets, and with the headers that the next fetch needs."""
    return Landed(
        kind=kind,
        source=source,
        request=request.shown,
        fetched_at_us=answer.fetched_at_us,
        body=answer.body,
        status=answer.status,
        content_type=answer.content_type,
        headers={name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers},
    )
