"""A question's file from what Metabase has of it: the header, which says how it is drawn, and the SQL below it.

Metabase holds less than a file says. So where there is a file already, no more of it is changed than what Metabase says
otherwise than it would of that file, key by key, of lists entry by entry. All else stays as it is written.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from metabase.faults import FileFaults
from metabase.header import KEYS, split
from metabase.param import PARAM_TYPES
from metabase.question import in_words
from metabase.server import drawing
from metabase.server.databases import unprefixed
from metabase.server.forms import Form
from metabase.server.names import unmarked

Value: TypeAlias = str | dict[str, str]
_LISTS: Final = ("titles", "units", "formats", "params")
"""Keys whose value is ``name: words`` with commas between."""
_NUMBER_STYLES: Final = ("percent", "currency")
_RULED: Final[Mapping[str, set[tuple[str, Any, str]]]] = {
    "signed": {(">", 0, "green"), ("<", 0, "red")},
    "side": {("=", "buy", "green"), ("=", "sell", "red")},
}
"""Words of a format → the rules that colour a table's column, each as its operator, value and colour."""
_WIDE: Final = 120


def text_of(form: Form, *, prefix: str, file: str = "", file_form: Form | None = None) -> str:
    """``file``: that there is already, without a fault; ``file_form``: what Metabase would have of it."""
    now, sql = _said(form, prefix)
    written: dict[str, list[str]] = {}
    before: dict[str, Value] = {}
    if file_form is not None:
        before, sql_before = _said(file_form, prefix)
        header, file_sql, _ = split(file, FileFaults(""))
        written, sql = _written(file), file_sql if sql == sql_before else sql
        for key in _LISTS:
            if header.has(key):
                now[key] = _merged(dict(header.entries(key)), before=before.get(key), now=now.get(key))
                before[key] = dict(header.entries(key))
    lines: list[str] = []
    for key in dict.fromkeys([*written, *KEYS]):
        if file_form is not None and now.get(key) == before.get(key):
            lines += written.get(key, [])
        elif value := now.get(key):
            lines += _lines(key, value)
    if sql.startswith("--"):
        lines.append("")  # a comment of the SQL, which would be read as the header's
    return "\n".join([*lines, sql, ""])


def told_otherwise(form: Form, brought: Form, *, prefix: str) -> tuple[str, ...]:
    """What a file was to say and does not: ``brought`` is what it says once it is read again."""
    (said, sql), (read, sql_read) = _said(form, prefix), _said(brought, prefix)
    keys = [key for key in KEYS if said.get(key) != read.get(key)]
    return (*keys, *(["SQL"] if sql != sql_read else []))


