"""What stands beside a word changes what it says: rules over a sentence's units, and all of their constants.

The rules change units in place, in this order: direct, bind, negate, intensify, contrast. ``REVISION`` goes up with
each change to their code that changes a score, since a scorer's version is made of the constants alone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lambdas.enrich.lexicon import EMOTIONS, Entry

if TYPE_CHECKING:
    from lambdas.enrich.scorer import Unit

JOY: Final = EMOTIONS.index("joy")
SADNESS: Final = EMOTIONS.index("sadness")
REVISION: Final = 1
CUT: Final = 0.1
"""A sentiment of this much or more is a label."""
SQUEEZE: Final = 15.0
"""VADER's alpha."""
OFF_MARKET: Final = 0.1
"""What mood at large counts in a text that names nothing of markets or money."""
HOT: Final = 0.25
"""What anger and disgust count there at least: who voices them on these pages mostly means what is traded."""
EXCLAIMED: Final = 0.1
MOST_MARKS: Final = 3
ASKED: Final = 0.6
"""A question says less than it asks."""
EXPLAINED: Final = 0.15
"""What explains, defines or asks for a fact holds neither mood nor emotion, whatever it names."""
ASKED_LOUDLY: Final = 1.1
"""Surprise in ``?!`` and ``???``."""
SHOUTED: Final = 1.25
EMPTY_WEIGHT: Final = 0.3
NEUTRAL_EVIDENCE: Final = 0.9
NEUTRAL_GROWTH: Final = 0.75
NEGATED_GOOD: Final = -0.74
"""VADER's: "not good" is bad, though less than "good" is good."""
NEGATED_BAD: Final = -0.6
REACH: Final = 5
"""Units that a negation reaches."""
DEGREE: Final = 0.25
"""Of a degree word right before."""
AFTER_BUT: Final = 1.4
BEFORE_BUT: Final = 0.6
DESPITE: Final = 0.25
NUMBER_MOVE: Final = 1.5
"""Of "up 5%", "+5%"."""
ALONE: Final = 1.0
"""Of a thing that is good or bad to have, when a stop ends it."""
ENDED: Final = 1.6
SUBJECT_REACH: Final = 6
OBJECT_REACH: Final = 4
NOT_WORDS: Final = frozenset((
    "not", "no", "never", "neither", "nor", "without", "cannot", "nobody", "none", "nothing", "hardly",
    "barely", "ain't", "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't",
    "haven't", "isn't", "mustn't", "needn't", "shouldn't", "wasn't", "weren't", "won't", "wouldn't", "aint",
    "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hasnt", "havent", "isnt", "shouldnt", "wasnt",
    "werent", "wont", "wouldnt", "unlikely",
))  # fmt: skip
NO_NEGATION: Final = frozenset(("only", "just", "stop", "help", "wait", "imagine", "sure", "matter", "wonder", "doubt", "yet", "least"))
"""After a negation these take it back: "not only", "no matter", "no doubt"."""
MORE_WORDS: Final = frozenset((
    "very", "extremely", "highly", "hugely", "massive", "massively", "sharply", "steeply", "deeply", "strongly",
    "heavily", "absolutely", "completely", "totally", "utterly", "incredibly", "insanely", "really", "so",
    "super", "severely", "big", "huge", "major", "significantly", "substantially", "dramatically", "rapidly",
    "record", "fucking", "freaking", "badly", "truly", "seriously", "enormous", "biggest", "largest", "worst",
    "wildly", "too",
))  # fmt: skip
LESS_WORDS: Final = frozenset((
    "slightly", "somewhat", "marginally", "modestly", "kinda", "little", "minor", "partly", "mildly", "briefly",
    "barely", "small", "slight", "modest", "mostly", "relatively",
))  # fmt: skip
BUT_WORDS: Final = frozenset(("but", "however", "yet", "though"))
DESPITE_WORDS: Final = frozenset(("despite", "although", "notwithstanding", "defying", "defies", "defy"))
BARRIERS: Final = frozenset((
    "after", "amid", "as", "on", "following", "because", "since", "while", "when", "before", "over", "but",
    "and", "with", "despite", "although", "though", "or", "that", "which", "who", "until", "if", "for", "ahead",
    "against", "sends", "sent",
))  # fmt: skip
MARKS: Final = frozenset((".", ",", ";", ":", "!", "?", "(", ")", "—", "–", "…", "|", '"', "/"))
PASSING: Final = frozenset((
    "in", "of", "at", "to", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "will",
    "would", "may", "could", "might", "can", "further", "again", "now", "still", "also", "more", "even", "by",
    "finally", "officially", "it", "continue", "continues", "continued", "start", "starts", "begin", "begins",
    "began", "keep", "keeps", "kept", "get", "got", "from", "market", "markets", "crypto", "bitcoin", "us",
    "u.s", "price", "prices", "gets", "getting", "all", "-", "'",
))  # fmt: skip
"""Between a thing and what moves it: "fears of recession in the US are finally easing"."""
MOVERS: Final = frozenset(("up", "down", "stop"))
BEFORE_ALONE: Final = frozenset(("more", "most", "less", "fewer", "greater", "heavy"))
"""These stand before what they move: "falls more than expected" raises nothing."""
THINGS: Final = frozenset(("good", "bad"))
CLAUSES: Final = frozenset(
    ("after", "amid", "as", "because", "since", "while", "when", "but", "despite", "although", "that", "which")
)
PREPOSITIONS: Final = frozenset(
    ("found", "discovered", "reported", "on", "of", "against", "in", "from", "over", "by", "for", "at", "to", "into", "between")
)
"""What hangs on a thing: "sanctions on the mixing service are lifted"."""
UP_DOWN: Final = frozenset(("up", "down", "higher", "lower"))
AMOUNTS: Final = frozenset(("percent", "half", "third", "threefold", "tenfold", "double", "digits"))
MOVED: Final = frozenset((
    "is", "are", "was", "were", "price", "prices", "volume", "volumes", "shares", "stock", "market", "markets",
    "bitcoin", "btc", "ether", "eth", "it", "everything", "coins", "token", "tokens", "going", "goes", "go",
    "went", "trending", "way", "trading", "trades", "inu", "dogecoin", "solana", "sol", "xrp", "cardano",
    "revenue", "ends", "closes", "opens", "edges", "edge", "still",
))  # fmt: skip
"""Before "up" or "down" it says where these went."""


