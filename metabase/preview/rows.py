"""Tables. A cell is text, never HTML: the news is written by strangers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from metabase.preview import numbers
from metabase.preview.axes import point
from metabase.preview.drawn import Grid, title_of, tone
from metabase.question import Format, Question
from tapehouse.query import Result

_LONG: Final = 28
"""Texts from so many letters on may be broken into lines."""
_BY_VALUE: Final = (
    "(a, b) => a.sort === b.sort ? 0 : a.sort === null ? 1 : b.sort === null ? -1 : a.sort < b.sort ? -1 : 1"
)


def grid(question: Question, result: Result) -> Grid:
    """Every column of the answer, in its order."""
    columns, cells = [], []
    for at, name in enumerate(result.columns):
        form, unit = question.formats.get(name, numbers.PLAIN), question.units.get(name, "")
        values = [row[at] for row in result.rows]
        is_right = _is_of_numbers(form) or any(numbers.is_number(each) for each in values)
        kinds = ["number"] if is_right else ["long"] if _is_long(values, form) else []
        columns.append(
            {
                "name": f"c{at}",
                "field": f"c{at}",
                "label": _label(name, unit),
                "align": "right" if is_right else "left",
                "sortable": True,
                "classes": " ".join(kinds),
                "headerClasses": " ".join(kinds),
                ":sort": _BY_VALUE,
            }
        )
        cells.append(_cells(values, form))
    rows = [
        {"id": number, **{f"c{at}": cell[number] for at, cell in enumerate(cells)}}
        for number in range(len(result.rows))
    ]
    return Grid(columns, rows)


def _is_of_numbers(form: Format) -> bool:
    """Also where no value is there yet."""
    return form.decimals is not None or form.style in ("percent", "currency") or form.signed or form.bar or form.compact


def _label(name: str, unit: str) -> str:
    """A unit stands in the head, once: ``age_s`` in s is age (s)."""
    words = title_of(name)
    if not unit:
        return words
    words = words.removesuffix(f" {unit}").removesuffix(" pct" if unit.startswith("%") else "")
    return f"{words} ({unit})"


def _is_long(values: Sequence[Any], form: Format) -> bool:
    return form.style != "link" and any(isinstance(each, str) and len(each) >= _LONG for each in values)


def _cells(values: Sequence[Any], form: Format) -> list[Mapping[str, Any]]:
    known = [number for each in values if (number := numbers.number(each)) is not None]
    most = max((abs(each) for each in known), default=0.0) if form.bar else 0.0
    return [_cell(each, form, most) for each in values]


def _cell(value: Any, form: Format, most: float) -> Mapping[str, Any]:
    number = numbers.number(value)
    sort = point(value) if value is not None else None
    cell: dict[str, Any] = {"text": numbers.text(value, form), "sort": sort.lower() if isinstance(sort, str) else sort}
    if form.signed and (toned := tone(number)):
        cell["tone"] = toned
    if most and number is not None:
        cell["bar"] = f"{abs(number) / most * 100:.1f}%"
    if form.style == "link" and isinstance(value, str):
        host = web_host(value)
        cell["text"] = host or value
        if host:
            cell["href"] = value
    return cell


def web_host(url: str) -> str:
    """The host of an http or https address; nothing for any other, which is never made a link."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_clean = url.isprintable() and not any(each in url for each in " <>\"'`\\")
    return host.removeprefix("www.") if parts.scheme in ("http", "https") and is_clean else ""
