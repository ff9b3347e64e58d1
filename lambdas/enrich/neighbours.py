"""What stands beside a word changes what it says: rules over a sentence's units, in place.

In this order: direct ("up 5%"), bind ("losses narrow"), negate ("did not fall"), intensify ("sharply"), contrast
("but", "despite"). Their constants are in ``rules.py``; raise ``rules.REVISION`` with a change here that changes a
score.
"""

from collections.abc import Sequence
from typing import Final

from lambdas.enrich import rules
from lambdas.enrich.lexicon import Entry
from lambdas.enrich.unit import Unit
from tapehouse.score import EMOTIONS

JOY: Final = EMOTIONS.index("joy")
SADNESS: Final = EMOTIONS.index("sadness")


def explains(units: Sequence[Unit]) -> bool:
    """Whether a sentence is about words or facts: an explainer by its first words, or a plain question."""
    first = [unit.word for unit in units[:3]]
    asked = any(unit.word == "?" for unit in units[-2:])
    if not first:
        return False
    if any(unit.word in rules.PROCEDURE for unit in units):
        return True
    if first[0] in rules.EXPLAINERS or (":" in first and bool(rules.EXPLAINERS.intersection(first) - {"how"})):
        return True
    return asked and first[0] in rules.PLAIN_ASKERS and first[1:2] != ["else"]


def weigh(units: Sequence[Unit]) -> None:
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


def _direct(units: Sequence[Unit]) -> None:
    """ "up", "down" mean a move beside a number or behind what moves; a signed percentage means one by itself."""
    for place, unit in enumerate(units):
        if unit.kind == "number" and unit.word[0] in "+-" and unit.word.endswith("%"):
            _moved(unit, 1 if unit.word[0] == "+" else -1)
        if unit.word not in rules.UP_DOWN:
            continue
        near = [
            each.kind == "number" or each.word in rules.AMOUNTS
            for each in (*units[place + 1 : place + 4], *units[max(0, place - 1) : place])
        ]
        before = units[place - 1].word if place else ""
        after = units[place + 1].word if place + 1 < len(units) else "."
        if any(near) or (before in rules.MOVED and (after in rules.MARKS or after in rules.BARRIERS or after == "in")):
            if after != "to" or unit.word in ("higher", "lower"):
                _moved(unit, 1 if unit.word in ("up", "higher") else -1)
        elif unit.entry is not None:
            unit.valence = 0.0 if unit.word in ("up", "down") else unit.valence


def _moved(unit: Unit, sign: int) -> None:
    unit.entry = Entry(sign * rules.NUMBER_MOVE, "up" if sign > 0 else "down")
    unit.valence = unit.entry.valence


def _bind(units: Sequence[Unit]) -> None:
    """A direction takes the thing that it moves: behind it ("cuts losses"), else before it ("losses narrow").

    From the right, so that "fear of a slump deepens" deepens the slump, and the fear stays.
    """
    for place in range(len(units) - 1, -1, -1):
        unit = units[place]
        if unit.entry is None or unit.entry.role not in rules.MOVERS or unit.used:
            continue
        things = _object(units, place) or ([] if unit.word in rules.BEFORE_ALONE else _subject(units, place))
        if things:
            _combine(unit, things)
            if place and unit.role == "stop" and unit.valence > 0 and units[place - 1].role == "bad":
                _spend(units[place - 1])  # thieves who return the loot


def _object(units: Sequence[Unit], place: int) -> list[Unit]:
    ends = units[place].role == "stop"
    for other in units[place + 1 : place + 1 + rules.OBJECT_REACH]:
        if other.word in rules.BARRIERS or other.word in rules.MARKS or other.role in rules.MOVERS:
            return []
        if other.entry is None or other.used:
            continue
        if other.entry.role in rules.THINGS or (ends and other.entry.own and other.valence < 0):
            return [other]
    return []


