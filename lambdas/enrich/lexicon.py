"""The words that the scorer knows: VADER's for mood at large, above them our own of markets and of emotions.

Our lists (``words/``) are sections of word families, each under a head ``[role valence how emotion=weight …]``, or of
an emotion ``[fear 2 how]``. *how* is that of ``inflect.forms``. A role says how a word acts on its neighbours:

======  ===============================================================================================================
up      more of something: good by itself, bad of a bad thing ("inflation rises")
down    less of something: bad by itself, good of a bad thing ("losses narrow")
stop    an end of something, good of a bad thing ("lifts ban"), bad of a good one ("halts withdrawals")
good    a thing that is good to have (inflows)
bad     a thing that is bad to have (outflows)
not     turns round what follows ("fails to")
market  says nothing itself, but how much (0 to 1) the text is about markets or money
plain   just its valence
======  ===============================================================================================================

Source of valences: our own judgement, on VADER's scale of -4 to 4.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from lambdas.enrich import inflect
from lambdas.enrich.words import EMOTION, FINANCE, GENERAL
from tapehouse.score import EMOTIONS

ROLES: Final = frozenset(("up", "down", "stop", "good", "bad", "not", "market", "plain"))
MOODS: Final[Mapping[str, float]] = {
    "anger": -1.5, "disgust": -1.7, "fear": -1.5, "joy": 1.7, "neutral": 0.0, "sadness": -1.6, "surprise": 0.0,
}  # fmt: skip
"""Valence of a word that is listed for its emotion alone."""
DETERMINERS: Final = frozenset(("a", "an", "the", "its", "their", "his", "her", "our", "my", "your", "this", "these"))
"""Left out before expressions are looked for: "drops the suit" and "drops its suit" are one."""
_HEAD: Final = re.compile(r"\[([^\]]+)\]")
Weights = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one word or expression."""

    valence: float = 0.0
    role: str = "plain"
    emotions: Weights = ()
    """(place in EMOTIONS, weight)"""
    own: bool = True
    """Said of markets; otherwise of mood at large, which is no market's before the text is about one."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    words: Mapping[str, Entry]
    expressions: Mapping[str, tuple[tuple[tuple[str, ...], Entry], ...]]
    """First word → (all words, entry), the longest first."""
    digest: str
    """Hexadecimal SHA-256 of all that is in it."""


def lexicon(*texts: str, vader: Mapping[str, float] | None = None, emojis: Mapping[str, str] | None = None) -> Lexicon:
    """Our lists over VADER's words and its words for emoji. Raises ValueError for a head that says nothing known."""
    vader, emojis = vader or {}, emojis or {}
    found = {word: Entry(valence, own=False) for word, valence in vader.items()}
    for emoji, said in emojis.items():
        valence = sum(vader.get(word, 0.0) for word in said.split())
        if len(emoji) == 1 and valence:
            found[emoji] = Entry(valence, own=False)
    for text in texts:
        for word, entry in _entries(text):
            before = found.get(word)
            found[word] = entry if before is None else _merged(before, entry)
    expressions: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
    for key in [key for key in found if "_" in key.strip("_") and len(key) > 3]:
        parts = tuple(part for part in key.split("_") if part not in DETERMINERS)
        entry = found.pop(key)
        if len(parts) > 1:
            expressions.setdefault(parts[0], []).append((parts, entry))
    # The longest first, and the others in one order: that of forms comes from sets, another one in each process.
    ordered = {
        first: tuple(sorted(rest, key=lambda each: (-len(each[0]), each[0], repr(each[1]))))
        for first, rest in expressions.items()
    }
    said = repr((sorted(found.items()), sorted(ordered.items())))
    return Lexicon(found, ordered, hashlib.sha256(said.encode()).hexdigest())


def standard() -> Lexicon:
    """The one that is scored with. Takes a tenth of a second or two: build it once."""
    analyzer: Any = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()  # late: takes a while
    return lexicon(EMOTION, GENERAL, FINANCE, vader=analyzer.lexicon, emojis=analyzer.emojis)


def _merged(before: Entry, entry: Entry) -> Entry:
    """A later list's valence and role; the emotions of both, the stronger where both have one.

    What says something of a market already needs not be said to be about one.
    """
    if entry.role == "market" and before.own:
        return before
    emotions = dict(before.emotions)
    for place, weight in entry.emotions:
        emotions[place] = max(weight, emotions.get(place, weight))
    if entry.valence == 0 and entry.role == "plain" and entry.emotions:
        return Entry(before.valence, before.role, tuple(sorted(emotions.items())), before.own)
    return Entry(entry.valence, entry.role, tuple(sorted(emotions.items())), entry.own)


def _entries(text: str) -> Iterator[tuple[str, Entry]]:
    entry, how = Entry(), "x"
    for line in text.splitlines():
        line = line.partition("# ")[0].strip()  # noqa: PLW2901
        head = _HEAD.fullmatch(line)
        if head:
            entry, how = _of_head(head[1])
            continue
        for word in line.split():
            for form in inflect.forms(word, how):
                yield form, entry


def _of_head(head: str) -> tuple[Entry, str]:
    first, number, how, *more = head.split()
    weights = {name: float(weight) for name, _, weight in (each.partition("=") for each in more)}
    if first in EMOTIONS:
        weights[first] = float(number)
        valence, role, own = weights.pop("mood", MOODS[first]), "plain", False
    else:
        valence, role, own = float(number), first, not weights.pop("mood", 0)
    if role not in ROLES or not set(weights) <= set(EMOTIONS) or not set(how) <= set("vnacx"):
        raise ValueError(f"[{head}]: no head of a list of words")
    return Entry(valence, role, tuple(sorted((EMOTIONS.index(name), w) for name, w in weights.items())), own), how
