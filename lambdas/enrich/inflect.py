"""The forms of an English word, so that a list holds families and not forms: surge → surges, surged, surging.

Made by rule where a rule does it; what is irregular is a small table. A form that no one writes does no harm: nothing
is looked for that is not read.
"""

from typing import Final

_VOWELS: Final = frozenset("aeiou")
_IRREGULAR_TEXT: Final = """
fall fell fallen, rise rose risen, sink sank sunk, break broke broken, lose lost lost, win won won, shrink shrank
shrunk, grow grew grown, steal stole stolen, hit hit hit, cut cut cut, beat beat beaten, sell sold sold, buy bought
bought, hold held held, fly flew flown, shoot shot shot, burst burst burst, bleed bled bled, blow blew blown, catch
caught caught, throw threw thrown, fight fought fought, find found found, flee fled fled, sting stung stung, weep
wept wept, cry cried cried, sue sued sued, pay paid paid, leave left left, lead led led, feel felt felt, seek sought
sought, ban banned banned, shut shut shut, split split split, spend spent spent, rebuild rebuilt rebuilt, overtake
overtook overtaken, withdraw withdrew withdrawn, freeze froze frozen, bring brought brought, draw drew drawn, keep
kept kept, give gave given, take took taken, go went gone, come came come, become became become, make made made, get
got gotten, put put put, tear tore torn, wear wore worn, swear swore sworn, shake shook shaken, forget forgot
forgotten, hurt hurt hurt, spring sprang sprung, stink stank stunk, sweep swept swept, slide slid slid, cheat
cheated cheated, wipe wiped wiped, undo undid undone, mislead misled misled, overcome overcame overcome, outgrow
outgrew outgrown, rekt rekt rekt, stand stood stood, meet met met, see saw seen, know knew known, say said said,
send sent sent, lie lied lied, bite bit bitten, drive drove driven, set set set, upset upset upset, grind ground
ground, swing swung swung, creep crept crept, run ran run, spread spread spread, cast cast cast, read read read,
sleep slept slept, dream dreamt dreamt, smell smelt smelt, die died died, begin began begun, build built built, let
let let, bet bet bet, think thought thought, tell told told, teach taught taught, bear bore borne, shed shed shed,
rip ripped ripped, sit sat sat, write wrote written, speak spoke spoken, deal dealt dealt, weave wove woven, strike
struck struck, stick stuck stuck, sing sang sung, ring rang rung, light lit lit, eat ate eaten
"""
_IRREGULAR: Final = {
    words[0]: words[1:] for words in (each.split() for each in _IRREGULAR_TEXT.replace("\n", " ").split(","))
}
_DOUBLED_TEXT: Final = "regret admit commit compel repel rebel omit submit permit occur refer defer infer prefer outbid"
_DOUBLED: Final = frozenset(_DOUBLED_TEXT.split())
"""Of more than one syllable, the last one stressed: their last letter doubles too."""


def forms(word: str, how: str) -> set[str]:
    """All forms of a word, itself with them.

    ``how`` is a choice of letters: v a verb, n a noun, a an adjective's adverb, c its comparison, x no other form.
    Of an expression (``rug_pull``) a verb is its first word and a noun its last.
    """
    parts = word.split("_")
    found = {word}
    if "v" in how:
        found |= {"_".join((form, *parts[1:])) for form in _of_verb(parts[0])}
    if "n" in how:
        found |= {"_".join((*parts[:-1], form)) for form in (parts[-1], _plural(parts[-1]))}
    if len(parts) == 1 and "a" in how:
        found.add(_adverb(word))
    if len(parts) == 1 and "c" in how:
        found |= {_joined(word, "er"), _joined(word, "est")}
    return found


def _of_verb(verb: str) -> set[str]:
    past = set(_IRREGULAR.get(verb, [_joined(verb, "ed")]))
    if verb.endswith("ie"):
        present = verb[:-2] + "ying"
    elif verb.endswith("ee") or not verb.endswith("e"):
        present = _joined(verb, "ing")
    else:
        present = verb[:-1] + "ing"
    return {verb, _plural(verb), present, *past}


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")) or (word.endswith("o") and word in ("go", "do", "veto", "hero")):
        return f"{word}es"
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"


def _adverb(word: str) -> str:
    if word.endswith("y"):
        return f"{word[:-1]}ily"
    if word.endswith("le") and len(word) > 2 and word[-3] not in _VOWELS:
        return f"{word[:-1]}y"
    return f"{word}ally" if word.endswith("ic") else f"{word}ly"


def _joined(word: str, ending: str) -> str:
    """The word with an ending that begins with a vowel."""
    if word.endswith("e") and ending[0] == "e":
        return word + ending[1:]
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS and ending != "ing":
        return f"{word[:-1]}i{ending}"
    return f"{word}{word[-1]}{ending}" if _doubles(word) else f"{word}{ending}"


def _doubles(word: str) -> bool:
    if len(word) < 3 or word[-1] in "wxyaeiou" or word[-2] not in _VOWELS:
        return False
    closed = word[-3] not in _VOWELS or word[-3:-1] == "ui"
    groups = sum(one in _VOWELS and other not in _VOWELS for other, one in zip(f" {word}", word, strict=False))
    return closed and (groups == 1 or word in _DOUBLED)
