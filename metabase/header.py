"""The header of a question's file: ``-- key: value`` lines, and the lists that its values are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from metabase.faults import FileFaults
from tapehouse.fields import meant

KEYS: Final = (
    "title", "answers", "display", "x", "y", "series", "titles", "units", "formats", "params", "stack", "bars", "right",
    "goal", "segments", "log",
)  # fmt: skip
COLUMN: Final = r"[a-z_][a-z0-9_]{0,62}"
"""Athena gives the names of its output in small letters."""
_KEY: Final = re.compile(r"-- ([a-z]+): *(.*)")


@dataclass(frozen=True, slots=True)
class Value:
    """What a key says, and where."""

    text: str
    line: int


class Header:
    """The values by key. Faults are noted; what is absent or wrong reads as nothing."""

    def __init__(self, values: dict[str, Value], faults: FileFaults) -> None:
        self._values, self.faults = values, faults

    def has(self, key: str) -> bool:
        return key in self._values

    def fault(self, key: str, what: str) -> None:
        self.faults.add(key, what, line=self._values[key].line if key in self._values else 1)

    def text(self, key: str, *, required: bool = False, most: int = 300) -> str:
        value = self._values.get(key)
        if value is None or not value.text:
            if required or value is not None:
                self.fault(key, "it is missing" if value is None else "it says nothing")
            return ""
        if len(value.text) > most:
            self.fault(key, f"it has more than {most} letters")
        return value.text

    def choice(self, key: str, options: tuple[str, ...], *, required: bool = False) -> str:
        value = self.text(key, required=required)
        if value and value not in options:
            self.fault(key, f"{value[:40]!r} is not known: {meant(value, options)}")
            return ""
        return value

    def column(self, key: str) -> str | None:
        found = self.columns(key)
        if len(found) > 1:
            self.fault(key, "it is one column")
        return found[0] if found else None

    def columns(self, key: str) -> tuple[str, ...]:
        """Columns with commas between them, each once."""
        found = tuple(part.strip() for part in self.text(key).split(",") if part.strip())
        good = tuple(name for name in found if re.fullmatch(COLUMN, name))
        if len(good) < len(found):
            wrong = next(name for name in found if name not in good)
            self.fault(key, f"{wrong[:40]!r} is no column: one has a-z, 0-9 and _, in small letters")
        if len(set(good)) < len(good):
            self.fault(key, "a column is there twice")
        return tuple(dict.fromkeys(good))

    def entries(self, key: str) -> Iterator[tuple[str, str]]:
        """``name: words`` with commas between them; each name once."""
        seen: set[str] = set()
        for part in filter(None, (each.strip() for each in self.text(key, most=2_000).split(","))):
            name, colon, words = (each.strip() for each in part.partition(":"))
            if not colon or not words or not re.fullmatch(COLUMN, name):
                self.fault(key, f"{part[:60]!r} is not NAME: WORDS")
            elif name in seen:
                self.fault(key, f"{name} is there twice")
            else:
                seen.add(name)
                yield name, words


def split(text: str, faults: FileFaults) -> tuple[Header, str, int]:
    """The header, the SQL below it, and the line on which that begins."""
    values: dict[str, Value] = {}
    key = ""
    lines = text.splitlines()
    number = 0
    for number, line in enumerate(lines, start=1):
        if not line.startswith("--"):
            break
        if line.startswith("--  ") and key:
            values[key] = Value(f"{values[key].text} {line[2:].strip()}".strip(), values[key].line)
        else:
            key = _read(line, number, values, faults)
    else:
        number = len(lines) + 1
    while number <= len(lines) and not lines[number - 1].strip():
        number += 1
    return Header(values, faults), "\n".join(lines[number - 1 :]).rstrip(), number


def _read(line: str, number: int, values: dict[str, Value], faults: FileFaults) -> str:
    """Puts a line's value in; its key, or nothing where it has none that is known."""
    match = _KEY.fullmatch(line.rstrip())
    if match is None:
        faults.add("", f"{line[:40]!r} is no line of a header: `-- key: value`, then the SQL", line=number)
        return ""
    key, said = match[1], match[2].strip()
    if key not in KEYS:
        faults.add("", f"{key!r} is not known here: {meant(key, KEYS)}", line=number)
        return ""
    if key in values:
        faults.add(key, "it is there twice", line=number)
        return ""
    values[key] = Value(said, number)
    return key
