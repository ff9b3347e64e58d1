"""SQL with Metabase's tags: ``{{symbol}}``, and optional parts ``[[ AND exchange = {{exchange}} ]]``.

An optional part is left out where one of its tags has no value. Tags stand where a value may: into a text, a quoted
name or a comment Metabase would put one too, and the SQL would not be what it looks like, so that is refused. So are
optional parts inside each other, which Metabase does not read, and a part without a tag, which would always be there:
an array of arrays is written with a space, ``[ [1], [2] ]``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from tapehouse.errors import TerminalError

_NAME: Final = r"[a-z][a-z0-9_]{0,62}"
_TOKEN: Final = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/)"
    r"|(?P<tag>\{\{.*?\}\})|(?P<open>\[\[)|(?P<close>\]\])",
    re.DOTALL,
)


class TemplateError(TerminalError):
    """SQL has tags that cannot be read, or was given no value for one."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(line, detail)
        self.line, self.detail = line, detail

    def __str__(self) -> str:
        return f"line {self.line} of the SQL: {self.detail}" if self.line else self.detail


@dataclass(frozen=True, slots=True)
class Tag:
    """``{{name}}``."""

    name: str


@dataclass(frozen=True, slots=True)
class OptionalPart:
    """``[[ … ]]``."""

    parts: tuple[str | Tag, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Tag)))


Part: TypeAlias = str | Tag | OptionalPart


@dataclass(frozen=True, slots=True)
class Template:
    """SQL, taken apart."""

    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The tags, each once, in the order of the text."""
        return tuple(dict.fromkeys(name for part in self.parts for name in _names(part)))

    @property
    def always(self) -> tuple[str, ...]:
        """Those of them that stand outside optional parts: without a value nothing can be asked."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Tag)))

    def filled(self, literals: Mapping[str, str]) -> str:
        """The SQL with these texts in the places of the tags. Raises TemplateError where one is lacking."""
        if lacking := [name for name in self.always if name not in literals]:
            raise TemplateError(0, f"{', '.join(lacking)} has no value, and the question cannot do without")
        return "".join(text for part in self.parts for text in _filled(part, literals))


def parse(sql: str) -> Template:
    """Takes SQL apart. Raises TemplateError."""
    parts: list[Part] = []
    inner: list[str | Tag] | None = None
    opened = done = 0
    for match in _TOKEN.finditer(sql):
        here: list[Part] | list[str | Tag] = parts if inner is None else inner
        here.append(sql[done : match.start()])
        done, line = match.end(), _line(sql, match.start())
        if match["quoted"]:
            here.append(_quoted(match["quoted"], line))
        elif match["tag"]:
            here.append(_tag(match["tag"], line))
        elif match["open"] and inner is not None:
            raise TemplateError(line, "an optional part begins inside another")
        elif match["open"]:
            inner, opened = [], line
        elif inner is None:
            here.append("]]")  # an index in an index: prices[days[1]]
        else:
            parts.append(_optional(inner, opened))
            inner = None
    if inner is not None:
        raise TemplateError(opened, "an optional part has no end: ]] is missing")
    rest = sql[done:]
    if "{{" in rest or "}}" in rest:
        raise TemplateError(_line(sql, done + max(rest.find("{{"), rest.find("}}"))), "a tag is not whole: {{name}}")
    return Template(tuple(part for part in _joined([*parts, rest]) if part != ""))


def _line(sql: str, at: int) -> int:
    return sql.count("\n", 0, at) + 1


def _quoted(text: str, line: int) -> str:
    if "{{" in text:
        raise TemplateError(line, f"a tag stands inside {text[:40]!r}: tags bring their own quotes")
    return text


def _tag(text: str, line: int) -> Tag:
    name = text[2:-2].strip()
    if not re.fullmatch(_NAME, name):
        raise TemplateError(line, f"{text[:40]!r} is no tag: a name has a-z, 0-9 and _")
    return Tag(name)


def _optional(inner: list[str | Tag], line: int) -> OptionalPart:
    part = OptionalPart(tuple(each for each in _joined(inner) if each != "" and not isinstance(each, OptionalPart)))
    if not part.names:
        raise TemplateError(line, "an optional part has no tag: an array of arrays is written [ [1], [2] ]")
    return part


def _joined(parts: "list[Part] | list[str | Tag]") -> Iterator[Part]:
    """Texts beside each other are one."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        yield text
        yield part
        text = ""
    yield text


def _names(part: Part) -> tuple[str, ...]:
    if isinstance(part, Tag):
        return (part.name,)
    return part.names if isinstance(part, OptionalPart) else ()


def _filled(part: Part, literals: Mapping[str, str]) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Tag):
        yield literals[part.name]
    elif all(name in literals for name in part.names):
        for each in part.parts:
            yield each if isinstance(each, str) else literals[each.name]
