"""Every table of the lake by its name. A new table is a module beside this one, and a line here."""

from collections.abc import Mapping
from typing import Final

from tapehouse.errors import TerminalError
from tapehouse.tables.bronze_documents import BRONZE_DOCUMENTS
from tapehouse.tables.bronze_trades import BRONZE_TRADES
from tapehouse.tables.gold_bars import GOLD_BARS
from tapehouse.tables.gold_candles import GOLD_CANDLES
from tapehouse.tables.gold_data_quality import GOLD_DATA_QUALITY, GOLD_DATA_QUALITY_REASONS
from tapehouse.tables.gold_exchange_activity import GOLD_EXCHANGE_ACTIVITY
from tapehouse.tables.gold_forecast import GOLD_FORECAST
from tapehouse.tables.gold_forecast_calibration import GOLD_FORECAST_CALIBRATION
from tapehouse.tables.gold_forecast_histogram import GOLD_FORECAST_HISTOGRAM
from tapehouse.tables.gold_keywords_daily import GOLD_KEYWORDS_DAILY
from tapehouse.tables.gold_manifest import GOLD_MANIFEST
from tapehouse.tables.gold_market_summary import GOLD_MARKET_SUMMARY
from tapehouse.tables.gold_news import GOLD_NEWS
from tapehouse.tables.gold_portfolio import GOLD_PORTFOLIO
from tapehouse.tables.gold_sentiment_daily import GOLD_SENTIMENT_DAILY
from tapehouse.tables.gold_sentiment_vs_price import GOLD_SENTIMENT_VS_PRICE
from tapehouse.tables.model import Table
from tapehouse.tables.silver_coverage import SILVER_COVERAGE
from tapehouse.tables.silver_document_faults import SILVER_DOCUMENT_FAULTS
from tapehouse.tables.silver_documents import SILVER_DOCUMENTS
from tapehouse.tables.silver_gaps import SILVER_GAPS
from tapehouse.tables.silver_quotes import SILVER_QUOTES
from tapehouse.tables.silver_rejected import SILVER_REJECTED
from tapehouse.tables.silver_scores import SILVER_SCORES
from tapehouse.tables.silver_trades import SILVER_TRADES

REGISTRY: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        BRONZE_TRADES,
        SILVER_TRADES,
        SILVER_REJECTED,
        SILVER_GAPS,
        SILVER_COVERAGE,
        GOLD_CANDLES,
        GOLD_MARKET_SUMMARY,
        GOLD_BARS,
        GOLD_EXCHANGE_ACTIVITY,
        GOLD_DATA_QUALITY,
        GOLD_DATA_QUALITY_REASONS,
        GOLD_MANIFEST,
        GOLD_PORTFOLIO,
        GOLD_FORECAST,
        GOLD_FORECAST_HISTOGRAM,
        GOLD_FORECAST_CALIBRATION,
        BRONZE_DOCUMENTS,
        SILVER_DOCUMENTS,
        SILVER_SCORES,
        SILVER_QUOTES,
        SILVER_DOCUMENT_FAULTS,
        GOLD_NEWS,
        GOLD_SENTIMENT_DAILY,
        GOLD_KEYWORDS_DAILY,
        GOLD_SENTIMENT_VS_PRICE,
    )
}


def table(name: str) -> Table:
    """The declaration of ``layer.table``.

    Raises:
        TerminalError: there is no such table; the message lists those that there are.
    """
    try:
        return REGISTRY[name]
    except KeyError:
        raise TerminalError(f"no table is named {name!r}: the tables are {', '.join(REGISTRY)}") from None
