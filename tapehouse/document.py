"""A document: a story, a post or a page, as every source of them is made to look; and what names it.

Sources differ in all but this, so their parsers (``tapehouse/documents/``) end here, and what scores or stores
documents begins here. A number that a source told (a price on a page, the day's Fear & Greed) is a ``Value``.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

DocumentKind: TypeAlias = Literal["news", "social", "page"]
_TRACKING: Final = re.compile(
    r"utm_.*|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|cmpid|ref|ref_src|source|taid|guccounter", re.IGNORECASE
)
"""Query parameters that say where a reader came from, never what is read."""
_PORTS: Final = {"http": 80, "https": 443}
_WORD: Final = re.compile(r"\w+")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_LEAST_WORDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSentiment:
    """What a source itself holds a document's mood to be."""

    symbol: str | None
    """The base asset that it is about (BTC); None: the whole document."""
    score: float
    """-1 to 1, as the vendor scales it."""
    relevance: float | None = None
    """0 to 1: how much of the document is about the symbol; None where the vendor does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One story, post or page, as it was at one fetch."""

    document_id: str
    """``document_id(...)``: the same wherever and however often it is fetched."""
    kind: DocumentKind
    source: str
    """Who told it: coindesk, alphavantage, finnhub, reddit, …"""
    url: str | None
    """Canonical."""
    title: str
    body: str
    """Plain text without markup; empty where there is none."""
    author: str | None
    published_at_us: int
    """When the source says that it was published, µs UTC."""
    fetched_at_us: int
    symbols: tuple[str, ...] = ()
    """Base assets that the source tagged it with, upper case, without repeats, sorted."""
    vendor_sentiment: tuple[VendorSentiment, ...] = ()
    removed: bool = False
    """The source says that its text is gone (``[removed]``, ``[deleted]``): it has to go here too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number that a source told of a time: a price read from a page, the day's value of an index."""

    kind: Literal["price", "index"]
    source: str
    name: str
    """What it is of: BTC-USD, or fear-greed."""
    value: str
    """Exact plain decimal text."""
    unit: str
    """The quote currency of a price; ``points`` of an index."""
    label: str | None
    """In the source's own words: Extreme Fear."""
    observed_at_us: int
    """The time that it is of, µs UTC: a whole day's index has its first moment."""
    fetched_at_us: int
    url: str | None = None


def canonical_url(url: str) -> str:
    """The address as two sources of one story both have it.

    Scheme https, host in lower case without ``www.`` and default port, no fragment, no tracking parameters, the others
    sorted, one spelling of escapes, no ``/`` at the end. Raises ValueError for what is no http or https address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("no http or https address")
    host = parts.hostname.removeprefix("www.").strip(".")
    if not host:
        raise ValueError("no http or https address")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, *_PORTS.values()) else ""
    kept = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(n)]
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._").rstrip("/")
    return urlunsplit(("https", f"{host}{port}", path, urlencode(sorted(kept)), ""))


def document_id(source: str, *, url: str | None, key: str) -> str:
    """What names a document: its canonical address, whoever told it; without one, the source's own key.

    ``key`` is the source's id (a post's fullname), or title and time where it has none. 32 hexadecimal digits.
    """
    named = f"url {canonical_url(url)}" if url else f"key {source} {key}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_document_id(text: str) -> bool:
    """Whether a document may have this id."""
    return _ID.fullmatch(text) is not None


def title_key(title: str) -> str | None:
    """What two spellings of one title share: its words, folded; None for a title of fewer than four words.

    So short a one ("Market update") is many stories'.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", title).casefold())
    return " ".join(words) if len(words) >= _LEAST_WORDS else None
