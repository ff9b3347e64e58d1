"""What run-app displays while it works: a live page on a terminal, a log line a refresh elsewhere."""

import contextlib
import sys
import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from cli import results
from cli.market_view import MarketView
from tapehouse import logs
from tapehouse.logs import log_above

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from glue_jobs.engine import Step
    from glue_jobs.refresh import RefreshReport

log = logs.of(__name__)


class Display(Protocol):
    """Where run-app shows how it goes."""

    def __enter__(self) -> "Display": ...

    def __exit__(self, *_: object) -> None: ...

    def status(self, doing: str) -> None:
        """What is going on now."""

    def dashboards(self, address: str) -> None:
        """Where the dashboards are, as an address or in words; empty where there are none."""

    def step_done(self, step: "Step") -> None:
        """A step of a refresh ended; may be called from any thread."""

    def refreshed(self, report: "RefreshReport", markets: MarketView, *, total_rows: int, producers: str) -> None:
        """A refresh ended."""


class LogDisplay:
    """For pipes and files: a line where something happened."""

    def __init__(self) -> None:
        self._dashboards = ""

    def __enter__(self) -> "LogDisplay":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def status(self, doing: str) -> None:
        log.info("run_app", doing=doing)

    def dashboards(self, address: str) -> None:
        if address != self._dashboards:
            log.info("dashboards", address=address)
            self._dashboards = address

    def step_done(self, step: "Step") -> None:
        """The engine logs its steps itself."""

    def refreshed(self, report: "RefreshReport", markets: MarketView, *, total_rows: int, producers: str) -> None:
        lag = "none" if markets.lag_s is None else f"{markets.lag_s:.1f}"
        log.info(
            "refreshed",
            rows=report.rows,
            total_rows=total_rows,
            seconds=round(report.seconds, 2),
            lag_s=lag,
            markets=len(markets.candles.rows),
            producers=producers,
        )


class LiveDisplay:
    """For people: candles, what goes on, where the time went. Drawn on stderr; stdout keeps the summary alone."""

    def __init__(self, lake: str, logs: str, stop: threading.Event) -> None:
        from rich.console import Console
        from rich.live import Live

        self._lake, self._logs, self._stop = lake, logs, stop
        self._lock = threading.Lock()
        self._doing, self._dashboards = "starting", ""
        self._steps: list[Step] = []
        self._last_steps: Sequence[Step] = ()
        self._markets: MarketView | None = None
        self._line = ""
        self._drawing = contextlib.ExitStack()
        self._live = Live(
            console=Console(file=sys.stderr), get_renderable=self._page, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> "LiveDisplay":
        stderr = sys.stderr  # rich puts its own in this place
        self._drawing.enter_context(self._live)
        self._drawing.enter_context(log_above(stderr))
        return self

    def __exit__(self, *_: object) -> None:
        self._drawing.close()

    def status(self, doing: str) -> None:
        with self._lock:
            self._doing = doing

    def dashboards(self, address: str) -> None:
        with self._lock:
            self._dashboards = address

    def step_done(self, step: "Step") -> None:
        with self._lock:
            self._steps.append(step)
            self._doing = f"refreshing: {step.name} done"

    def refreshed(self, report: "RefreshReport", markets: MarketView, *, total_rows: int, producers: str) -> None:
        lag = "" if markets.lag_s is None else f"   newest trade {markets.lag_s:,.1f} s ago"
        with self._lock:
            self._last_steps, self._steps, self._markets = tuple(self._steps), [], markets
            self._line = (
                f"{total_rows:,} records in, {report.rows:,} by the last pass of {report.seconds:.1f} s{lag}   "
                f"producers {producers}"
            )

    def _page(self) -> "RenderableType":
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            title = Text.assemble(
                ("Tapehouse", "bold"), f"   dashboards {self._dashboards}" if self._dashboards else ""
            )
            parts: list[RenderableType] = [title, self._candles()]
            if self._line:
                parts.append(Text(self._line))
            slow = sorted(self._last_steps, key=lambda s: -s.seconds)[:5]
            if slow:
                parts.append(Text("   ".join(f"{s.name} {s.seconds:.1f} s" for s in slow), style="dim"))
            how = "ending: what runs is finished first" if self._stop.is_set() else "Ctrl-C drains and ends"
            parts.append(Text(f"{self._doing}   ({how})", style="cyan"))
            parts.append(Text(f"lake {self._lake}   logs {self._logs}", style="dim"))
            return Group(*parts)

    def _candles(self) -> "Table":
        from rich.table import Table

        table = Table(title="newest minute of each market (UTC)", title_justify="left", expand=False)
        if self._markets is None or not self._markets.candles.rows:
            table.add_column("no candles yet: the first refresh takes the longest")
            return table
        for name in ("market", "minute", "open", "high", "low", "close", "volume", "trades", "complete"):
            table.add_column(name, justify="left" if name in ("market", "minute") else "right")
        for exchange, symbol, start, *numbers, trades, complete in self._markets.candles.rows:
            cells = [_short(number) for number in numbers]
            table.add_row(f"{exchange} {symbol}", f"{start:%H:%M}", *cells, f"{trades:,}", "yes" if complete else "no")
        return table


def _short(number: Decimal | None) -> str:
    """A decimal without the zeros of its scale."""
    text = results.text(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
