"""Reads a question's file, strictly: what is not known is refused, and every fault is told with its line."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from metabase import template
from metabase.faults import FileFaults
from metabase.header import COLUMN, Header, split
from metabase.param import PARAM_TYPES, Param, ParamType, value_fault
from metabase.question import COLORS, DISPLAYS, STACKS, Color, Display, Format, Question, Segment, Stack, Style
from tapehouse.fields import meant

_STYLES: Final = ("price", "amount", "percent", "currency", "date", "datetime", "time", "link")
_FLAGS: Final = ("signed", "bar", "compact", "derived", "side")
_FORMATS: Final = ("decimals", *_STYLES, *_FLAGS)
_AXES: Final[Mapping[str, tuple[bool, int, int]]] = {
    # whether it has an x, and how few and many columns y are
    **dict.fromkeys(("line", "area", "bar", "row", "scatter"), (True, 1, 12)),
    "combo": (True, 2, 12),
    "candles": (True, 4, 4),
    "pie": (True, 1, 1),
    "smartscalar": (True, 1, 1),
    **dict.fromkeys(("scalar", "gauge", "progress"), (False, 1, 1)),
    "table": (False, 0, 0),
}
_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "series": ("line", "area", "bar", "row", "combo", "scatter"),
    "stack": ("area", "bar", "row", "combo"),
    "bars": ("combo",),
    "right": ("line", "area", "bar", "combo"),
    "goal": ("progress", "line", "area", "bar", "combo"),
    "segments": ("gauge",),
    "log": ("line", "area", "bar", "combo", "scatter"),
}
"""Key → the displays that know what to do with it."""
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
_SEGMENT: Final = re.compile(rf"({_NUMBER}) \.\. ({_NUMBER}) ({'|'.join(COLORS)})(?: (.+))?")


def read(text: str, *, name: str, faults: FileFaults) -> Question:
    """The question of a file; where a fault was noted, no more than a stand-in."""
    header, sql, begins = split(text, faults)
    said = header.choice("display", DISPLAYS, required=True)
    display = cast(Display, said or "table")
    question = Question(
        name=name,
        title=header.text("title", required=True, most=100),
        answers=header.text("answers", required=True),
        display=display,
        sql=sql,
        params=tuple(_params(header)),
        x=header.column("x"),
        y=header.columns("y"),
        series=header.column("series"),
        titles=dict(header.entries("titles")),
        units=dict(header.entries("units")),
        formats={column: _format(header, column, words.split()) for column, words in header.entries("formats")},
        stack=cast(Stack | None, header.choice("stack", STACKS) or None),
        bars=header.columns("bars"),
        right=header.columns("right"),
        goal=_goal(header, display),
        segments=tuple(_segments(header)),
        log=header.choice("log", ("true", "false")) == "true",
    )
    if said:
        _judge_axes(header, question)
    _judge_sql(header, question, begins)
    return question


# -- values -----------------------------------------------------------------------------------------------------------


def _params(header: Header) -> Iterator[Param]:
    for name, words in header.entries("params"):
        before, has_default, default = f"{words} ".partition(" default ")
        kind, *flags = before.split()
        if kind not in PARAM_TYPES:
            header.fault("params", f"{name} is {kind[:40]!r}, which is not known: {meant(kind, PARAM_TYPES)}")
            continue
        if flags not in ([], ["required"]):
            header.fault("params", f"{name}: {' '.join(flags)[:40]!r} is not known: TYPE [required] [default VALUE]")
        value = default.strip() if has_default else None
        fault = value_fault(cast(ParamType, kind), value) if value is not None else None
        if fault:
            header.fault("params", f"{name}: {fault}")
        if flags == ["required"] and value is None:
            header.fault("params", f"{name} is required, so it needs a default: a reader who clears it gets that")
        yield Param(name, cast(ParamType, kind), value, required=bool(flags))


def _format(header: Header, column: str, words: list[str]) -> Format:
    style, decimals, currency = "plain", None, None
    flags: set[str] = set()
    while words:
        word = words.pop(0)
        if word not in _FORMATS:
            header.fault("formats", f"{column}: {word[:40]!r} is not known: {meant(word, _FORMATS)}")
            break
        if word in _STYLES:
            if style != "plain":
                header.fault("formats", f"{column} is both {style} and {word}")
            style = word
        if word == "currency":
            currency = words.pop(0) if words and re.fullmatch("[A-Z]{3,5}", words[0]) else None
            if currency is None:
                header.fault("formats", f"{column}: a currency is named, as `currency USD`")
        if word in _FLAGS:
            flags.add(word)
        if word in ("decimals", "percent", "currency") and words and re.fullmatch("[0-9]|1[0-2]", words[0]):
            decimals = int(words.pop(0))
        elif word == "decimals":
            header.fault("formats", f"{column}: decimals are counted, as `decimals 2`, 0 to 12")
    if style in ("price", "amount") and decimals is not None:
        header.fault("formats", f"{column}: a {style} has its market's decimals")
    if "derived" in flags and style not in ("price", "amount"):
        header.fault("formats", f"{column}: a price or an amount is derived")
    return Format(cast(Style, style), decimals, currency, **dict.fromkeys(flags, True))


def _goal(header: Header, display: Display) -> str | None:
    goal = header.text("goal") or None
    forms = f"{_NUMBER}|{COLUMN}" if display == "progress" else _NUMBER
    if goal and not re.fullmatch(forms, goal):
        header.fault("goal", f"{goal[:40]!r} is no {'number or column' if display == 'progress' else 'number'}")
        return None
    return goal


def _segments(header: Header) -> Iterator[Segment]:
    reached: float | None = None
    for part in filter(None, (each.strip() for each in header.text("segments").split(","))):
        match = _SEGMENT.fullmatch(" ".join(part.split()))
        if match is None:
            header.fault("segments", f"{part[:60]!r} is not as `0 .. 60 green fresh`")
            return
        least, most = float(match[1]), float(match[2])
        if least >= most or (reached is not None and least != reached):
            header.fault("segments", f"{part[:60]!r} does not begin where the one before it ends, or ends before it")
        reached = most
        yield Segment(least, most, cast(Color, match[3]), match[4] or "")


# -- what has to fit --------------------------------------------------------------------------------------------------


def _judge_axes(header: Header, question: Question) -> None:
    display = question.display
    has_x, least, most = _AXES[display]
    if has_x and question.x is None and not header.has("x"):
        header.fault("x", f"a {display} needs it")
    if not has_x and header.has("x"):
        header.fault("x", f"a {display} has none")
    count = len(question.y)
    if not least <= count <= most:
        wanted = "none" if most == 0 else f"{least}" if least == most else f"{least} to {most}"
        header.fault("y", f"a {display} has {wanted} of them, and here are {count}")
    for key, displays in _ONLY.items():
        if header.has(key) and display not in displays:
            header.fault(key, f"a {display} has none; {', '.join(displays)} do")
    for key, columns in (("bars", question.bars), ("right", question.right)):
        if wrong := [column for column in columns if column not in question.y]:
            header.fault(key, f"{wrong[0]} is not among y")
    if question.series and len(question.y) > 1:
        header.fault("series", "with a series y is one column")
    for key, needed in (("goal", "progress"), ("segments", "gauge")):
        if display == needed and not header.has(key):
            header.fault(key, f"a {needed} needs it")
    used = [question.x, *question.y, question.series]
    if twice := {column for column in used if column and used.count(column) > 1}:
        header.fault("y", f"{', '.join(sorted(twice))} is drawn in two places")


def _judge_sql(header: Header, question: Question, begins: int) -> None:
    faults, sql = header.faults, question.sql
    if not sql.strip():
        faults.add("", "there is no SQL below the header", line=begins)
        return
    if not re.match(r"(?i)\s*(select|with)\b", sql):
        faults.add("", "a question begins with SELECT or WITH", line=begins)
    if sql.rstrip().endswith(";"):
        faults.add("", "a question is put into others: no semicolon at its end", line=begins + sql.rstrip().count("\n"))
    try:
        found = template.parse(sql)
    except template.TemplateError as error:
        faults.add("", error.detail, line=begins + error.line - 1)
        return
    known = {param.name: param for param in question.params}
    for name in found.names:
        if name not in known:
            faults.add("", f"{{{{{name}}}}} is not among params", line=begins + _line_of(sql, name))
        elif name in found.always and not known[name].required:
            what = (
                f"{{{{{name}}}}} stands outside [[ ]], so it has to be required: without a value nothing can be asked"
            )
            faults.add("", what, line=begins + _line_of(sql, name))
    for name in known:
        if name not in found.names:
            header.fault("params", f"{name} is not in the SQL")


def _line_of(sql: str, name: str) -> int:
    """Lines above the tag."""
    match = re.search(rf"\{{\{{\s*{name}\s*\}}\}}", sql)
    return sql.count("\n", 0, match.start()) if match else 0
