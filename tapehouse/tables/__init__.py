"""Every table of the lake, declared once: name, grain, columns, key, layout, retention."""

from tapehouse.tables.bronze_documents import BRONZE_DOCUMENTS, WHOLE
from tapehouse.tables.bronze_trades import BRONZE_TRADES
from tapehouse.tables.coordinates import COORDINATE_NAMES, COORDINATES
from tapehouse.tables.gold_bars import GOLD_BARS, NEWEST_BARS
from tapehouse.tables.gold_candles import ALL_EXCHANGES, GOLD_CANDLES
from tapehouse.tables.gold_data_quality import (
    GOLD_DATA_QUALITY,
    GOLD_DATA_QUALITY_REASONS,
    LATE_US,
    UNKNOWN_SOURCE,
)
from tapehouse.tables.gold_exchange_activity import GOLD_EXCHANGE_ACTIVITY, NO_SIDE
from tapehouse.tables.gold_forecast import GOLD_FORECAST
from tapehouse.tables.gold_forecast_calibration import ALL_SYMBOLS, GOLD_FORECAST_CALIBRATION
from tapehouse.tables.gold_forecast_histogram import GOLD_FORECAST_HISTOGRAM
from tapehouse.tables.gold_keywords_daily import GOLD_KEYWORDS_DAILY, MOST_PHRASES
from tapehouse.tables.gold_manifest import GOLD_MANIFEST
from tapehouse.tables.gold_market_summary import GOLD_MARKET_SUMMARY
from tapehouse.tables.gold_news import GOLD_NEWS
from tapehouse.tables.gold_portfolio import GOLD_PORTFOLIO
from tapehouse.tables.gold_sentiment_daily import GOLD_SENTIMENT_DAILY
from tapehouse.tables.gold_sentiment_vs_price import GOLD_SENTIMENT_VS_PRICE
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep
from tapehouse.tables.registry import REGISTRY, table
from tapehouse.tables.silver_coverage import SILVER_COVERAGE
from tapehouse.tables.silver_document_faults import SILVER_DOCUMENT_FAULTS
from tapehouse.tables.silver_documents import SILVER_DOCUMENTS
from tapehouse.tables.silver_gaps import CLOSED, EVERYWHERE, FILLED, OPENED, SILVER_GAPS
from tapehouse.tables.silver_quotes import SILVER_QUOTES
from tapehouse.tables.silver_rejected import REQUEUED, SILVER_REJECTED
from tapehouse.tables.silver_scores import SILVER_SCORES
from tapehouse.tables.silver_trades import SILVER_TRADES

__all__ = [
    "ALL_EXCHANGES",
    "ALL_SYMBOLS",
    "BRONZE_DOCUMENTS",
    "BRONZE_TRADES",
    "CLOSED",
    "COORDINATES",
    "COORDINATE_NAMES",
    "EVERYWHERE",
    "FILLED",
    "GOLD_BARS",
    "GOLD_CANDLES",
    "GOLD_DATA_QUALITY",
    "GOLD_DATA_QUALITY_REASONS",
    "GOLD_EXCHANGE_ACTIVITY",
    "GOLD_FORECAST",
    "GOLD_FORECAST_CALIBRATION",
    "GOLD_FORECAST_HISTOGRAM",
    "GOLD_KEYWORDS_DAILY",
    "GOLD_MANIFEST",
    "GOLD_MARKET_SUMMARY",
    "GOLD_NEWS",
    "GOLD_PORTFOLIO",
    "GOLD_SENTIMENT_DAILY",
    "GOLD_SENTIMENT_VS_PRICE",
    "LATE_US",
    "MOST_PHRASES",
    "NEWEST_BARS",
    "NO_SIDE",
    "OPENED",
    "REGISTRY",
    "REQUEUED",
    "SILVER_COVERAGE",
    "SILVER_DOCUMENTS",
    "SILVER_DOCUMENT_FAULTS",
    "SILVER_GAPS",
    "SILVER_QUOTES",
    "SILVER_REJECTED",
    "SILVER_SCORES",
    "SILVER_TRADES",
    "UNKNOWN_SOURCE",
    "WHOLE",
    "Column",
    "Compaction",
    "Rule",
    "Table",
    "Upkeep",
    "table",
]
