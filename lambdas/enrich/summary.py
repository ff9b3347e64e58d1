"""The summary of a text: its own sentences that share most with the others (TextRank), in their own order.

Source: R. Mihalcea and P. Tarau, "TextRank: Bringing Order into Texts", 2004: two sentences are as near as the words
that they share over the logarithms of their lengths; PageRank over that. Only the first ``MOST_SENTENCES`` are weighed,
since each is compared with each, and news say first what matters.
"""

import math
from typing import Final

from lambdas.enrich import text
from lambdas.enrich.stop_words import STOP_WORDS

MOST_SENTENCES: Final = 60
SUMMARY_SENTENCES: Final = 3
MOST_CHARS: Final = 800
_DAMPING: Final = 0.85
_ROUNDS: Final = 30
_LEAST_WORDS: Final = 4
_FIRST_BONUS: Final = 0.25
"""A story's first sentence is told to be its summary; without words in common it would be the last one taken."""


def summary(cleaned: str, *, language: str, most: int = SUMMARY_SENTENCES) -> str:
    """At most ``most`` sentences and ``MOST_CHARS`` of a cleaned text; a shorter text is its own summary."""
    found = text.sentences(cleaned, most=MOST_SENTENCES)
    if len(found) > most:
        stops = STOP_WORDS.get(language, STOP_WORDS["en"])
        ranks = _ranks([frozenset(text.words(sentence)) - stops for sentence in found])
        best = sorted(range(len(found)), key=lambda place: (-ranks[place], place))[:most]
        found = [found[place] for place in sorted(best)]
    return _cut(" ".join(found))


def _ranks(bags: list[frozenset[str]]) -> list[float]:
    count = len(bags)
    near = [[0.0] * count for _ in bags]
    for one in range(count):
        for other in range(one + 1, count):
            shared = len(bags[one] & bags[other])
            if shared and min(len(bags[one]), len(bags[other])) >= _LEAST_WORDS:
                near[one][other] = near[other][one] = shared / (math.log(len(bags[one])) + math.log(len(bags[other])))
    total = [sum(row) for row in near]
    ranks = [1.0 / count] * count
    for _ in range(_ROUNDS):
        shares = [rank / whole if whole else 0.0 for rank, whole in zip(ranks, total, strict=True)]
        ranks = [
            (1 - _DAMPING) / count + _DAMPING * sum(share * row[place] for share, row in zip(shares, near, strict=True))
            for place in range(count)
        ]
    ranks[0] += _FIRST_BONUS * max(ranks)
    # rounded, so that the last digit of a sum decides nothing
    return [round(rank, 9) for rank in ranks]


def _cut(said: str) -> str:
    if len(said) <= MOST_CHARS:
        return said
    cut = said[:MOST_CHARS]
    return f"{cut.rpartition(' ')[0] or cut}…"
