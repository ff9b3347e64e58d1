"""Three questions and a dashboard that use most of what the files may say."""

from pathlib import Path

CANDLES = """\
-- title: Candles
-- answers: How did the price of a market move, window by window?
-- display: candles
-- x: window_start
-- y: open, high, low, close
-- units: open: USD, high: USD,
--   low: USD, close: USD
-- formats: open: decimals 2, window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text, from: date
SELECT window_start, open, high, low, close
FROM gold.candles
WHERE symbol = {{symbol}} AND interval = '1h' [[ AND exchange = {{exchange}} ]] [[ AND window_start >= {{from}} ]]
ORDER BY window_start
"""
SUMMARY = """\
-- title: Markets now
-- answers: What does each market cost, and how has that changed?
-- display: table
-- units: change_24h: %
-- formats: last_price: decimals 2, change_24h: signed decimals 2, volume_24h: bar compact
-- params: symbol: text
SELECT symbol, last_price, change_24h, volume_24h FROM gold.market_summary [[ WHERE symbol = {{symbol}} ]]
"""
VOLUME = """\
-- title: Volume by side
-- answers: How much is bought and sold?
-- display: area
-- x: hour
-- y: volume
-- series: side
-- stack: stacked
-- params: pair: text, days: number required default 7

WITH hours AS (SELECT hour, side, volume, symbol FROM gold.exchange_activity)
SELECT hour, side, sum(volume) AS volume FROM hours
WHERE hour >= date_add('day', -{{days}}, now()) [[ AND symbol = {{pair}} ]]
GROUP BY hour, side
"""
MARKETS = """\
title: Markets
description: Prices and trades of every market.
filters:
  - {name: symbol, title: Market, type: text, default: BTC-USD, values: [BTC-USD, ETH-USD]}
  - {name: from, type: date}
tabs:
  - title: Prices
    cards:
      - {heading: Now, x: 0, y: 0, w: 24, h: 1}
      - {question: summary, x: 0, y: 1, w: 24, h: 8}
      - {question: candles, title: Hours, x: 0, y: 9, w: 18, h: 9}
      - {text: "All times are **UTC**.", x: 18, y: 9, w: 6, h: 3}
  - title: Flow
    cards:
      - {question: volume, x: 0, y: 0, w: 12, h: 6, filters: {pair: symbol, days: null}}
"""
FILES = {
    "questions/candles.sql": CANDLES,
    "questions/summary.sql": SUMMARY,
    "questions/volume.sql": VOLUME,
    "dashboards/markets.yaml": MARKETS,
}


def write(folder: Path, **other: str) -> Path:
    """The files in ``folder/metabase``, some with other content: ``candles=…``; an empty one is left out."""
    root = folder / "metabase"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text := other.get(path.stem, content):
            path.write_text(text, encoding="utf-8")
    return root
