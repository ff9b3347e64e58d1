"""Every table of the lake, declared once: name, grain, columns, key, layout, retention."""

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
from tapehouse.tables.gold_manifest import GOLD_MANIFEST
from tapehouse.tables.gold_market_summary import GOLD_MARKET_SUMMARY
from tapehouse.tables.gold_portfolio import GOLD_PORTFOLIO
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep
from tapehouse.tables.registry import REGISTRY, table
from tapehouse.tables.silver_coverage import SILVER_COVERAGE
from tapehouse.tables.silver_gaps import CLOSED, EVERYWHERE, FILLED, OPENED, SILVER_GAPS
from tapehouse.tables.silver_rejected import REQUEUED, SILVER_REJECTED
from tapehouse.tables.silver_trades import SILVER_TRADES

__all__ = [
    "ALL_EXCHANGES",
    "ALL_SYMBOLS",
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
    "GOLD_MANIFEST",
    "GOLD_MARKET_SUMMARY",
    "GOLD_PORTFOLIO",
    "LATE_US",
    "NEWEST_BARS",
    "NO_SIDE",
    "OPENED",
    "REGISTRY",
    "REQUEUED",
    "SILVER_COVERAGE",
    "SILVER_GAPS",
    "SILVER_REJECTED",
    "SILVER_TRADES",
    "UNKNOWN_SOURCE",
    "Column",
    "Compaction",
    "Rule",
    "Table",
    "Upkeep",
    "table",
]
