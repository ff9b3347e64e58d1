"""Markup that a parser would need minutes for is not parsed.

Lexbor's time grows with the square of two things that a page chooses: how deep its elements are nested (20,000 take
2 to 5 s, 300,000 an hour), and how many attributes one of them has. How deep a page is, only a parser can tell, so its
tags are counted, whatever they are; attributes are counted behind whatever might begin a tag.
"""

import itertools
import re
from typing import Final

MOST_TAGS: Final = 20_000
MOST_ATTRIBUTES: Final = 2_000
"""Of one tag."""
_MOST_ATTRIBUTES_IN_ALL: Final = 300_000
_MOST_LOOKS: Final = 8
"""How often one letter may be looked at: what looks like a tag within another's attribute is read for itself."""
_TAG: Final = re.compile(r"<[A-Za-z][^\s/>]*+")
_ATTRIBUTE: Final = re.compile(
    r"""[\s/]*+ (?: =?[^\s/>=]++ | = )                                      # its name
        (?: \s*+ = \s*+ (?: "[^"]*+" | '[^']*+' | [^\s>"'][^\s>]*+ ) )?+""",
    re.VERBOSE,
)


def refusal(html: str) -> str | None:
    """Why the markup is not parsed; None where it may be."""
    tags = [match.end() for match in itertools.islice(_TAG.finditer(html), MOST_TAGS + 1)]
    if len(tags) > MOST_TAGS:
        return f"it has more than {MOST_TAGS:,} elements"
    in_all = looked_at = 0
    for end in tags:
        position, count = end, 0
        while match := _ATTRIBUTE.match(html, position):
            count += 1
            position = match.end()
            if count > MOST_ATTRIBUTES:
                return f"one of its elements has more than {MOST_ATTRIBUTES:,} attributes"
        in_all += count
        looked_at += position - end
        if in_all > _MOST_ATTRIBUTES_IN_ALL or looked_at > _MOST_LOOKS * len(html):
            return "its elements have too many attributes"
    return None
