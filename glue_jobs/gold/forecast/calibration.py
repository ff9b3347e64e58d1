"""How often the price that came was in the band, counted from rows of gold.forecast."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import schema_of
from tapehouse.tables import ALL_EXCHANGES, ALL_SYMBOLS, GOLD_FORECAST_CALIBRATION

ASKED: Final = ("exchange", "symbol", "as_of", "horizon_s", "band", "judged", "inside_band")
"""The columns of gold.forecast that are counted."""


def calibration(rows: pa.Table) -> pa.Table:
    """Rows of gold.forecast_calibration, of whole days.

    *In*: rows of gold.forecast with the columns ``ASKED``. *Out*: one row a market, day, horizon and band of which
    something is judged, and one over all markets.
    """
    rows = rows.filter(rows.column("judged")).select(list(ASKED))
    inside = rows.column("inside_band")
    counted = pa.table(
        {name: rows.column(name) for name in ("exchange", "symbol", "as_of", "horizon_s", "band")}
        | {
            "day": rows.column("as_of").cast(pa.date32()),
            "judged": pc.cast(pc.is_valid(inside), pa.int64()),
            "inside": pc.cast(pc.fill_null(inside, False), pa.int64()),
            "stood_still": pc.cast(pc.is_null(inside), pa.int64()),
        }
    )
    everywhere = {"exchange": ALL_EXCHANGES, "symbol": ALL_SYMBOLS}
    of_all = counted
    for number, (_, name) in enumerate(everywhere.items()):
        of_all = of_all.set_column(number, of_all.field(number), pa.array([name] * counted.num_rows, pa.string()))
    key, sums = list(GOLD_FORECAST_CALIBRATION.key), ("judged", "inside", "stood_still")
    grouped = (
        pa.concat_tables([counted, of_all])
        .group_by(key, use_threads=False)
        .aggregate([*((name, "sum") for name in sums), ("as_of", "max")])
    )
    judged, inside = grouped.column("judged_sum"), grouped.column("inside_sum")
    share = pc.divide(pc.cast(inside, pa.float64()), pc.cast(judged, pa.float64()))
    columns = {
        **{name: grouped.column(name) for name in key},
        **{name: grouped.column(f"{name}_sum") for name in sums},
        "share": pc.if_else(pc.greater(judged, 0), share, pa.scalar(None, pa.float64())),
        "newest_as_of": grouped.column("as_of_max"),
    }
    schema = schema_of(GOLD_FORECAST_CALIBRATION)
    return pa.table([pc.cast(columns[field.name], field.type) for field in schema], schema=schema)
