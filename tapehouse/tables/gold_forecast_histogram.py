"""gold.forecast_histogram: how the paths of each market's newest forecast lie."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table, Upkeep

GOLD_FORECAST_HISTOGRAM: Final = Table(
    name="gold.forecast_histogram",
    grain="one row per exchange, symbol, horizon and bin of the market's newest forecast",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("as_of", "TIMESTAMP", "of the forecast in gold.forecast, UTC", nullable=False),
        Column("horizon_s", "BIGINT", "seconds from as_of to target_time", nullable=False),
        Column("target_time", "TIMESTAMP", "the time that is forecast, UTC", nullable=False),
        Column("bin", "BIGINT", "number of the bin, from 0 at the lowest prices", nullable=False),
        Column("low", "DECIMAL(28,12)", "lower end, inclusive; bins are equally wide in its log", nullable=False),
        Column("high", "DECIMAL(28,12)", "upper end, exclusive but for the last bin", nullable=False),
        Column("paths", "BIGINT", "paths that end in the bin; those of all bins are all paths", nullable=False),
        Column(
            "density", "DOUBLE", "paths / (all paths x (high - low)), a quote unit; null where all paths have one price"
        ),
    ),
    key=("exchange", "symbol", "horizon_s", "bin"),
    rules=(
        Rule("ends", "low <= high AND low > 0", "a span of prices"),
        Rule("paths", "paths >= 0 AND bin >= 0 AND (density IS NULL OR density >= 0)", "a count, and its density"),
    ),
    time_us="unix_micros(as_of)",
    upkeep=Upkeep(compaction=None),  # one file, put in the place of the one before
)