def _subject(units: Sequence[Unit], place: int) -> list[Unit]:
    """The thing before it, with nothing between but small words, or what a preposition hangs on the thing.

    Of things that hang on each other ("fears of recession") the first is meant, and the others go with it.
    """
    loose = False
    found: list[Unit] = []
    for back in range(place - 1, max(-1, place - 1 - rules.SUBJECT_REACH), -1):
        other = units[back]
        if other.word in rules.MARKS or other.word in rules.CLAUSES:
            break
        hung = units[back + 1].word in rules.PREPOSITIONS
        if other.role in rules.THINGS and not other.used and (hung or not (loose or found)):
            found.append(other)
        elif other.role in ("up", "down") and back == place - 1 and units[place].role != "stop" and not other.used:
            return [other]
        elif other.role in rules.MOVERS:
            break
        near = (
            other.word in rules.PASSING
            or other.word in rules.MORE_WORDS
            or other.word in rules.LESS_WORDS
            or other.word in rules.NOT_WORDS
        )
        loose = loose or not (near or other.kind == "number" or other.word.endswith("ly") or other in found)
    return found[::-1]


def _spend(unit: Unit) -> None:
    unit.valence, unit.emotions, unit.used = 0.0, [], True


def _combine(unit: Unit, things: list[Unit]) -> None:
    thing = things[0]
    strength = max(abs(unit.valence), rules.ALONE, abs(thing.valence) * 0.8)
    bad = thing.role in ("bad", "down") or (thing.role == "plain" and thing.valence < 0)
    if unit.role == "up":
        unit.valence = -strength if bad else strength
    elif unit.role == "down":
        unit.valence = strength if bad else -strength
    elif bad:
        unit.valence = max(strength, rules.ENDED)
    elif unit.valence <= 0:
        unit.valence = -max(strength, rules.ENDED)
    for each in things:
        each.valence, each.used = 0.0, True
        if bad and unit.valence > 0:  # what ends frightens no more
            each.emotions = []
        elif not bad and unit.valence < 0:  # and hope that fades is sad
            each.emotions = [
                (SADNESS if feeling == JOY else feeling, 1.2 * weight) for feeling, weight in each.emotions
            ]
    unit.used = True


def _negate(units: Sequence[Unit]) -> None:
    if any(unit.word == "neither" for unit in units) and any(unit.word == "nor" for unit in units):
        for unit in units:
            unit.valence, unit.emotions = 0.0, []
    for place, unit in enumerate(units):
        turned = unit.word in rules.NOT_WORDS or (unit.entry is not None and unit.entry.role == "not")
        if not turned or (place + 1 < len(units) and units[place + 1].word in rules.NO_NEGATION):
            continue
        reached = False
        for other in units[place + 1 : place + 1 + rules.REACH]:
            if other.word in rules.MARKS or other.word in rules.BUT_WORDS or other.word in ("because", "since", "and"):
                break
            if other.entry is None or other.entry.role == "not" or other.word in rules.NOT_WORDS:
                continue
            if other.valence or other.emotions or other.hidden:
                other.valence *= rules.NEGATED_GOOD if other.valence > 0 else rules.NEGATED_BAD
                other.emotions, other.hidden = other.hidden, other.emotions  # "never not happy" is happy
                reached = True
        if not reached and unit.word in rules.NOT_WORDS and (things := _subject(units, place)):
            _turn(things)  # "the tax will not apply"
        if unit.word in rules.NOT_WORDS:
            unit.valence, unit.emotions = 0.0, []


def _turn(things: list[Unit]) -> None:
    bad = things[0].role in ("bad", "down")
    for each in things:
        each.valence, each.emotions = 0.0, []
    things[0].valence = -rules.ENDED * rules.NEGATED_BAD if bad else rules.ENDED * rules.NEGATED_GOOD


def _intensify(units: Sequence[Unit]) -> None:
    for place, unit in enumerate(units):
        if not unit.valence and not unit.emotions:
            continue
        for other in units[max(0, place - 2) : place]:
            sign = 1 if other.word in rules.MORE_WORDS else -1 if other.word in rules.LESS_WORDS else 0
            unit.weight += sign * rules.DEGREE
            if sign:
                unit.emotions = [(feeling, weight * (1 + sign * rules.DEGREE)) for feeling, weight in unit.emotions]
        if unit.shout:
            unit.weight *= rules.SHOUTED


def _contrast(units: Sequence[Unit]) -> None:
    for place, unit in enumerate(units):
        if unit.word in rules.BUT_WORDS and 0 < place < len(units) - 1:
            for other in units[:place]:
                other.weight *= rules.BEFORE_BUT
            for other in units[place + 1 :]:
                other.weight *= rules.AFTER_BUT
        elif unit.word in rules.DESPITE_WORDS:
            for other in units[place + 1 :]:
                if other.word in (",", ";", "."):
                    break
                other.weight *= rules.DESPITE