EXPLAINERS: Final = frozenset((
    "explained", "explainer", "glossary", "definition", "guide", "tutorial", "faq", "poll", "history", "how",
    "comparing", "how_to", "primer", "basics", "meaning", "eli5", "beginner's", "roundup", "reminder", "psa",
))  # fmt: skip
PROCEDURE: Final = frozenset(("hearing", "hearings", "scheduled", "schedules", "timetable", "agenda", "deadline"))
"""A date in a case says nothing of its end."""
PLAIN_ASKERS: Final = frozenset(("what", "where", "which", "who", "when", "how"))


def explains(units: Sequence["Unit"]) -> bool:
    """Whether a sentence is about words or facts: an explainer by its first words, or a plain question."""
    first = [unit.word for unit in units[:3]]
    asked = any(unit.word == "?" for unit in units[-2:])
    if not first:
        return False
    if any(unit.word in PROCEDURE for unit in units):
        return True
    if first[0] in EXPLAINERS or (":" in first and bool(EXPLAINERS.intersection(first))):
        return True
    return asked and first[0] in PLAIN_ASKERS and first[1:2] != ["else"]


def weigh(units: Sequence["Unit"]) -> None:
    """Sets valence, weight and emotions of each unit of one sentence."""
    for unit in units:
        if unit.entry is not None:
            unit.valence = 0.0 if unit.entry.role == "market" else unit.entry.valence
            unit.emotions = list(unit.entry.emotions)
    _direct(units)
    _bind(units)
    _negate(units)
    _intensify(units)
    _contrast(units)


def _direct(units: Sequence["Unit"]) -> None:
    """ "up", "down" mean a move beside a number or behind what moves; a signed percentage means one by itself."""
    for place, unit in enumerate(units):
        if unit.kind == "number" and unit.word[0] in "+-" and unit.word.endswith("%"):
            _moved(unit, 1 if unit.word[0] == "+" else -1)
        if unit.word not in UP_DOWN:
            continue
        near = [
            each.kind == "number" or each.word in AMOUNTS
            for each in (*units[place + 1 : place + 4], *units[max(0, place - 1) : place])
        ]
        before = units[place - 1].word if place else ""
        after = units[place + 1].word if place + 1 < len(units) else "."
        if any(near) or (before in MOVED and (after in MARKS or after in BARRIERS or after == "in")):
            if after != "to" or unit.word in ("higher", "lower"):
                _moved(unit, 1 if unit.word in ("up", "higher") else -1)
        elif unit.entry is not None:
            unit.valence = 0.0 if unit.word in ("up", "down") else unit.valence


def _moved(unit: "Unit", sign: int) -> None:
    unit.entry = Entry(sign * NUMBER_MOVE, "up" if sign > 0 else "down")
    unit.valence = unit.entry.valence


def _bind(units: Sequence["Unit"]) -> None:
    """A direction takes the thing that it moves: behind it ("cuts losses"), else before it ("losses narrow").

    From the right, so that "fear of a slump deepens" deepens the slump, and the fear stays.
    """
    for place in range(len(units) - 1, -1, -1):
        unit = units[place]
        if unit.entry is None or unit.entry.role not in MOVERS or unit.used:
            continue
        things = _object(units, place) or ([] if unit.word in BEFORE_ALONE else _subject(units, place))
        if things:
            _combine(unit, things)
        before = units[place - 1] if place else None
        if unit.entry.role == "stop" and unit.used and unit.valence > 0 and before is not None and _role(before) == "bad":
            before.valence, before.emotions, before.used = 0.0, [], True  # thieves who return the loot


