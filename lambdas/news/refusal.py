"""Why Alpha Vantage answers without a feed: it says so with status 200, in a sentence.

Source: its own sentences. The one about a second names the limit of a day as well, as what a paid plan lifts, so what
asks for patience is looked for first. None of its words is shown: they may print the key.
"""

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Why: TypeAlias = Literal["wait", "tomorrow", "nothing", "other"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without articles."""

    why: Why
    """wait: a second or minute will do; tomorrow: no request of this day will; nothing: wrong parameters, or no article
    for them, which it does not tell apart; other: a person has to look."""
    text: str


_KEYS: Final = ("Information", "Note", "Error Message")
_MEANS: Final = (
    (re.compile(r"per second|per minute|sparingly", re.IGNORECASE), Refusal("wait", "requests come too fast")),
    (re.compile(r"per day|daily", re.IGNORECASE), Refusal("tomorrow", "the day's requests are used up")),
    (
        re.compile(r"invalid input", re.IGNORECASE),
        Refusal("nothing", "the parameters are wrong, or there is no article"),
    ),
)


def refusal(body: bytes) -> Refusal | None:
    """None for an answer with a feed."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal("other", "the body is no JSON")
    if isinstance(said, dict) and isinstance(said.get("feed"), list):
        return None
    text = " ".join(str(said[key]) for key in _KEYS if key in said) if isinstance(said, dict) else ""
    found = next((means for pattern, means in _MEANS if pattern.search(text)), None)
    return found or Refusal("other", "it refuses the request, in words that are not known" if text else "no feed")
