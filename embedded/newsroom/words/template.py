"""How templates are written: ``# topic`` begins a group, a line at the margin is a title, what is indented its text.

``{asset}`` and the like are filled from ``names.py``; a title that names ``{other}`` is about two assets. A template
without a text is a title alone, as many posts are; one whose title is ``-`` is a text alone, as comments are.
"""

import functools
import re
from dataclasses import dataclass
from typing import Final

_SLOT: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One story, post or comment to be filled."""

    topic: str
    title: str
    text: str

    @property
    def slots(self) -> frozenset[str]:
        """What has to be filled in."""
        return frozenset(_SLOT.findall(f"{self.title} {self.text}"))


@functools.cache
def templates(block: str) -> tuple[Template, ...]:
    """The templates of a block, in its order."""
    found: list[Template] = []
    topic = ""
    for line in filter(None, block.splitlines()):
        if line.startswith("# "):
            topic = line.removeprefix("# ")
        elif line.startswith(" "):
            last = found[-1]
            found[-1] = Template(last.topic, last.title, f"{last.text} {line.strip()}".strip())
        else:
            found.append(Template(topic, "" if line == "-" else line, ""))
    return tuple(found)