def _object(units: Sequence["Unit"], place: int) -> "list[Unit]":
    ends = _role(units[place]) == "stop"
    for other in units[place + 1 : place + 1 + OBJECT_REACH]:
        if other.word in BARRIERS or other.word in MARKS or _role(other) in MOVERS:
            return []
        if other.entry is None or other.used:
            continue
        if other.entry.role in THINGS or (ends and other.entry.own and other.valence < 0):
            return [other]
    return []


def _subject(units: Sequence["Unit"], place: int) -> "list[Unit]":
    """The thing before it, with nothing between but small words, or what a preposition hangs on the thing.

    Of things that hang on each other ("fears of recession") the first is meant, and the others go with it.
    """
    loose = False
    found: list[Unit] = []
    for back in range(place - 1, max(-1, place - 1 - SUBJECT_REACH), -1):
        other = units[back]
        if other.word in MARKS or other.word in CLAUSES:
            break
        hung = units[back + 1].word in PREPOSITIONS
        if _role(other) in THINGS and not other.used and (hung or not (loose or found)):
            found.append(other)
        elif _role(other) in ("up", "down") and back == place - 1 and _role(units[place]) != "stop" and not other.used:
            return [other]
        elif _role(other) in MOVERS:
            break
        near = other.word in PASSING or other.word in MORE_WORDS or other.word in LESS_WORDS or other.word in NOT_WORDS
        loose = loose or not (near or other.kind == "number" or other.word.endswith("ly") or other in found)
    return found[::-1]


def _role(unit: "Unit") -> str:
    return unit.entry.role if unit.entry is not None else ""


def _combine(unit: "Unit", things: "list[Unit]") -> None:
    thing = things[0]
    strength = max(abs(unit.valence), ALONE, abs(thing.valence) * 0.8)
    bad = _role(thing) in ("bad", "down") or (_role(thing) == "plain" and thing.valence < 0)
    if _role(unit) == "up":
        unit.valence = -strength if bad else strength
    elif _role(unit) == "down":
        unit.valence = strength if bad else -strength
    elif bad:
        unit.valence = max(strength, ENDED)
    elif unit.valence <= 0:
        unit.valence = -max(strength, ENDED)
    for each in things:
        each.valence, each.used = 0.0, True
        if bad and unit.valence > 0:  # what ends frightens no more
            each.emotions = []
        elif not bad and unit.valence < 0:  # and hope that fades is sad
            each.emotions = [(SADNESS if feeling == JOY else feeling, 1.2 * weight) for feeling, weight in each.emotions]
    unit.used = True


def _negate(units: Sequence["Unit"]) -> None:
    if any(unit.word == "neither" for unit in units) and any(unit.word == "nor" for unit in units):
        for unit in units:
            unit.valence, unit.emotions = 0.0, []
    for place, unit in enumerate(units):
        turned = unit.word in NOT_WORDS or (unit.entry is not None and unit.entry.role == "not")
        if not turned or (place + 1 < len(units) and units[place + 1].word in NO_NEGATION):
            continue
        reached = False
        for other in units[place + 1 : place + 1 + REACH]:
            if other.word in MARKS or other.word in BUT_WORDS or other.word in ("because", "since", "and"):
                break
            if other.entry is None or other.entry.role == "not" or other.word in NOT_WORDS:
                continue
            if other.valence or other.emotions:
                other.valence *= NEGATED_GOOD if other.valence > 0 else NEGATED_BAD
                other.emotions = []
                reached = True
        if not reached and unit.word in NOT_WORDS and (things := _subject(units, place)):
            _turn(things)  # "the tax will not apply"
        if unit.word in NOT_WORDS:
            unit.valence, unit.emotions = 0.0, []


def _turn(things: "list[Unit]") -> None:
    bad = _role(things[0]) in ("bad", "down")
    for each in things:
        each.valence, each.emotions = 0.0, []
    things[0].valence = -ENDED * NEGATED_BAD if bad else ENDED * NEGATED_GOOD


def _intensify(units: Sequence["Unit"]) -> None:
    for place, unit in enumerate(units):
        if not unit.valence and not unit.emotions:
            continue
        for other in units[max(0, place - 2) : place]:
            sign = 1 if other.word in MORE_WORDS else -1 if other.word in LESS_WORDS else 0
            unit.weight += sign * DEGREE
            if sign:
                unit.emotions = [(feeling, weight * (1 + sign * DEGREE)) for feeling, weight in unit.emotions]
        if unit.shout:
            unit.weight *= SHOUTED


def _contrast(units: Sequence["Unit"]) -> None:
    for place, unit in enumerate(units):
        if unit.word in BUT_WORDS and 0 < place < len(units) - 1:
            for other in units[:place]:
                other.weight *= BEFORE_BUT
            for other in units[place + 1 :]:
                other.weight *= AFTER_BUT
        elif unit.word in DESPITE_WORDS:
            for other in units[place + 1 :]:
                if other.word in (",", ";", "."):
                    break
                other.weight *= DESPITE
