"""What language a text is in, by its script and its stop words. ``und``: it does not tell.

A headline has few stop words, so ``und`` is common for short ones; what is scored nevertheless, ``score.py`` says.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

from lambdas.enrich import text
from lambdas.enrich.stop_words import STOP_WORDS

UNKNOWN: Final = "und"
_READ_CHARS: Final = 2_000
_LEAST_SHARE: Final = 0.12
"""Of a text's words must be stop words of a language: running text has 0.3 to 0.5, headlines 0.1 to 0.3."""
_SCRIPTS: Final = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "zh"),
    ("CYRILLIC", "ru"),
    ("ARABIC", "ar"),
)
_LETTERS: Final[Mapping[str, str]] = {
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ß": "de",
    "ã": "pt",
    "õ": "pt",
    "ø": UNKNOWN,
    "ł": UNKNOWN,
}
"""Letters that one language alone (or none of ours) has weigh as one stop word."""


def language(cleaned: str) -> str:
    """One of en, es, de, fr, pt, it, nl, ru, zh, ja, ko, ar, or ``und``."""
    read = cleaned[:_READ_CHARS]
    if not read.isascii():
        by_script = _by_script(read)
        if by_script is not None:
            return by_script
    found = text.words(read)
    if not found:
        return UNKNOWN
    counts = {name: sum(map(stops.__contains__, found)) for name, stops in STOP_WORDS.items()}
    if not read.isascii():
        for letter in set(read.lower()) & set(_LETTERS):
            counts[_LETTERS[letter]] = counts.get(_LETTERS[letter], 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    (best, most), (_, second) = ranked[0], ranked[1]
    return best if most > second and most >= _LEAST_SHARE * len(found) else UNKNOWN


def is_latin(cleaned: str) -> bool:
    """Whether most of its letters are Latin; also for a text without letters."""
    letters = [char for char in cleaned[:_READ_CHARS] if char.isalpha()]
    latin = sum(char.isascii() or unicodedata.name(char, "").startswith("LATIN") for char in letters)
    return 2 * latin >= len(letters)


def _by_script(read: str) -> str | None:
    """By the script that a third of the letters are in: names of coins stay Latin in any language."""
    counts: dict[str, int] = {}
    letters = 0
    for char in read:
        if not char.isalpha():
            continue
        letters += 1
        if char.isascii():
            continue
        name = unicodedata.name(char, "")
        for begins, found in _SCRIPTS:
            if name.startswith(begins):
                counts[found] = counts.get(found, 0) + 1
    if not counts or 3 * sum(counts.values()) < letters:
        return None
    if counts.get("ja"):  # Japanese writes with Chinese characters too, and no Chinese with kana
        return "ja" if 10 * counts["ja"] >= sum(counts.values()) else max(counts, key=lambda name: (counts[name], name))
    return max(counts, key=lambda name: (counts[name], name))
