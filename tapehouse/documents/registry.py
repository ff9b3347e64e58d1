"""Which parser reads which response."""

from collections.abc import Callable, Mapping
from typing import Final

from tapehouse.documents import alphavantage, fear_greed, finnhub, page, price, reddit, rss
from tapehouse.documents.item import UnfitError
from tapehouse.documents.parsed import MOST_BYTES, Parsed
from tapehouse.landing import Landed

Parser = Callable[[Landed], Parsed]
_OF_SOURCE: Final[Mapping[tuple[str, str], Parser]] = {
    ("news", "alphavantage"): alphavantage.parse,
    ("news", "finnhub"): finnhub.parse,
    ("social", "reddit"): reddit.parse,
    ("index", "fear-greed"): fear_greed.parse,
}
_OF_KIND: Final[Mapping[str, Parser]] = {"news": rss.parse, "page": page.parse, "price": price.parse}
"""Whatever the source: news is a feed then, or a fault; a page's or a price's source is a task of the crawler."""


def parse(landed: Landed) -> Parsed:
    """The documents and values of one landed response.

    Pure: the same response gives the same answer, anywhere. Raises nothing: what cannot be read is a fault.
    """
    parser = _OF_SOURCE.get((landed.kind, landed.source)) or _OF_KIND.get(landed.kind)
    if parser is None:
        return Parsed.fault(f"body: no parser for {landed.kind} of {landed.source}")
    if not 200 <= landed.status < 300:
        return Parsed.fault(f"body: not read, its status is {landed.status}")
    if len(landed.body) > MOST_BYTES:
        return Parsed.fault(f"body: not read, it has more than {MOST_BYTES} bytes")
    try:
        return parser(landed)
    except UnfitError as unfit:
        return Parsed.fault(str(unfit))
