"""Regular expressions: what Java's and RE2's mean alike is passed on, all else is refused."""

import re
from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import types
from tapehouse.query.dialect.casts import text
from tapehouse.query.dialect.formats import Special
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.types import BIGINT, BOOLEAN, Type

_PIECE: Final = re.compile(
    r"\\[bBdDwWsS]|\\[^A-Za-z0-9]|\\[tnr]"  # classes, signs that are meant as themselves
    r"|\[\^?\]?(?:\\[dwst]|\\[^A-Za-z0-9]|[^\]\\\[&])*\]"  # a class without classes inside
    r"|\(\?:|\((?!\?)|\)"
    r"|[*+?]\??(?![+*?])|\{\d+(?:,\d*)?\}\??(?![+*?])"
    r"|[|^$.]|[^\\\[\](){}*+?|^$.]"
)
_BOUNDARY: Final = re.compile(r"((?<!\\)(?:\\\\)*)\\[bB]")
_SPACE: Final = r"\t\n\x0b\f\r "


def _read(pattern: str, name: str) -> str:
    """The pattern in RE2's words."""
    prefix, rest = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    made, place = [], 0
    while place < len(rest):
        found = _PIECE.match(rest, place)
        if not found:
            raise RefusedError(
                f"{name} by '{pattern}'", f"its part '{rest[place:][:8]}' is read otherwise: write it simpler"
            )
        piece = found.group(0)
        if piece == "\\s":
            piece = f"[{_SPACE}]"
        elif piece == "\\S":
            piece = f"[^{_SPACE}]"
        elif piece[0] == "[":
            piece = piece.replace("\\s", _SPACE)
        made.append("\\z" if piece == "$" else piece)
        place = found.end()
    if prefix and not pattern.isascii():
        raise RefusedError(f"{name} by '{pattern}'", "(?i) of more than ASCII is read otherwise")
    return prefix + "".join(made)


def _arguments(at: Translator, name: str, nodes: Sequence[exp.Expr], most: int) -> tuple[list[Typed], str, str]:
    """The values, the subject's SQL and the pattern in RE2's words."""
    values = [_text(at.value(each)) for each in nodes]
    if not 2 <= len(values) <= most or values[0].type.name not in ("varchar", "unknown"):
        raise TerminalError(f"The SQL is wrong: {name} takes a text and a pattern.")
    pattern = values[1].text
    if pattern is None:
        raise RefusedError(f"{name} by a pattern that is no constant", "write the pattern as a text")
    made = _read(pattern, name)
    if name != "regexp_like":
        try:
            if re.search(_BOUNDARY.sub(r"\1", pattern), "") is not None:
                raise RefusedError(f"{name} by '{pattern}'", "it fits nothing at all: write a pattern that cannot")
        except re.error as error:
            raise TerminalError(f"The SQL is wrong: '{pattern}' is no pattern.") from error
    subject = values[0].sql
    if "\\z" in made:
        subject = f"athena_no_newline({subject})"
    if _BOUNDARY.search(pattern):
        subject = f"athena_no_far_letters({subject})"
    if made.startswith("(?i)"):
        subject = f"athena_no_folding({subject})"
    return values, subject, made


def _text(value: Typed) -> Typed:
    """NULL is a text of no length here."""
    return Typed(value.sql, Type("varchar", (0,))) if value.type.name == "unknown" else value


def _like(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    _, subject, made = _arguments(at, "regexp_like", nodes, 2)
    return Typed(f"regexp_matches({subject}, {text(made)})", BOOLEAN)


def _group(values: Sequence[Typed], made: str, name: str) -> int:
    if len(values) < 3:
        return 0
    if values[2].text is None or not values[2].text.isdigit():
        raise RefusedError(f"{name} of a group that is no constant", "write its number")
    group = int(values[2].text)
    groups = re.compile(made.replace("\\z", "$")).groups
    if group > groups:
        raise TerminalError(f"The SQL is wrong: '{values[1].text}' has no group {group}.")
    if group and ("|" in made or re.search(r"\)(\?|\*|\{0)", made)):
        raise RefusedError(f"{name} of a group that may be absent", "write a pattern in which it is always")
    return group


def _extract(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values, subject, made = _arguments(at, "regexp_extract", nodes, 3)
    group = _group(values, made, "regexp_extract")
    found = f"regexp_extract({subject}, {text(made)}, {group})"
    return Typed(f"CASE WHEN regexp_matches({subject}, {text(made)}) THEN {found} END", values[0].type)


def _extract_all(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values, subject, made = _arguments(at, "regexp_extract_all", nodes, 3)
    group = _group(values, made, "regexp_extract_all")
    return Typed(f"regexp_extract_all({subject}, {text(made)}, {group})", types.array(values[0].type))


def _count(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    _, subject, made = _arguments(at, "regexp_count", nodes, 2)
    return Typed(f"CAST(len(regexp_extract_all({subject}, {text(made)})) AS BIGINT)", BIGINT)


def _split(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values, subject, made = _arguments(at, "regexp_split", nodes, 2)
    return Typed(f"regexp_split_to_array({subject}, {text(made)})", types.array(values[0].type))


def _replace(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values, subject, made = _arguments(at, "regexp_replace", nodes, 3)
    if len(values) == 2:
        return Typed(f"regexp_replace({subject}, {text(made)}, '', 'g')", values[0].type)
    by = values[2].text
    if by is None or "\\" in by or re.search(r"\$(?!\d(?!\d))", by) or re.search(r"\)(\?|\*|\{0)", made):
        raise RefusedError(
            "regexp_replace by this", "write a constant, groups as $1, and a pattern in which they always are"
        )
    groups = re.compile(made.replace("\\z", "$")).groups
    if any(int(number) > groups for number in re.findall(r"\$(\d)", by)):
        raise TerminalError(f"The SQL is wrong: '{values[1].text}' has no such group as '{by}' takes.")
    new = re.sub(r"\$(\d)", r"\\\1", by)
    return Typed(f"regexp_replace({subject}, {text(made)}, {text(new)}, 'g')", _length(values[0].type, values[2].type))


def _length(value: Type, by: Type) -> Type:
    """Athena reckons with groups that hold half of the text, put in at every place."""
    if not value.args or not by.args:
        return types.VARCHAR
    n, more = value.args[0], by.args[0]
    assert isinstance(n, int) and isinstance(more, int)  # noqa: S101 - for the type checker
    return Type("varchar", (min(2**31 - 1, n + (n + 1) * max(n * more // 2, more)),))


SPECIAL: Final[dict[str, Special]] = {
    "regexp_like": _like,
    "regexp_extract": _extract,
    "regexp_extract_all": _extract_all,
    "regexp_count": _count,
    "regexp_split": _split,
    "regexp_replace": _replace,
}
