"""Tables. A cell is text, never HTML: the news is written by strangers."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from metabase.preview import numbers, ticks
from metabase.preview.axes import point
from metabase.preview.drawn import Grid, Tone, column, tone
from metabase.question import Format, Question
from tapehouse.query import Result

_LONG: Final = 28
"""Texts from so many letters on may be broken into lines."""
_MARKETS: Final = ("symbol", "name")
"""Columns that say whose a row's prices are."""
_LEADS: Final = ("symbol", "exchange")
"""What a row's market is; a symbol in a table leads to it, where the dashboard has such filters."""
_SIDES: Final[Mapping[Any, Tone]] = {"buy": "up", "sell": "down"}
BY_VALUE: Final = """(rows, column, descending) => [...rows].sort((one, other) => {
  const a = one[column].sort, b = other[column].sort;
  return a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b === descending ? 1 : -1;
})"""
"""How a table is sorted, of which a column cannot know the direction: what is not known is last, up and down."""
_BY_WORDS: Final = "cell => cell.text"
"""What a search looks in."""


def grid(question: Question, result: Result, columns: Sequence[str] = (), filters: Collection[str] = ()) -> Grid:
    """Those columns of the answer, or every one, in its order. Raises DrawingError.

    ``filters``: what the table's reader can choose by.
    """
    decimals = _decimals(question, result)
    sides = _sides(question, result)
    heads, cells = [], []
    for at, name in enumerate(columns or result.columns):
        form, unit, values = question.format_of(name), question.unit_of(name), column(result, name)
        is_right = _is_of_numbers(form) or any(numbers.is_number(each) for each in values)
        kinds = ["number"] if is_right else ["long"] if _is_long(values, form) else []
        heads.append(
            {
                "name": f"c{at}",
                "field": f"c{at}",
                "label": f"{question.title_of(name)} ({unit})" if unit else question.title_of(name),
                "align": "right" if is_right else "left",
                "sortable": True,
                "classes": " ".join(kinds),
                "headerClasses": " ".join(kinds),
                ":format": _BY_WORDS,
            }
        )
        forms = [_form(form, each, value) for each, value in zip(decimals, values, strict=True)]
        made = _cells(values, forms, sides if form.side or form.style == "price" else ())
        if name == _LEADS[0] and name in filters:
            made = [{**cell, **lead} for cell, lead in zip(made, _leads(result, filters), strict=True)]
        cells.append(made)
    rows = [
        {"id": number, **{f"c{at}": cell[number] for at, cell in enumerate(cells)}}
        for number in range(len(result.rows))
    ]
    return Grid(heads, rows)


def _leads(result: Result, filters: Collection[str]) -> Iterator[Mapping[str, Any]]:
    """By row: what leads to its market, by filter."""
    names = [name for name in _LEADS if name in filters and name in result.columns]
    for row in zip(*(column(result, name) for name in names), strict=True):
        is_market = all(isinstance(value, str) and value for value in row)
        yield {"leads": dict(zip(names, row, strict=True))} if is_market else {}


def _decimals(question: Question, result: Result) -> list[Mapping[str, int]]:
    """By row: the decimals of prices and amounts, which are its market's."""
    by = next((name for name in _MARKETS if name in result.columns), None)
    markets = column(result, by) if by else [None] * len(result.rows)
    found: dict[Any, dict[str, int]] = {market: {} for market in markets}
    for style in ticks.STYLES:
        if any(question.format_of(name).style == style for name in result.columns):
            for market, decimals in found.items():
                rows = (row for row, its in zip(result.rows, markets, strict=True) if its == market)
                decimals[style] = ticks.decimals_in(question, result, rows, style)
    return [found[market] for market in markets]


def _form(form: Format, decimals: Mapping[str, int], value: Any) -> Format:
    """Of one cell, with its market's decimals, or those of its own size."""
    if form.style == "amount" and form.derived:
        return ticks.with_decimals(form, ticks.decimals((), form.style, derived=[value]))
    return ticks.with_decimals(form, decimals[form.style]) if form.style in decimals else form


def _sides(question: Question, result: Result) -> Sequence[Tone]:
    """By row: what the taker did, where a column says it, whether it is shown or not."""
    by = next((name for name in result.columns if question.format_of(name).side), None)
    return [_SIDES.get(each, "") for each in column(result, by)] if by else ()


def _is_of_numbers(form: Format) -> bool:
    """Also where no value is there yet."""
    is_styled = form.style in ("price", "amount", "percent", "currency")
    return is_styled or form.decimals is not None or form.signed or form.bar or form.compact


def _is_long(values: Sequence[Any], form: Format) -> bool:
    return form.style != "link" and any(isinstance(each, str) and len(each) >= _LONG for each in values)


def _cells(values: Sequence[Any], forms: Sequence[Format], sides: Sequence[Tone]) -> list[Mapping[str, Any]]:
    known = [abs(number) for each in values if (number := numbers.number(each)) is not None]
    most = max(known, default=0.0) if any(form.bar for form in forms) else 0.0
    toned = sides or [""] * len(values)
    has_seconds = any(isinstance(each, dt.datetime) and each.second for each in values)
    written = [
        numbers.instant(value, form, has_seconds=has_seconds)
        if isinstance(value, dt.date)
        else numbers.text(value, form)
        for value, form in zip(values, forms, strict=True)
    ]
    return [_cell(*each, most) for each in zip(values, written, forms, toned, strict=True)]


def _cell(value: Any, written: str, form: Format, side: Tone, most: float) -> Mapping[str, Any]:
    number = numbers.number(value)
    sort = point(value) if value is not None else None
    cell: dict[str, Any] = {"text": written, "sort": sort.lower() if isinstance(sort, str) else sort}
    if toned := tone(number) if form.signed and numbers.says_something(written) else side:
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