def _written(file: str) -> dict[str, list[str]]:
    """The lines of each key, as they are."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in file.splitlines():
        if not line.startswith("--"):
            break
        if not line.startswith("--  "):
            key = line[2:].partition(":")[0].strip()
        found.setdefault(key, []).append(line)
    return found


def _merged(file: dict[str, str], *, before: Value | None, now: Value | None) -> dict[str, str]:
    was, is_ = (each if isinstance(each, dict) else {} for each in (before, now))
    names = dict.fromkeys([*file, *is_])
    chosen = {name: file.get(name) if was.get(name) == is_.get(name) else is_.get(name) for name in names}
    return {name: words for name, words in chosen.items() if words}


def _lines(key: str, value: Value) -> list[str]:
    words = value if isinstance(value, str) else ", ".join(f"{name}: {each}" for name, each in value.items())
    return textwrap.wrap(
        f"-- {key}: {words}", _WIDE, subsequent_indent="--   ", break_long_words=False, break_on_hyphens=False
    )


# -- what a form says -------------------------------------------------------------------------------------------------


def _said(form: Form, prefix: str) -> tuple[dict[str, Value], str]:
    """The values by key, and the SQL as a file has it."""
    drawn, display = form["visualization_settings"], form["display"]
    sql = form["sql"].replace("\r\n", "\n").strip().rstrip("; \t\n")
    candles = drawing.unboxed(sql) if display == "boxplot" else None
    if candles:
        display, sql = "candles", candles.sql
        axes: dict[str, str] = {"x": candles.x, "y": ", ".join(candles.y)}
    else:
        axes = dict(_axes(display, drawn))
    columns = _columns(drawn, {column for key in ("x", "y", "series") for column in axes.get(key, "").split(", ")})
    if candles:
        columns = {key: {c: w for c, w in said.items() if c != drawing.DRAWN_PRICE} for key, said in columns.items()}
    made: dict[str, Value] = {
        "title": form["name"],
        "answers": " ".join(unmarked(form["description"]).split()) or form["name"],
        "display": display,
        **axes,
        **columns,
        "params": dict(_params(form["tags"])),
    }
    return {key: value for key, value in made.items() if value}, unprefixed(sql, prefix)


def _axes(display: str, drawn: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    x, *series = drawn.get("graph.dimensions") or [None]
    y = list(drawn.get("graph.metrics") or [])
    if display == "pie":
        x, y = _first(drawn.get("pie.dimension")), [drawn.get("pie.metric")]
    elif display in ("scalar", "smartscalar", "gauge"):
        y = [drawn.get("scalar.field")]
    elif display == "progress":
        x, y = None, [drawn.get("progress.value")]
    if display == "table":
        return
    yield "x", str(x or "")
    yield "y", ", ".join(str(each) for each in y if each)
    yield "series", str(series[0] if series else "")
    yield "stack", str(drawn.get("stackable.stack_type") or "")
    shown = "progress.goal" if display == "progress" else "graph.goal_value" if _shows_goal(drawn) else ""
    yield "goal", "" if (goal := drawn.get(shown)) is None else str(goal)
    yield "log", "true" if drawn.get("graph.y_axis.scale") == "log" else ""
    yield "segments", ", ".join(_segments(drawn.get("gauge.segments") or []))
    said = drawn.get("series_settings") or {}
    for key, (setting, value) in (("bars", ("display", "bar")), ("right", ("axis", "right"))):
        yield key, ", ".join(column for column, how in said.items() if how.get(setting) == value)


def _shows_goal(drawn: Mapping[str, Any]) -> bool:
    return bool(drawn.get("graph.show_goal"))


def _segments(parts: list[Mapping[str, Any]]) -> Iterator[str]:
    colors = {hexadecimal: name for name, hexadecimal in drawing.COLORS.items()}
    for each in parts:
        color = colors.get(str(each.get("color")), str(each.get("color")))
        yield f"{each.get('min'):g} .. {each.get('max'):g} {color} {each.get('label') or ''}".rstrip()


def _columns(drawn: Mapping[str, Any], named: set[str]) -> dict[str, dict[str, str]]:
    """``named``: columns that the header has already; of others at least the title is said."""
    titles: dict[str, str] = {}
    units: dict[str, str] = {}
    formats: dict[str, str] = {}
    ruled = _ruled(drawn.get("table.column_formatting") or [])
    settings = {_column_of(key): how for key, how in (drawn.get("column_settings") or {}).items()}
    for column in dict.fromkeys([*ruled, *settings]):  # rules are in the order of the formats
        if column is None:
            continue
        how = settings.get(column, {})
        units[column] = _between_commas(how.get("suffix"))
        title = _between_commas(how.get("column_title"))
        formats[column] = " ".join([*_format(how), *ruled.get(column, ())])
        is_named = column in named or units[column] or formats[column]
        titles[column] = "" if is_named and title == in_words(column, units[column]) else title
    found = {"titles": titles, "units": units, "formats": formats}
    return {key: {column: words for column, words in said.items() if words} for key, said in found.items()}


def _between_commas(words: Any) -> str:
    """As an entry of a list may have them: without commas of their own."""
    return " ".join(str(words or "").replace(",", " ").split())


def _ruled(rules: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Column → the words that say its rules."""
    colors = {hexadecimal: name for name, hexadecimal in drawing.COLORS.items()}
    found: dict[str, set[tuple[Any, ...]]] = {}
    for rule in rules:
        for column in rule.get("columns") or []:
            said = (rule.get("operator"), rule.get("value"), colors.get(str(rule.get("color"))))
            found.setdefault(column, set()).add(said)
    return {column: [word for word, whole in _RULED.items() if said >= whole] for column, said in found.items()}


def _column_of(key: str) -> str | None:
    try:
        said = json.loads(key)
    except ValueError:
        return None
    return said[1] if isinstance(said, list) and len(said) == 2 and said[0] == "name" else None


def _format(how: Mapping[str, Any]) -> Iterator[str]:
    style = str(how.get("number_style"))
    if style in _NUMBER_STYLES:
        yield f"currency {how.get('currency') or 'USD'}" if style == "currency" else style
    elif how.get("date_style"):
        yield {"minutes": "datetime", "seconds": "time"}.get(str(how.get("time_enabled")), "date")
    elif how.get("view_as") == "link":
        yield "link"
    if isinstance(how.get("decimals"), int):
        yield f"decimals {how['decimals']}"
    if how.get("show_mini_bar"):
        yield "bar"


def _params(tags: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, tag in tags.items():
        default = _first(tag.get("default"))
        words = [tag["type"] if tag["type"] in PARAM_TYPES else tag["type"].replace(" ", "-")]
        words += ["required"] if tag.get("required") else []
        words += [f"default {default}"] if default not in (None, "", []) else []
        yield name, " ".join(words)


def _first(value: Any) -> Any:
    """Metabase has a filter's value alone, or as a list of one."""
    return value[0] if isinstance(value, list) and value else value
