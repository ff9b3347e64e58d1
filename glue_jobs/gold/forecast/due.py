"""Which markets are due for a forecast, and what each is made of.

A market is due when it trades at or after a multiple of ``every`` of which it has no forecast; only the newest multiple
that it passed is forecast. So no backfill makes forecasts of its past, and what is there is never made anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import TableState, Workspace, instant_text, instant_us, ints_of
from glue_jobs.gold.candles import Spans, traded_in
from glue_jobs.gold.forecast.model import MODEL, estimate, seed_of
from glue_jobs.gold.forecast.parameters import Parameters
from glue_jobs.gold.forecast.paths import INPUTS
from tapehouse.intervals import DAY_US, SECOND_US
from tapehouse.tables import ALL_EXCHANGES, GOLD_FORECAST

Market: TypeAlias = tuple[str, str]
_MARKET: Final = ["exchange", "symbol"]
_COLUMNS: Final = (*_MARKET, "window_start", "vwap", "close")
_BAND: Final = Decimal("1e-4")


@dataclass(frozen=True, slots=True)
class Due:
    """Forecasts that are to be made."""

    inputs: pa.Table
    """What the paths are made of: see ``paths.INPUTS``."""
    told: Mapping[Market, Mapping[str, Any]]
    """What else their rows in gold.forecast say."""


def due(
    workspace: Workspace, candles: TableState, forecasts: TableState, windows: pa.Table, parameters: Parameters
) -> Due:
    """What the markets of which there are new windows with trades (``windows``: exchange, symbol, window_start) get."""
    passed = unforecast(workspace, forecasts, _newest(windows, parameters.every_us))
    if not passed:
        return Due(INPUTS.empty_table(), {})
    newest_us = max(instant_us(each.high["window_start"]) for each in candles.files if "window_start" in each.high)
    # A market that did not trade for a whole window has nothing to say.
    from_us = newest_us // SECOND_US * SECOND_US - parameters.window_us - parameters.every_us
    rows = _rows(workspace, candles, parameters, ((symbol, from_us, newest_us + DAY_US) for _, symbol in passed))
    # The batch may be of long ago, or the candles be ahead of it.
    now = {market: at for market, at in _newest(rows, parameters.every_us).items() if market in passed}
    ahead = unforecast(workspace, forecasts, {market: at for market, at in now.items() if at != passed[market]})
    now = {market: at for market, at in now.items() if at == passed[market] or market in ahead}
    before = [(symbol, at - parameters.window_us, from_us) for (_, symbol), at in now.items()]
    earlier = _rows(workspace, candles, parameters, (each for each in before if each[1] < each[2]))
    return _estimated(pa.concat_tables([earlier, rows]), now, parameters)


def unforecast(workspace: Workspace, forecasts: TableState, passed: Mapping[Market, int]) -> dict[Market, int]:
    """Of the times (µs UTC) by market those that are behind the market's newest forecast."""
    left = dict(passed)
    for file in sorted(forecasts.files, key=lambda each: str(each.high.get("as_of", "~")), reverse=True):
        if not left or str(file.high.get("as_of", "~")) < instant_text(min(left.values())):
            break  # the newest file first: as a rule it says it of all
        held = workspace.rows(GOLD_FORECAST, [file], (*_MARKET, "as_of"))
        for market, at in _by_market(held, "as_of").items():
            if market in left and left[market] <= at:
                del left[market]
    return left


def _estimated(rows: pa.Table, now: Mapping[Market, int], parameters: Parameters) -> Due:
    length_us = parameters.interval.length_us
    rows = rows.sort_by([(name, "ascending") for name in (*_MARKET, "window_start")])
    starts = ints_of(rows.column("window_start"))
    vwaps = pc.cast(rows.column("vwap"), pa.float64()).to_numpy()
    names = list(zip(*(rows.column(name).to_pylist() for name in _MARKET), strict=True))
    edges = [0, *(np.flatnonzero([one != other for one, other in pairwise(names)]) + 1), len(names)]
    inputs, told = [], {}
    for first, end in pairwise(edges):
        market = names[first] if first < end else ("", "")
        if (as_of := now.get(market)) is None:
            continue
        low, high = first + np.searchsorted(starts[first:end], [as_of - parameters.window_us, as_of])
        found = estimate(starts[low:high] // length_us, vwaps[low:high])
        if found is None or found.returns < parameters.least_returns:
            continue
        seed = seed_of(market[0], market[1], as_of)
        row = {
            "exchange": market[0],
            "symbol": market[1],
            "mu": found.mu,
            "sigma": found.sigma,
            "last_price": rows.column("close")[int(high) - 1].as_py(),
            "paths": parameters.paths,
            "seed": seed,
            "band": Decimal(repr(parameters.band)).quantize(_BAND),
        }
        inputs.append({**row, "as_of_us": as_of, "steps": parameters.steps})
        told[market] = {
            **row,
            "interval": parameters.interval.name,
            "window_s": parameters.window_us // SECOND_US,
            "returns": found.returns,
            "return_deviation": found.return_deviation,
            "step_us": length_us,
            "model": MODEL,
        }
    return Due(pa.Table.from_pylist(inputs, schema=INPUTS), told)


def _rows(
    workspace: Workspace, candles: TableState, parameters: Parameters, spans: Iterable[tuple[str, int, int]]
) -> pa.Table:
    """The windows with trades of the venues' own markets in spans of symbols."""
    found = traded_in(workspace, candles, parameters.interval.name, Spans.of_micros(spans), _COLUMNS)
    return found.filter(pc.not_equal(found.column("exchange"), ALL_EXCHANGES))


def _newest(windows: pa.Table, every_us: int) -> dict[Market, int]:
    """The newest multiple of ``every_us`` (µs UTC) at or before each market's newest window."""
    return {market: at // every_us * every_us for market, at in _by_market(windows, "window_start").items()}


def _by_market(rows: pa.Table, name: str) -> dict[Market, int]:
    """The greatest instant of a column, µs UTC, by market."""
    at = rows.select([*_MARKET, name]).set_column(2, "at", rows.column(name).cast(pa.int64()))
    most = at.group_by(_MARKET).aggregate([("at", "max")])
    columns = (most.column(each).to_pylist() for each in (*_MARKET, "at_max"))
    return {(exchange, symbol): newest for exchange, symbol, newest in zip(*columns, strict=True)}
