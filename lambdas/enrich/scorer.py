"""Mood and emotions of English text, by word lists and a handful of rules about what stands beside a word.

A sentence becomes units (words, expressions, marks); a direction is bound to the thing that it moves ("losses narrow",
"lifts ban"); negation, degree and contrast weigh what they reach; the sum is squeezed to -1..1 as VADER does it. A text
is the mean of its sentences. The same text gives the same numbers, always.

*Source*: C. Hutto and E. Gilbert, "VADER", 2014, for the windows, factors and the squeeze.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lambdas.enrich import neighbours, rules, text
from lambdas.enrich.lexicon import DETERMINERS, Entry, Lexicon, standard
from lambdas.enrich.unit import Unit
from tapehouse.score import EMOTIONS

Label: TypeAlias = Literal["negative", "neutral", "positive"]
NEUTRAL: Final = EMOTIONS.index("neutral")
ANGER, DISGUST, SURPRISE = (EMOTIONS.index(name) for name in ("anger", "disgust", "surprise"))


@dataclass(frozen=True, slots=True)
class Feeling:
    """How a text feels. Deterministic, so that two runs of one scorer agree to the last digit."""

    sentiment: float
    """-1 to 1."""
    label: Label
    emotions: Mapping[str, float]
    """Each of EMOTIONS to its share, 0 to 1, 1 together."""


def label_of(sentiment: float) -> Label:
    """The cut is ``rules.CUT``."""
    return "positive" if sentiment >= rules.CUT else "negative" if sentiment <= -rules.CUT else "neutral"


class Scorer:
    """The word lists, read once. Making one reads VADER's list; it may be shared between threads."""

    def __init__(self, words: Lexicon | None = None) -> None:
        self._lexicon = words or standard()
        constants = repr(sorted((name, _plain(value)) for name, value in vars(rules).items() if name.isupper()))
        said = f"{self._lexicon.digest} {constants}"
        self.version: Final = hashlib.sha256(said.encode()).hexdigest()[:12]
        """Another one wherever a word, a weight or a rule's constant is another: its scores are others' too."""

    def score_text(self, raw: str) -> Feeling:
        """Any text, cut as ``text.clean`` does; without a word that is known it is neutral."""
        sentences = [self._units(sentence) for sentence in text.sentences(text.clean(raw))]
        units = [unit for sentence in sentences for unit in sentence]
        gate = max([rules.OFF_MARKET, *map(_of_market, units)])
        moods: list[float] = []
        evidence = [0.0] * len(EMOTIONS)
        for sentence in sentences:
            neighbours.weigh(sentence)
            moods.append(_squeezed(sentence, gate))
            for place, weight in _felt(sentence):
                evidence[place] += weight
        return _feeling(_mean(moods), evidence, len(sentences))

    def _units(self, sentence: str) -> list[Unit]:
        tokens = text.tokens(sentence)
        caps = [len(token) > 2 and token.isupper() for kind, token in tokens if kind == "word"]
        mixed = any(caps) and not all(caps)
        tokens = [(kind, token) for kind, token in tokens if token.lower() not in DETERMINERS]
        lower = [token.lower().lstrip("$#@").removesuffix("'s") if kind == "word" else token for kind, token in tokens]
        units: list[Unit] = []
        place = 0
        while place < len(tokens):
            kind, token = tokens[place]
            width, entry = self._found(lower, place)
            if width == 1 and kind == "word" and _is_ticker(token, lower, place):
                entry = None
            joined = "_".join(lower[place : place + width])
            shout = mixed and kind == "word" and len(token) > 2 and token.isupper()
            units.append(Unit(joined, kind, entry, shout))
            place += width
        return units

    def _found(self, lower: Sequence[str], place: int) -> tuple[int, Entry | None]:
        """(words, entry) of the longest expression that begins here, or of the word."""
        for words, entry in self._lexicon.expressions.get(lower[place], ()):
            # a hyphen within an expression counts for nothing: all-time high
            width = _matched(words, lower, place)
            if width:
                return width, entry
        return 1, self._lexicon.words.get(lower[place])


