"""Raw venue messages as lines of text → records: what ``tapehouse parse FEED [--rest --symbol S]`` runs.

A line is one message as it came off the socket, or a line of a recording, ``{"received": <epoch seconds>, "raw":
"<message>"}``, which brings its own time of receipt. Of REST pages the whole input is one page, or each line is one:
where the first line is whole JSON by itself, each is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Feed, Parsed
from producers.feeds.fields import BadFieldError
from producers.feeds.message import NotJsonError
from producers.feeds.registry import FEEDS, UnknownFeedError
from producers.feeds.symbols import SymbolError
from tapehouse.errors import TerminalError
from tapehouse.record import Trade, encode

ALIASES: Final[Mapping[str, str]] = {alias: name for name, feed in FEEDS.items() for alias in feed.traits.aliases}
"""Other names that ``parse`` takes beside the feeds' own. Underscores do for dashes; ``-rest`` at the end is --rest."""
_REST_SUFFIX: Final = "-rest"
_NAMES_COUNTED: Final = 1000
Line: TypeAlias = str | bytes


@dataclass(slots=True)
class Counts:
    """What became of the messages; every message is in one or more of these."""

    messages: int = 0
    trades: int = 0
    replayed: int = 0
    """Of the trades, those that were made before the subscription."""
    unparsed: int = 0
    acknowledged: int = 0
    refused: list[str] = field(default_factory=list)
    """The venue's own words, the first few."""
    refusals: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    """Messages without trades, by the name of their type."""

    def add(self, parsed: Parsed) -> None:
        """Count one message."""
        trades = sum(isinstance(record, Trade) for record in parsed.records)
        self.messages += 1
        self.trades += trades
        self.replayed += trades if parsed.replayed else 0
        self.unparsed += len(parsed.records) - trades
        self.acknowledged += bool(parsed.acknowledged)
        if parsed.refused is not None:
            self.refusals += 1
            if len(self.refused) < 10:
                self.refused.append(parsed.refused)
        if parsed.ignored is not None:
            known = parsed.ignored in self.ignored or len(self.ignored) < _NAMES_COUNTED
            self.ignored[parsed.ignored if known else message.UNKNOWN] += 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What ``parse`` was asked for: a feed, and the canonical symbol where the input is REST pages."""

    feed: Feed
    rest_symbol: str | None = None


def reading(name: str, *, rest: bool = False, symbol: str | None = None) -> Reading:
    """The feed of this name or alias, and the symbol of its pages, canonical or as the venue's requests write it.

    Raises UnknownFeedError, SymbolError, and TerminalError where pages come without a symbol or a symbol without pages.
    """
    plain = name.strip().lower().replace("_", "-")
    if plain.endswith(_REST_SUFFIX):
        plain, rest = plain.removesuffix(_REST_SUFFIX), True
    feed = FEEDS.get(ALIASES.get(plain, plain))
    if feed is None:
        raise UnknownFeedError(name, (*FEEDS, *ALIASES))
    if rest != (symbol is not None):
        raise TerminalError("give --rest and --symbol together: the rows of a REST page do not name their symbol")
    if rest and feed.traits.paging is None:
        raise TerminalError(f"{feed.name} has no pages of past trades: its messages alone can be parsed")
    return Reading(feed.unconnected(), None if symbol is None else _canonical(feed, symbol))


def _canonical(feed: Feed, symbol: str) -> str:
    try:
        return naming.canonical(symbol)
    except SymbolError:
        return naming.from_slash(symbol) if "/" in symbol else feed.traits.read_symbol(symbol)


def parse_lines(what: Reading, lines: Iterable[Line], *, clock: Callable[[], int], counts: Counts) -> Iterator[bytes]:
    """Each line's records, encoded, as soon as the line is read; ``counts`` is filled on the way. Never raises.

    ``clock`` gives the time of receipt (µs UTC) of lines that do not bring their own. Blank lines are passed over.
    """
    texts = (_without_end(line) for line in lines if line.strip())
    for text in texts if what.rest_symbol is None else _pages(texts):
        raw, received_time_us = _unwrapped(text)
        at_us = clock() if received_time_us is None else received_time_us
        parsed = (
            what.feed.parse(raw, at_us)
            if what.rest_symbol is None
            else what.feed.parse_rest(raw, what.rest_symbol, at_us)
        )
        counts.add(parsed)
        yield from map(encode, parsed.records)


def _without_end(line: Line) -> Line:
    return line.rstrip(b"\r\n") if isinstance(line, bytes) else line.rstrip("\r\n")


def _pages(texts: Iterator[Line]) -> Iterable[Line]:
    """Each line a page, if the first line is whole JSON; else all of it one page, if that is JSON; else each line."""
    first = next(texts, None)
    if first is None:
        return []
    if _json(first) is not None:
        return chain([first], texts)
    listed = [first, *texts]
    whole = b"\n".join(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in listed)
    return [whole] if _json(whole) is not None else listed


def _json(text: Line) -> tuple[str, Any] | None:
    try:
        return message.decode(text)
    except NotJsonError:
        return None


def _unwrapped(line: Line) -> tuple[Line, int | None]:
    """A line of a recording → its message and time of receipt (µs; its decimals are cut); another line as it is."""
    marked = b'"raw"' in line and b'"received"' in line if isinstance(line, bytes) else '"raw"' in line
    decoded = _json(line) if marked else None
    body = decoded[1] if decoded else None
    if not isinstance(body, dict) or "received" not in body or not isinstance(body.get("raw"), str):
        return line, None
    try:
        return body["raw"], fields.unix_s_us(body["received"], "received")
    except BadFieldError:
        return body["raw"], None
