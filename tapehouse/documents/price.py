"""Prices that the crawler read from a page: ``values`` of the JSON that ``page`` describes."""

import re
from decimal import Decimal
from typing import Final

from tapehouse.document import Value
from tapehouse.documents.item import Item, decimal_text, each, json_of
from tapehouse.documents.page import published_or_fetched
from tapehouse.documents.parsed import MOST_VALUES, Parsed
from tapehouse.landing import Landed

_NAME: Final = re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{2,10}")
_UNIT: Final = re.compile(r"[A-Z0-9]{2,10}")


def parse(landed: Landed) -> Parsed:
    """Raises UnfitError for a body that is no JSON object."""
    page = Item(landed, json_of(landed.body), "body")
    url = page.address("url")
    found = each(landed, page.listed("values"), lambda item: _price(item, url), name="values", most=MOST_VALUES)
    empty = () if found.values or found.faults or page.faults else ("body.values: none",)
    return Parsed(values=found.values, faults=(*page.faults, *found.faults, *empty))


def _price(item: Item, url: str | None) -> Value:
    name, unit = item.string("name"), item.string("unit")
    value = decimal_text(item.raw.get("value"))
    if not _NAME.fullmatch(name):
        raise item.unfit("name", "no BASE-QUOTE")
    if not _UNIT.fullmatch(unit):
        raise item.unfit("unit", "no currency")
    if value is None or Decimal(value) <= 0:
        raise item.unfit("value", "no number above 0")
    return Value(
        kind="price",
        source=item.landed.source,
        name=name,
        value=value,
        unit=unit,
        label=None,
        observed_at_us=published_or_fetched(item, "observed_at_us"),
        fetched_at_us=item.landed.fetched_at_us,
        url=url,
    )
