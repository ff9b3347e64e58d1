"""The Fear & Greed index of alternative.me: one value a day, everything as text, newest first.

Source: https://alternative.me/crypto/fear-and-greed-index/#api (which asks to be named where its values are shown).
"""

from decimal import Decimal
from typing import Final

from tapehouse.document import Value
from tapehouse.documents import moment
from tapehouse.documents.item import Item, UnfitError, decimal_text, each, json_of
from tapehouse.documents.parsed import MOST_NAME, MOST_VALUES, Parsed
from tapehouse.landing import Landed

NAME: Final = "fear-greed"
_DAY_US: Final = 86_400_000_000


def parse(landed: Landed) -> Parsed:
    """Raises UnfitError for a body without ``data``, and for one that says that it is an error."""
    said = json_of(landed.body)
    metadata = said.get("metadata") if isinstance(said, dict) else None
    if isinstance(metadata, dict) and metadata.get("error"):
        raise UnfitError("metadata.error", "an error in place of values")
    if not isinstance(said, dict) or not isinstance(said.get("data"), list):
        raise UnfitError("body", "no data")
    return each(landed, said["data"], _day, name="data", most=MOST_VALUES)


def _day(item: Item) -> Value:
    at_us = item.moment("timestamp", moment.of_seconds(item.raw.get("timestamp")))
    value = decimal_text(item.raw.get("value"))
    if value is None or not 0 <= Decimal(value) <= 100:
        raise item.unfit("value", "no number from 0 to 100")
    return Value(
        kind="index",
        source=item.landed.source,
        name=NAME,
        value=value,
        unit="points",
        label=item.folded("value_classification", most=MOST_NAME) or None,
        observed_at_us=at_us - at_us % _DAY_US,
        fetched_at_us=item.landed.fetched_at_us,
    )
