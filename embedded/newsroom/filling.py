"""A template filled: names chosen, numbers drawn."""

import random
from dataclasses import dataclass
from typing import Final

from embedded.newsroom.words import ASSETS, SLOTS, Template

_ORDINALS: Final = ("second", "third", "fourth", "fifth", "sixth")
_SYMBOLS: Final = tuple(ASSETS)


@dataclass(frozen=True, slots=True)
class Filled:
    """A title and a text, and which assets they are about."""

    title: str
    text: str
    symbols: tuple[str, ...]


def filled(template: Template, number: int, day: int, dice: random.Random) -> Filled:
    """``number``: the template's place in its block. A template that comes on five days is about five assets, so that
    no title comes twice within them."""
    symbol = _SYMBOLS[(number + day) % len(_SYMBOLS)]
    other = dice.choice([each for each in _SYMBOLS if each != symbol])
    slots = template.slots
    about = (symbol, other) if slots & {"other", "other_symbol"} else (symbol,)
    words = {
        "asset": ASSETS[symbol],
        "symbol": symbol,
        "other": ASSETS[other],
        "other_symbol": other,
        **{name: dice.choice(names) for name, names in SLOTS.items()},
        "pct": f"{dice.uniform(2, 18):.1f}",
        "pct2": str(dice.randint(20, 85)),
        "tenths": f"{dice.uniform(0.1, 0.9):.1f}",
        "millions": f"{dice.randint(12, 2_400):,}",
        "thousands": str(dice.randint(2, 90)),
        "hours": str(dice.randint(2, 36)),
        "seconds": str(dice.randint(2, 20)),
        "days": str(dice.randint(3, 90)),
        "weeks": str(dice.randint(3, 40)),
        "events": str(dice.randint(3, 9)),
        "pages": str(dice.randint(12, 240)),
        "votes": str(dice.randint(51, 140)),
        "ordinal": dice.choice(_ORDINALS),
    }
    words["agency_cap"] = words["agency"][0].upper() + words["agency"][1:]
    return Filled(template.title.format_map(words), template.text.format_map(words), about)
