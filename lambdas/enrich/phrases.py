"""Key phrases by RAKE: runs of words between stop words and marks, scored by the company that their words keep.

Source: S. Rose and others, "Automatic keyword extraction from individual documents", 2010. A word's score is its
degree (words of the phrases it is in) over its frequency, a phrase's the sum of its words'.
"""

from typing import Final

from lambdas.enrich import text
from lambdas.enrich.stop_words import STOP_WORDS

MOST_PHRASES: Final = 8
_MOST_WORDS: Final = 4
"""Of a phrase: a longer run is a sentence without small words, and none of a text's key phrases."""
_MOST_TOKENS: Final = 20_000
_EVERYDAY_WORDS: Final = """
according ago already always another around back become becomes began begin called came come comes day days even
ever every first get gets give given go goes going good got great hit hits know last later least like likely long
look looks made make makes making many months much must new next number one part people put reach reached reaches
really right said saw say says see seen set seems several show shows start take takes taken tell thing things think
three time today told two use used using want wants way week weeks well went whether year years yesterday monday
tuesday wednesday thursday friday saturday sunday
"""
_EVERYDAY: Final = frozenset(_EVERYDAY_WORDS.split())
"""English words that begin or end no key phrase, though they mean something."""


def key_phrases(cleaned: str, *, language: str, most: int = MOST_PHRASES) -> tuple[str, ...]:
    """The best phrases of a cleaned text, best first, none twice; none where no spaces are between words."""
    if language in ("zh", "ja", "ko", "ar"):
        return ()
    stops = STOP_WORDS.get(language, STOP_WORDS["en"])
    found = _candidates(cleaned, stops)
    frequency: dict[str, int] = {}
    degree: dict[str, int] = {}
    for phrase in found:
        for word in phrase:
            frequency[word] = frequency.get(word, 0) + 1
            degree[word] = degree.get(word, 0) + len(phrase)
    scores = {phrase: sum(degree[word] / frequency[word] for word in phrase) for phrase in found}
    counts: dict[tuple[str, ...], int] = {}
    for phrase in found:
        counts[phrase] = counts.get(phrase, 0) + 1
    # a phrase that comes again weighs more; ties fall to the earlier one, so that the order is the same always
    order = {phrase: place for place, phrase in reversed(list(enumerate(found)))}
    ranked = sorted(scores, key=lambda phrase: (-scores[phrase] * (1 + counts[phrase]), order[phrase]))
    return tuple(_without_parts(ranked, most))


def _candidates(cleaned: str, stops: frozenset[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    run: list[str] = []
    read = 0
    for sentence in text.sentences(cleaned):
        for kind, token in text.tokens(sentence):
            read += 1
            word = token.lower().lstrip("$#@").removesuffix("'s") if kind == "word" else ""
            if word and word not in stops and len(word) > 1:
                run.append(word)
            elif token != "-" or not run:  # noqa: S105 - a word, and no secret
                _end(run, found)
        _end(run, found)
        if read > _MOST_TOKENS:
            break
    return found


def _end(run: list[str], found: list[tuple[str, ...]]) -> None:
    while run and run[0] in _EVERYDAY:
        del run[0]
    while run and run[-1] in _EVERYDAY:
        del run[-1]
    if run and len(run) <= _MOST_WORDS and (len(run) > 1 or len(run[0]) > 2):
        found.append(tuple(run))
    run.clear()


def _without_parts(ranked: list[tuple[str, ...]], most: int) -> list[str]:
    """The first ``most``, none of which is a part of another."""
    kept: list[str] = []
    for phrase in ranked:
        said = " ".join(phrase)
        if not any(f" {said} " in f" {other} " for other in kept):
            kept.append(said)
        if len(kept) == most:
            break
    return kept
