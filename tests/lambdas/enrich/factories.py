"""What tests of the scoring are made of: documents, landed lines, and a parser of them."""

import json
from typing import Any, Final

from tapehouse.document import Document, document_id
from tapehouse.documents import Parsed
from tapehouse.landing import Landed

AT_US: Final = 1_795_918_231_000_042
"""2026-11-29T02:10:31.000042Z"""


def document(title: str = "Bitcoin surges to record high", **changes: Any) -> Document:
    values: dict[str, Any] = {
        "document_id": document_id("coindesk", url=None, key=title),
        "kind": "news",
        "source": "coindesk",
        "url": None,
        "title": title,
        "body": "",
        "author": None,
        "published_at_us": AT_US,
        "fetched_at_us": AT_US,
    }
    return Document(**{**values, **changes})


def landed(*titles: str, **changes: Any) -> Landed:
    """A response whose items have these titles."""
    values: dict[str, Any] = {"kind": "news", "source": "coindesk", "request": "GET https://a.example/rss"}
    body = json.dumps(titles).encode()
    return Landed(**{**values, "fetched_at_us": AT_US, "body": body, **changes})


def parse(line: Landed) -> Parsed:
    """As ``tapehouse.documents.parse``: never raises."""
    try:
        titles = json.loads(line.body)
    except ValueError:
        return Parsed.fault("no JSON")
    return Parsed(documents=tuple(document(title, kind=line.kind, source=line.source) for title in titles))
