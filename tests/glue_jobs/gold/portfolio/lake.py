"""A lake without Spark: candles put there by hand, and the portfolio's job driven over it batch by batch."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Workspace
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.engine.runner import until_won
from glue_jobs.gold.portfolio import PortfolioJob
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_CANDLES, GOLD_PORTFOLIO
from tests.glue_jobs.gold.portfolio import oracle
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

HOUR: Final = oracle.HOUR
DAY: Final = 24 * HOUR
T0: Final = 1_760_054_400_000_000
"""2025-10-10T00:00:00Z."""
VALUES: Final = ("units", "price", "trade_time_us", "age_h", "value", "cost", "realised", "unrealised",
                 "return_pct", "weight_pct", "quote")  # fmt: skip
Market = tuple[str, str]


def text(at_us: int) -> str:
    """An instant as a file has it."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")


class Clock:
    """Each look at the file is due."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 100.0
        return self.now


class HeldLake:
    """Candles by hand, and what the job makes of them."""

    def __init__(self, lake: Lake, *, piece_rows: int = 50_000, limits: BatchLimits | None = None) -> None:
        self.lake, self.piece_rows, self.limits = lake, piece_rows, limits or BatchLimits()
        self.workspace = without_spark(lake, [GOLD_CANDLES, GOLD_PORTFOLIO])
        self.file = Path(lake.uri) / "_portfolio" / "portfolio.yaml"
        self.holdings: list[dict[str, Any]] = []
        self.closes: dict[Market, dict[int, tuple[Decimal, int]]] = {}
        self._files: dict[str, set[tuple[str, str, int]]] = {}
        self.begin()

    def begin(self) -> None:
        """As a new process does: nothing is remembered."""
        tables = self.workspace._there
        self.workspace = Workspace(None, self.lake, self.workspace.steps)  # type: ignore[arg-type]
        self.workspace._there.update(tables)
        self.job = PortfolioJob(self.workspace, piece_rows=self.piece_rows, clock=Clock())
        self.follower = Follower(self.workspace, "portfolio", (GOLD_CANDLES,), self.limits)

    def hold(self, holdings: Sequence[dict[str, Any]]) -> None:
        """Write the file: JSON is YAML."""
        self.holdings = list(holdings)
        self.write(json.dumps({"holdings": self.holdings}))

    def write(self, content: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(content)

    def trade(self, closes: Mapping[tuple[str, str, int], str | None]) -> None:
        """(exchange, symbol, hour) → close; None takes the candle away. Files that hold such a candle are rewritten."""
        state = self.workspace.state(GOLD_CANDLES)
        touched = set(closes)
        out = [each for each in state.files if self._files[each.path] & touched]
        rows = [row for each in out for row in self.workspace.rows(GOLD_CANDLES, [each]).to_pylist()]
        kept = [row for row in rows if (row["exchange"], row["symbol"], _us(row["window_start"])) not in touched]
        for (exchange, symbol, hour), close in closes.items():
            of_market = self.closes.setdefault((exchange, symbol), {})
            of_market.pop(hour, None)
            if close is not None:
                at = hour + int(Decimal(close) * 7 % 3_600) * 1_000_000
                of_market[hour] = Decimal(close), at
                kept.append(_candle((exchange, symbol), "1h", hour, close, at))
        files = [self.workspace.stage(GOLD_CANDLES, rows_of(GOLD_CANDLES, kept))] if kept else []
        for each in files:
            self._files[each.path] = {(r["exchange"], r["symbol"], _us(r["window_start"])) for r in kept}
        self.workspace.commit(state, add=files, remove=out)

    def tick(self, hour: int) -> None:
        """A trade of a market that nobody holds: the lake goes on to this hour. Minutes are no hours."""
        state = self.workspace.state(GOLD_CANDLES)
        row = _candle(("kraken", "OTHER-USD"), "1m", hour + 60_000_000, "1", hour + 60_000_000)
        file = self.workspace.stage(GOLD_CANDLES, rows_of(GOLD_CANDLES, [row]))
        self._files[file.path] = set()
        self.workspace.commit(state, add=[file])

    def refresh(self, *, pieces: int | None = None) -> int:
        """A pass, or one with so many pieces of what is left; the pieces that were done."""
        until_won(self.job.prepare)
        while (batch := self.follower.next()) is not None:
            self.job.write(batch)
            self.follower.done(batch)
        done = 0
        while (pieces is None or done < pieces) and self.job.more():
            done += 1
        return done

    def found(self) -> dict[oracle.Key, dict[str, Any]]:
        state = self.workspace.state(GOLD_PORTFOLIO)
        rows = self.workspace.rows(GOLD_PORTFOLIO, state.files)
        found: dict[oracle.Key, dict[str, Any]] = {}
        for hour, row in zip(rows.column("hour").cast(pa.int64()).to_pylist(), rows.to_pylist(), strict=True):
            key = (row["portfolio"], row["exchange"], row["symbol"], hour)
            assert key not in found, f"twice: {key}"
            found[key] = {name: row[name] for name in VALUES}
        return found

    def wanted(self) -> dict[oracle.Key, dict[str, Any]]:
        rows = self.workspace.rows(GOLD_CANDLES, self.workspace.state(GOLD_CANDLES).files)
        newest = pc.max(rows.column("window_start").cast(pa.int64())).as_py()
        if newest is None:
            return {}
        return oracle.portfolio(self.holdings, self.closes, newest // HOUR * HOUR)

    def check(self) -> None:
        """gold.portfolio is what plain Python makes of the file and the closes."""
        found, wanted = self.found(), self.wanted()
        assert found.keys() == wanted.keys(), (sorted(found.keys() - wanted)[:3], sorted(wanted.keys() - found)[:3])
        for key, row in found.items():
            differs = {name: (row[name], wanted[key][name]) for name in VALUES if row[name] != wanted[key][name]}
            assert not differs, (key, differs)

    def version(self) -> int:
        return self.workspace.state(GOLD_PORTFOLIO).version

    def note(self) -> str | None:
        return (self.workspace.state(GOLD_PORTFOLIO).metadata or {}).get("note")


def _us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def _candle(market: Market, interval: str, at: int, close: str, time_us: int) -> dict[str, Any]:
    price = Decimal(close)
    sums = dict.fromkeys(("volume", "quote_volume", "buy_volume", "sell_volume"), Decimal(1))
    return {
        **dict.fromkeys(("open", "high", "low", "close", "vwap"), price),
        **sums,
        "exchange": market[0],
        "symbol": market[1],
        "interval": interval,
        "window_start": datetime.fromtimestamp(at // 1_000_000, UTC),
        "window_end": datetime.fromtimestamp(at // 1_000_000, UTC),
        "trade_count": 1,
        "complete": True,
        "open_time_us": time_us,
        "close_time_us": time_us,
    }
