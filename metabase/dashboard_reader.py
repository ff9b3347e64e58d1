"""Reads a dashboard's file, strictly: what is not known is refused, and every fault is told with its line."""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final, cast

from metabase.dashboard import COLUMNS, WIDTHS, Card, Dashboard, Filter, Place, QuestionCard, Tab, TextCard, Width
from metabase.faults import FileFaults
from metabase.param import PARAM_TYPES, ParamType, value_fault
from tapehouse import strict_yaml
from tapehouse.fields import Fields

_KEYS: Final = ("title", "description", "width", "filters", "tabs", "cards")
_FILTER_KEYS: Final = ("name", "title", "type", "default", "values")
_CARD_KEYS: Final = ("question", "text", "heading", "title", "columns", "filters", "x", "y", "w", "h")
_NAME: Final = "[a-z][a-z0-9_]{0,62}"
_MOST: Final = 200
_MOST_ROWS: Final = 1_000


def read(content: bytes, *, name: str, faults: FileFaults) -> Dashboard:
    """The dashboard of a file; where a fault was noted, no more than a stand-in."""
    try:
        said = strict_yaml.load(content)
    except strict_yaml.YamlError as error:
        line = re.match(r"line ([0-9]+): ", error.detail)
        faults.add("", error.detail.removeprefix(line[0] if line else ""), line=int(line[1]) if line else 0)
        return Dashboard(name, "", "", ())
    fields = Fields(said, "dashboard", faults, known=_KEYS)
    filters = tuple(_filter(each, at, faults) for at, each in fields.items("filters", most=_MOST, required=False))
    for one, other in itertools.combinations(filters, 2):
        if one.name and one.name == other.name:
            fields.fault("filters", f"{one.name} is there twice")
    return Dashboard(
        name=name,
        title=fields.text("title", most=100),
        description=fields.text("description"),
        tabs=tuple(_tabs(fields, faults)),
        filters=filters,
        width=cast(Width, fields.choice("width", WIDTHS, required=False) or "full"),
    )


# -- filters ----------------------------------------------------------------------------------------------------------


def _filter(said: Any, at: str, faults: FileFaults) -> Filter:
    fields = Fields(said, at, faults, known=_FILTER_KEYS)
    name = fields.text("name", shape=_NAME, what="a name of a to z, 0 to 9 and _")
    kind = cast(ParamType, fields.choice("type", PARAM_TYPES) or "text")
    default = fields.text("default", required=False) or None
    values = tuple(str(each) for _, each in fields.items("values", most=_MOST, required=False))
    for key, value in [("default", default), *(("values", each) for each in values)]:
        if fault := value_fault(kind, value) if value is not None else None:
            fields.fault(key, fault)
    if len(set(values)) < len(values):
        fields.fault("values", "a value is there twice")
    if values and default is not None and default not in values:
        fields.fault("default", f"{default[:40]!r} is not among the values")
    if values and kind == "date":
        fields.fault("values", "dates are picked, not offered")
    title = fields.text("title", required=False, most=60)
    return Filter(name, title or name.replace("_", " ").capitalize(), kind, default, values)


# -- tabs and cards ---------------------------------------------------------------------------------------------------


def _tabs(fields: Fields, faults: FileFaults) -> Iterator[Tab]:
    if fields.has("tabs") == fields.has("cards"):
        fields.fault("tabs", "a dashboard has either tabs or cards")
        return
    if fields.has("cards"):
        yield Tab("", _cards(fields, faults))
        return
    seen: set[str] = set()
    for at, each in fields.items("tabs", most=20):
        inner = Fields(each, at, faults, known=("title", "cards"))
        title = inner.text("title", most=60)
        if title in seen:
            inner.fault("title", f"{title!r} is there twice")
        seen.add(title)
        yield Tab(title, _cards(inner, faults))


def _cards(fields: Fields, faults: FileFaults) -> tuple[Card, ...]:
    read: list[tuple[Card, Fields]] = []
    for at, each in fields.items("cards", most=_MOST):
        inner = Fields(each, at, faults, known=_CARD_KEYS)
        if (place := _place(inner)) and (card := _card(inner, place)):
            read.append((card, inner))
    for (card, _), (other, inner) in itertools.combinations(read, 2):
        if card.place.overlaps(other.place):
            faults.add(inner.where, f"it lies over {named(card)}", line=inner.line_of("x"))
    return tuple(card for card, _ in read)


def named(card: Card) -> str:
    """A card in words."""
    place = f"at x {card.place.x}, y {card.place.y}"
    return f"{card.question} {place}" if isinstance(card, QuestionCard) else f"the text {place}"


def _place(fields: Fields) -> Place | None:
    found = [_whole(fields, key) for key in ("x", "y", "w", "h")]
    if None in found:
        return None
    place = Place(*cast(list[int], found))
    if place.w < 1 or place.h < 1:
        fields.fault("w", "a card is at least one column wide and one row high")
    elif place.x + place.w > COLUMNS:
        fields.fault("x", f"x {place.x} and w {place.w} end at {place.x + place.w}; the grid has {COLUMNS} columns")
    elif place.y + place.h > _MOST_ROWS:
        fields.fault("y", f"it ends below row {_MOST_ROWS}")
    else:
        return place
    return None


def _whole(fields: Fields, key: str) -> int | None:
    text = fields.text(key, shape="[0-9]{1,4}", what="a whole number")
    return int(text) if text else None


def _card(fields: Fields, place: Place) -> Card | None:
    kinds = [key for key in ("question", "text", "heading") if fields.has(key)]
    if len(kinds) != 1:
        fields.fault("question", "a card has one of question, text and heading")
        return None
    if kinds == ["question"]:
        name = fields.text("question", shape=_NAME, what="the name of a question's file, without its ending")
        title = fields.text("title", required=False, most=100) or None
        columns = tuple(str(each) for _, each in fields.items("columns", most=_MOST, required=False))
        if len(set(columns)) < len(columns):
            fields.fault("columns", "a column is there twice")
        return QuestionCard(name, place, title, _mapped(fields), columns)
    for key in ("title", "columns", "filters"):
        if fields.has(key):
            fields.fault(key, "only a question has it")
    is_heading = kinds == ["heading"]
    return TextCard(fields.text(kinds[0], most=100 if is_heading else 5_000).rstrip(), place, is_heading)


def _mapped(fields: Fields) -> dict[str, str | None]:
    said = fields.raw("filters")
    if said is None:
        if fields.has("filters"):
            fields.fault("filters", "it has to be PARAMETER: FILTER pairs")
        return {}
    if not isinstance(said, dict) or not all(each is None or isinstance(each, str) for each in said.values()):
        fields.fault("filters", "it has to be PARAMETER: FILTER pairs")
        return {}
    return dict(said)
