"""What may be shown of an address, a text or a body: everything but its secrets.

A secret is a value that the caller names, and the value of every query parameter whose name says so.
"""

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

MASK: Final = "***"
LEAST_IN_BODY: Final = 6
"""Characters of a secret that is looked for in bodies: a shorter one (``demo``) is a word of many stories."""
_NAME: Final = re.compile(
    r".*(?:api[-_]?key|token|secret|passw(?:or)?d|signature|credential).*|(?:.*[-_])?(?:key|auth|sig|pwd)",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether a parameter or header of this name holds a secret: apikey, token, access_token, key, client_secret, …"""
    return _NAME.fullmatch(name) is not None


def spellings(secret: str) -> tuple[str, ...]:
    """The secret as it stands in addresses, forms and JSON as well, longest first."""
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    return tuple(sorted(found | {secret.replace("/", "\\/")}, key=len, reverse=True))


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text with each of ``secrets`` masked, however it is spelled."""
    for secret in secrets:
        for spelling in spellings(secret) if secret else ():
            text = text.replace(spelling, MASK)
    return text


def scrub_body(body: bytes, secrets: Iterable[str]) -> bytes:
    """The same for a body: some vendors print the key that they were asked with."""
    for secret in secrets:
        for spelling in spellings(secret) if len(secret) >= LEAST_IN_BODY else ():
            body = body.replace(spelling.encode("utf-8"), MASK.encode("ascii"))
    return body


def address(url: str, secrets: Iterable[str] = ()) -> str:
    """The address without its secrets, its user and its fragment; ``(no address)`` for what is none."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "(no address)"
    query = parts.query
    if any(is_secret(name) for name, _ in pairs):
        query = urlencode([(name, MASK if is_secret(name) else value) for name, value in pairs], safe="*:/,")
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    return scrub(shown, secrets)
