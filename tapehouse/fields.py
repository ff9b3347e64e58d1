"""The fields of one mapping, read strictly: each fault is noted with its place, and the reading goes on."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tapehouse.strict_yaml import LinedMapping


@dataclass(slots=True)
class Faults:
    """All that is wrong with a file."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, *, line: int = 0) -> None:
        """``line``: of the file, from 1; 0 where it is not known."""
        self.found.append(f"{where}: {what}")


def meant(word: str, known: Sequence[str]) -> str:
    """What somebody may have wanted to write."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there is {', '.join(known)}"


class Fields:
    """Of a mapping at ``where``; another value, and keys that are not known, are faults.

    What is absent or wrong reads as the default, so that one fault is told once.
    """

    def __init__(self, said: Any, where: str, faults: Faults, *, known: Sequence[str]) -> None:
        self.where, self.faults = where, faults
        self._said = said if isinstance(said, dict) else {}
        if not isinstance(said, dict):
            faults.add(where, f"it has to be a mapping with {', '.join(known)}")
        for key in self._said:
            if key not in known:
                faults.add(where, f"{key[:40]!r} is not known here: {meant(key, known)}", line=self.line_of(key))

    def has(self, name: str) -> bool:
        return name in self._said

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.where}.{name}" if ": " in self.where else f"{self.where}: {name}"

    def line_of(self, name: str = "") -> int:
        """The line of a field, or of the mapping where it is absent; 0 where nobody kept it."""
        return self._said.lines.get(name, self._said.line) if isinstance(self._said, LinedMapping) else 0

    def fault(self, name: str, what: str) -> None:
        self.faults.add(self.at(name), what, line=self.line_of(name))

    def raw(self, name: str) -> Any:
        return self._said.get(name)

    def text(self, name: str, *, shape: str = "", what: str = "text", required: bool = True, most: int = 500) -> str:
        """Text that is not empty, of a shape if one is given; ``what`` says it in words."""
        if not self.has(name):
            if required and isinstance(self._said, dict) and self._said:
                self.fault(name, f"it is missing, and has to be {what}")
            return ""
        value = self._said[name]
        if not isinstance(value, str) or not value.strip():
            self.fault(name, f"it has to be {what}")
        elif len(value) > most:
            self.fault(name, f"it has more than {most:,} letters")
        elif shape and not re.fullmatch(shape, value):
            self.fault(name, f"{value[:60]!r} is not {what}")
        else:
            return value
        return ""

    def choice(self, name: str, options: Sequence[str], *, required: bool = True) -> str:
        """One word of several."""
        value = self.text(name, what=" or ".join(options), required=required)
        if value and value not in options:
            self.fault(name, f"{value[:40]!r} is not known: {meant(value, options)}")
            return ""
        return value

    def flag(self, name: str) -> bool:
        """true or false; false where it is absent."""
        value = self._said.get(name, False)
        if not isinstance(value, bool):
            self.fault(name, "it has to be true or false")
            return False
        return value

    def items(self, name: str, *, most: int, required: bool = True) -> list[tuple[str, Any]]:
        """The members of a list, each with its place."""
        if not self.has(name) and not required:
            return []
        value = self._said.get(name)
        if not isinstance(value, list) or not value:
            if self._said:
                self.fault(name, "it has to be a list that is not empty")
            return []
        if len(value) > most:
            self.fault(name, f"it has more than {most} members")
        return [(f"{self.at(name)}[{number}]", each) for number, each in enumerate(value[:most])]
