"""gold.forecast_calibration: how often the price that came was in the band."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

ALL_SYMBOLS: Final = "ALL"
"""The symbol of what is counted over every market; its exchange is ALL_EXCHANGES."""

GOLD_FORECAST_CALIBRATION: Final = Table(
    name="gold.forecast_calibration",
    grain="one row per exchange, symbol (ALL and ALL: every market), UTC day of as_of, horizon and band, once judged",
    columns=(
        Column("exchange", "STRING", "venue, or ALL", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE, or ALL", nullable=False),
        Column("day", "DATE", "UTC day of the forecasts' as_of", nullable=False),
        Column("horizon_s", "BIGINT", "seconds that the forecasts looked ahead", nullable=False),
        Column("band", "DECIMAL(6,4)", "the share that should be inside", nullable=False),
        Column("judged", "BIGINT", "forecasts for which a price came", nullable=False),
        Column("inside", "BIGINT", "of those, the ones whose price was in the band", nullable=False),
        Column("share", "DOUBLE", "inside / judged; null where no price came"),
        Column("stood_still", "BIGINT", "not counted: the market did not trade near target_time", nullable=False),
        Column("newest_as_of", "TIMESTAMP", "as_of of the newest forecast that is counted, UTC", nullable=False),
    ),
    key=("exchange", "symbol", "day", "horizon_s", "band"),
    rules=(
        Rule("counts", "inside BETWEEN 0 AND judged AND stood_still >= 0", "inside is of the judged"),
        Rule("share", "(share IS NULL) = (judged = 0) AND (share IS NULL OR share BETWEEN 0 AND 1)", "a share of some"),
    ),
    time_us="unix_micros(newest_as_of)",
    upkeep=Upkeep(compaction=Compaction(near="day")),
)
