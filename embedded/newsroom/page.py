"""A request as a source sees it, and its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    """Behind the source's name: ``/query``."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    now_us: int
    """When it came, µs UTC: what is later has not happened."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """One source, seen from its side."""

    def answer(self, asked: Asked) -> Page:
        """Raises nothing: what it does not like it says in its own words."""


def as_json(value: Any, status: int = 200, **headers: str) -> Page:
    """A page of JSON, spelled without blanks. Underscores of ``headers`` are dashes."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Page(body, status, headers={name.replace("_", "-"): text for name, text in headers.items()})


def whole_number(text: str, *, least: int, most: int) -> int | None:
    """The number, no more than ``most``; None for no number and one below ``least``."""
    if not (text.isascii() and text.isdigit()) or int(text[:18]) < least:
        return None
    return min(int(text[:18]), most)
