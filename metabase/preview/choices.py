"""What a filter offers where its file lists nothing: what is in the tables. Any other value may be typed."""

from collections.abc import Mapping
from typing import Final

from metabase.dashboard import Filter
from metabase.preview.live import Asks
from metabase.preview.numbers import text
from tapehouse.errors import LakehouseError

MOST: Final = 500
"""Values of one filter: of more markets the most traded, of more assets those with most stories."""
_COLUMNS: Final[Mapping[str, str]] = {
    "symbol": f"""SELECT symbol FROM (
        SELECT symbol FROM gold.market_summary GROUP BY symbol ORDER BY max(quote_volume_24h) DESC, symbol LIMIT {MOST}
    ) AS busiest ORDER BY symbol""",  # noqa: S608 - a number of ours
    "exchange": "SELECT DISTINCT exchange FROM gold.market_summary ORDER BY 1",
    "asset": f"""SELECT symbol FROM (
        SELECT symbol FROM gold.sentiment_daily GROUP BY symbol ORDER BY sum(documents) DESC, symbol LIMIT {MOST}
    ) AS most_told ORDER BY symbol""",  # noqa: S608 - a number of ours
    "quote": "SELECT DISTINCT split_part(symbol, '-', 2) FROM gold.market_summary ORDER BY 1",
    "portfolio": "SELECT DISTINCT portfolio FROM gold.portfolio ORDER BY 1",
    "horizon": "SELECT DISTINCT horizon_s FROM gold.forecast ORDER BY 1",
}


def known(each: Filter) -> bool:
    """Whether a table tells what there is."""
    return each.name in _COLUMNS


async def offered(each: Filter, answers: Asks) -> list[str]:
    """The values to pick from, of a filter that is ``known``; none where the tables are not there yet."""
    try:
        result = await answers.ask(_COLUMNS[each.name])
    except LakehouseError:
        return []
    found = [text(row[0]).replace(",", "") for row in result.rows[:MOST] if row[0] is not None]
    return found if each.default is None or each.default in found else [each.default, *found]
