"""One item of a response (an article, a post, a day's value): its fields, and what is wrong with them.

A field that can be done without is left out and noted; an item that cannot be is an ``UnfitError``, caught here by
``each``, so that one broken item never costs the others.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tapehouse.document import Document, DocumentKind, Value, VendorSentiment, canonical_url, document_id
from tapehouse.documents import markup
from tapehouse.documents.parsed import (
    MOST_BODY,
    MOST_DOCUMENTS,
    MOST_NAME,
    MOST_TITLE,
    MOST_URL,
    Parsed,
)
from tapehouse.landing import Landed
from tapehouse.record import AHEAD_US, EARLIEST_US

_DECIMAL: Final = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_MOST_DIGITS: Final = 30
"""Before the point, and behind it."""


class UnfitError(Exception):
    """A response, or an item of one, that nothing can be made of. Never leaves this package."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(field, detail)
        self.field, self.detail = field, detail

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}"


def json_of(body: bytes) -> Any:
    """What a body of JSON says: numbers with a point are Decimals, and what is no number of use (NaN) is None.

    Raises UnfitError for what is no JSON.
    """
    try:
        return json.loads(body, parse_float=_decimal, parse_int=_integer, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise UnfitError("body", f"no JSON ({type(error).__name__})") from error


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _integer(text: str) -> int | None:
    return int(text) if len(text) < 100 else None


def decimal_text(value: object) -> str | None:
    """A number, or its digits as text, as exact plain decimal text (``1E-8`` is 0.00000001); None for anything else."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MOST_DIGITS or number.adjusted() >= _MOST_DIGITS:
        return None
    return f"{number:f}"


class Item:
    """Reads one item's fields. ``where`` names it in faults; raises UnfitError for what is no JSON object."""

    def __init__(self, landed: Landed, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise UnfitError(where, "no object")
        self.landed, self.raw, self.where = landed, raw, where
        self.faults: list[str] = []

    def note(self, field: str, detail: str) -> None:
        """This field is left out."""
        self.faults.append(f"{self.where}.{field}: {detail}")

    def unfit(self, field: str, detail: str) -> UnfitError:
        """To be raised: the item is left out."""
        return UnfitError(f"{self.where}.{field}", detail)

    def string(self, field: str) -> str:
        """As it came; empty where there is none."""
        value = self.raw.get(field)
        if value is not None and not isinstance(value, str):
            self.note(field, "no text")
        return value if isinstance(value, str) else ""

    def seen(self, field: str, *, most: int) -> str:
        """The text of a field that may hold HTML."""
        return markup.plain(self.string(field), most=most)

    def folded(self, field: str, *, most: int) -> str:
        """The text of a field that holds none."""
        return markup.folded(self.string(field), most=most)

    def listed(self, field: str) -> list[Any]:
        value = self.raw.get(field)
        if value is not None and not isinstance(value, list):
            self.note(field, "no list")
        return value if isinstance(value, list) else []

    def address(self, field: str, text: str | None = None) -> str | None:
        """The canonical address of ``text``, or of the field's own; None, and a note, where that is none."""
        text = markup.folded(self.string(field) if text is None else text, most=MOST_URL + 1)
        if not text:
            return None
        try:
            address = canonical_url(text) if len(text) <= MOST_URL else ""
        except ValueError:
            address = ""
        if not 0 < len(address) <= MOST_URL:
            self.note(field, "no http or https address")
        return address if 0 < len(address) <= MOST_URL else None

    def moment(self, field: str, at_us: int | None) -> int:
        """``at_us``, read from this field, within the bounds of a time that something was published at.

        Raises UnfitError: no date, none that is known, before there was a Bitcoin, or after the response was fetched.
        """
        if at_us is None:
            raise self.unfit(field, "no date that is known here" if self.raw.get(field) else "no date")
        if at_us < EARLIEST_US:
            raise self.unfit(field, "a time before 2009-01-03")
        if at_us > self.landed.fetched_at_us + AHEAD_US:
            raise self.unfit(field, f"a time more than {AHEAD_US // 1_000_000} s after it was fetched")
        return at_us

    def document(
        self,
        kind: DocumentKind,
        *,
        url: str | None,
        key: str,
        title: str,
        body: str,
        author: str,
        published_at_us: int,
        symbols: Iterable[str] = (),
        vendor_sentiment: Sequence[VendorSentiment] = (),
        removed: bool = False,
        by_key: bool = False,
    ) -> Document:
        """The document of this item. ``key``: the source's own id, empty where it has none; ``by_key``: that names it
        even where there is an address. Texts are folded already.

        Raises UnfitError where there is neither a title nor a text.
        """
        if not (title or body or removed):
            raise self.unfit("title", "neither a title nor a text")
        return Document(
            document_id=document_id(
                self.landed.source, url=None if by_key else url, key=key or f"{published_at_us} {title}"
            ),
            kind=kind,
            source=self.landed.source,
            url=url,
            title=title[:MOST_TITLE],
            body=body[:MOST_BODY],
            author=author[:MOST_NAME] or None,
            published_at_us=published_at_us,
            fetched_at_us=self.landed.fetched_at_us,
            symbols=tuple(sorted(set(symbols))),
            vendor_sentiment=tuple(vendor_sentiment),
            removed=removed,
        )


def each(
    landed: Landed,
    raws: Sequence[object],
    read: Callable[[Item], Document | Value],
    *,
    name: str,
    most: int = MOST_DOCUMENTS,
) -> Parsed:
    """What ``read`` makes of each item: ``name[0]``, ``name[1]``, … in faults. No more than ``most`` are read."""
    made: list[Document | Value] = []
    faults: list[str] = []
    for number, raw in enumerate(raws[:most]):
        item = None
        try:
            item = Item(landed, raw, f"{name}[{number}]")
            made.append(read(item))
        except UnfitError as unfit:
            faults.append(str(unfit))
        except ValueError:  # what else an item may be, it is one item's fault
            faults.append(f"{name}[{number}]: cannot be read")
        faults.extend(item.faults if item is not None else ())
    if len(raws) > most:
        faults.append(f"{name}: {len(raws) - most} item(s) beyond the first {most} are left out")
    return Parsed(
        documents=tuple(each for each in made if isinstance(each, Document)),
        values=tuple(each for each in made if isinstance(each, Value)),
        faults=tuple(faults),
    )
