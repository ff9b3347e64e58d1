"""Text as the kernels of this package read it: cleaned, cut into sentences, and sentences into words.

All of it is linear in the length of a text, and no more than ``MOST_CHARS`` of one are read: what a story is about and
how it feels is said before that.
"""

import re
import unicodedata
from typing import Final

MOST_CHARS: Final = 50_000
"""Read of one text; a long story has 10,000."""
MOST_SENTENCE_CHARS: Final = 1_000
"""A sentence is cut here: a body without any full stop is a list or a table."""
_URL: Final = re.compile(r"(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)
_SPACES: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"\s*\n\s*")
_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "−": "-", "\u00ad": ""})
_END: Final = re.compile(r"(?<=[.!?…。！？])[\"')\]]*\s+|(?<=[。！？])|\n")
_NO_END: Final = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Z]|[A-Z]\.[A-Z](?:\.[A-Z])*|Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Jr|Sr|St|Inc|Ltd|Corp|Co|No|vs|approx|est"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|e\.g|i\.e|etc)\.$"
)
"""What ends like this goes on: ``U.S.``, ``Mr.``, ``Inc.``"""
_LONGEST_NO_END: Final = 16
"""Characters before a full stop that are looked at: else a list of initials takes the square of its length."""
_TOKEN: Final = re.compile(
    r"(?P<number>(?<!\w)[+-]?[$€£]?\d[\d,.]*(?:\s?%|\s?percent\b|[kKmMbBxX]\b|bn\b|pc\b)?)"
    r"|(?P<smile>(?<!\w)(?:[:;=][-o*']?[)(\]\[DPp/\\|]|<3|:'\())"
    r"|(?P<word>[$#@]?[^\W\d_]+(?:['&][^\W\d_]+)*)"
    r"|(?P<other>[^\s\w])"
)
_ONE_SIDED: Final = frozenset("\ufe0f\ufe0e\u200d\u200b\u200c\u2060\ufeff") | {chr(c) for c in range(0x1F3FB, 0x1F400)}
"""Joiners, variation selectors and skin tones: no characters of their own."""


def clean(text: str) -> str:
    """The text as it is scored and hashed: NFKC, plain quotes, no addresses, single spaces, single line ends, cut.

    Two spellings of one text are one text here, so that it is scored once.
    """
    text = unicodedata.normalize("NFKC", text[:MOST_CHARS]).translate(_QUOTES)[:MOST_CHARS]
    if "://" in text or "www." in text.lower():
        text = _URL.sub(" ", text)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def sentences(cleaned: str, *, most: int = 2_000) -> list[str]:
    """The sentences of a cleaned text in order, the first ``most`` of them, none empty."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(cleaned):
        if cleaned[match.start() : match.start() + 1] != "\n" and _NO_END.search(
            cleaned, max(start, match.start() - _LONGEST_NO_END), match.start()
        ):
            continue
        _add(found, cleaned[start : match.end()])
        start = match.end()
        if len(found) >= most:
            return found[:most]
    _add(found, cleaned[start:])
    return found[:most]


def _add(found: list[str], sentence: str) -> None:
    sentence = sentence.strip()
    if sentence:
        found.append(sentence[:MOST_SENTENCE_CHARS])


def tokens(sentence: str) -> list[tuple[str, str]]:
    """(kind, token) of a cleaned sentence: kind is number, smile, word or other (a mark or an emoji)."""
    return [
        (match.lastgroup or "other", match.group())
        for match in _TOKEN.finditer(sentence)
        if match.group() not in _ONE_SIDED
    ]


def words(sentence: str) -> list[str]:
    """The words of a cleaned sentence alone, in lower case, without ``$``, ``#``, ``@`` and possessive ``'s``."""
    return [token.lower().lstrip("$#@").removesuffix("'s") for kind, token in tokens(sentence) if kind == "word"]