def _matched(words: tuple[str, ...], lower: Sequence[str], place: int) -> int:
    at = place
    for number, word in enumerate(words):
        if number and at < len(lower) and lower[at] == "-":
            at += 1
        if at >= len(lower) or lower[at] != word:
            return 0
        at += 1
    return at - place


def _is_ticker(token: str, lower: Sequence[str], place: int) -> bool:
    """Whether a word is a coin's sign here: $SAFE, the SAFE token."""
    beside = (*lower[max(0, place - 1) : place], *lower[place + 1 : place + 2])
    return token[0] == "$" or (
        token.isupper() and any(word in ("token", "ticker", "coin", "symbol") for word in beside)
    )


def _of_market(unit: Unit) -> float:
    """How much a unit says that the text is about markets, 0 to 1."""
    if unit.entry is None or not unit.entry.own:
        return 0.0
    return (
        unit.entry.valence
        if unit.entry.role == "market"
        else 1.0
        if unit.entry.valence or unit.entry.role in rules.THINGS
        else 0.0
    )


def _squeezed(units: Sequence[Unit], gate: float) -> float:
    total = sum(unit.valence * unit.weight * _share(unit, gate) for unit in units)
    total *= 1 + rules.EXCLAIMED * min(sum(unit.word == "!" for unit in units), rules.MOST_MARKS)
    if neighbours.explains(units):
        total *= rules.EXPLAINED
    elif units and any(unit.word == "?" for unit in units[-2:]):
        total *= rules.ASKED
    return total / math.sqrt(total * total + rules.SQUEEZE)


def _share(unit: Unit, gate: float) -> float:
    if unit.entry is None or unit.entry.own:
        return 1.0
    hot = any(place in (ANGER, DISGUST) for place, _ in unit.emotions)
    return max(gate, rules.HOT) if hot else gate


def _felt(units: Sequence[Unit]) -> list[tuple[int, float]]:
    marks = [unit.word for unit in units if unit.word in ("!", "?")]
    louder = 1 + rules.EXCLAIMED * min(marks.count("!"), rules.MOST_MARKS)
    found = [
        (place, weight * louder * (rules.SHOUTED if unit.shout else 1))
        for unit in units
        for place, weight in unit.emotions
    ]
    if len(marks) > 1 and "?" in marks:
        found.append((SURPRISE, rules.ASKED_LOUDLY))
    if neighbours.explains(units):
        found = [(place, weight * rules.EXPLAINED) for place, weight in found]
    return found


def _mean(moods: Sequence[float]) -> float:
    """Of the sentences' moods, where one without any weighs less: most of a long text says only what happened."""
    weights = [1.0 if mood else rules.EMPTY_WEIGHT for mood in moods]
    return sum(map(float.__mul__, moods, weights)) / sum(weights) if moods else 0.0


def _feeling(mood: float, evidence: list[float], sentences: int) -> Feeling:
    sentiment = round(max(-1.0, min(1.0, mood)), 4) + 0.0
    evidence[NEUTRAL] += rules.NEUTRAL_EVIDENCE * max(1.0, math.sqrt(sentences) * rules.NEUTRAL_GROWTH)
    total = sum(evidence)
    shares = [round(each / total, 4) for each in evidence]
    shares[NEUTRAL] = round(1.0 - sum(share for place, share in enumerate(shares) if place != NEUTRAL), 4)
    return Feeling(sentiment, label_of(sentiment), dict(zip(EMOTIONS, shares, strict=True)))


def _plain(value: object) -> str:
    """The same text for the same value in every process: sets have another order in each."""
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_plain, value)))}}}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{_plain(name)}: {_plain(of)}' for name, of in value.items()))}}}"
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_plain, value))})"
    return repr(value)
