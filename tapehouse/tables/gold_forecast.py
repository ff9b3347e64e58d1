"""gold.forecast: where each market's price may be some time ahead, and where it then was."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

GOLD_FORECAST: Final = Table(
    name="gold.forecast",
    grain="one row per exchange, symbol, as_of and horizon: a forecast by geometric Brownian motion, never made anew",
    columns=(
        Column("exchange", "STRING", "venue; there is no forecast of ALL", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("as_of", "TIMESTAMP", "when it looks ahead from, UTC: nothing later went into it", nullable=False),
        Column("horizon_s", "BIGINT", "seconds from as_of to target_time", nullable=False),
        Column("target_time", "TIMESTAMP", "the time that is forecast, UTC", nullable=False),
        Column("interval", "STRING", "of the candles that returns were taken of; a step is as long", nullable=False),
        Column("steps", "BIGINT", "steps from as_of to target_time", nullable=False),
        Column("window_s", "BIGINT", "seconds before as_of whose candles were looked at", nullable=False),
        Column("returns", "BIGINT", "log returns between the vwaps of those candles", nullable=False),
        Column("mu", "DOUBLE", "drift of the price a step: the mean log return + sigma squared / 2", nullable=False),
        Column(
            "sigma",
            "DOUBLE",
            "volatility of a step's log return, put right for how vwaps of neighbours hang together",
            nullable=False,
        ),
        Column("return_deviation", "DOUBLE", "the plain sample deviation of a step's log return", nullable=False),
        Column("last_price", "DECIMAL(28,12)", "last price before as_of: where every path begins", nullable=False),
        Column("paths", "BIGINT", "simulated paths", nullable=False),
        Column("seed", "BIGINT", "of the draws: a hash of exchange, symbol, as_of and model", nullable=False),
        Column("model", "BIGINT", "which version of the way in which draws and prices are made", nullable=False),
        Column("p05", "DECIMAL(28,12)", "5 % of the paths are at or below this price, to 12 digits", nullable=False),
        Column("p25", "DECIMAL(28,12)", "25 % of them", nullable=False),
        Column("p50", "DECIMAL(28,12)", "half of them", nullable=False),
        Column("p75", "DECIMAL(28,12)", "75 % of them", nullable=False),
        Column("p95", "DECIMAL(28,12)", "95 % of them", nullable=False),
        Column("mean", "DECIMAL(28,12)", "their mean", nullable=False),
        Column("band", "DECIMAL(6,4)", "the share of the paths, in their middle, between the next two", nullable=False),
        Column("band_low", "DECIMAL(28,12)", "lower end of the band", nullable=False),
        Column("band_high", "DECIMAL(28,12)", "upper end of the band", nullable=False),
        Column(
            "bounded",
            "BOOLEAN",
            "a path left the prices that a trade can have, and was held there",
            nullable=False,
        ),
        Column(
            "judged",
            "BOOLEAN",
            "the market traded again after target_time, within two days of as_of: what came is known",
            nullable=False,
        ),
        Column(
            "actual_price",
            "DECIMAL(28,12)",
            "last price before target_time; null until judged, and where the market stood still",
        ),
        Column("actual_time_us", "BIGINT", "event time of its trade, microseconds UTC"),
        Column("inside_band", "BOOLEAN", "whether actual_price is in the band, to 12 digits; null without one"),
    ),
    key=("exchange", "symbol", "as_of", "horizon_s"),
    rules=(
        Rule("target", "target_time > as_of AND horizon_s > 0", "it looks ahead"),
        Rule("quantiles", "p05 <= p25 AND p25 <= p50 AND p50 <= p75 AND p75 <= p95", "in their order"),
        Rule("band", "band_low <= band_high AND band > 0 AND band < 1", "a share, and its ends in their order"),
        Rule(
            "inputs", "sigma >= 0 AND last_price > 0 AND paths > 0 AND steps > 0 AND returns > 0", "what it is made of"
        ),
        Rule(
            "actual",
            "(actual_price IS NULL) = (inside_band IS NULL) AND (judged OR actual_price IS NULL)",
            "a price that came was judged",
        ),
    ),
    time_us="unix_micros(as_of)",
    upkeep=Upkeep(compaction=Compaction(near="as_of")),
)
