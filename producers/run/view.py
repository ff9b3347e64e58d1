"""produce's face: a live page on a terminal, JSON lines on stdout elsewhere. The last line is the final report."""

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tapehouse import logs
from tapehouse.command import on_terminal
from tapehouse.logs import log_above

log = logs.of(__name__)

SUMMARY = ("feed", "read", "confirmed", "refused", "retried", "stopped", "seconds")


class View(Protocol):
    """Who shows how a producer does; see ``producers.run.readout`` for the numbers."""

    def __enter__(self) -> "View": ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, numbers: Mapping[str, Any]) -> None:
        """How it does now; called twice a second."""

    def end(self, numbers: Mapping[str, Any]) -> None:
        """How it ended."""


def view(every_s: float) -> View:
    """The page where somebody watches both stdout and stderr, else the lines."""
    return LiveView() if on_terminal() and sys.stdout.isatty() else JsonLines(every_s)


class JsonLines:
    """One JSON object a line on stdout, as whoever collects a container's output expects; the log is on stderr."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._shown_s = 0.0
        self._gone = False

    def __enter__(self) -> "JsonLines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, numbers: Mapping[str, Any]) -> None:
        if numbers["elapsed_s"] - self._shown_s >= self._every_s:
            self._shown_s = numbers["elapsed_s"]
            self._write(numbers)

    def end(self, numbers: Mapping[str, Any]) -> None:
        self._write({**numbers, "final": True})

    def _write(self, numbers: Mapping[str, Any]) -> None:
        """A reader that has gone ends no producer: the log says so, and no more lines are written."""
        if self._gone:
            return
        try:
            sys.stdout.write(json.dumps(numbers) + "\n")
            sys.stdout.flush()
        except OSError as error:
            self._gone = True
            log.warning("metrics_not_written", error=error)


class LiveView:
    """The page, drawn on stderr and gone at the end; stdout keeps one line of the counts."""

    def __init__(self) -> None:
        self._numbers: Mapping[str, Any] | None = None
        self._stderr = sys.stderr
        self._drawing = contextlib.ExitStack()
        self._live = Live(
            console=Console(file=sys.stderr), get_renderable=self.page, refresh_per_second=2, transient=True
        )

    def __enter__(self) -> "LiveView":
        self._drawing.enter_context(self._live)
        self._drawing.enter_context(log_above(self._stderr))
        return self

    def __exit__(self, *_: object) -> None:
        self._drawing.close()

    def show(self, numbers: Mapping[str, Any]) -> None:
        self._numbers = numbers

    def end(self, numbers: Mapping[str, Any]) -> None:
        self._drawing.close()
        sys.stdout.write(" ".join(f"{name}={numbers[name]}" for name in SUMMARY) + "\n")

    def page(self) -> Any:
        """What is drawn now."""
        n = self._numbers
        if n is None:
            return Text("starting")
        head = Text.assemble((n["feed"], "bold"), "  ", _markets(n["symbols"]), "  ", (_span(n["elapsed_s"]), "dim"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column()
        if "connected" in n:
            table.add_row("line", _connection(n))
            table.add_row(
                "heard",
                f"{n['messages']:,} messages, {_size(n['received_bytes'])}   {n['trades']:,} trades   "
                f"repeats {n['repeats']:,}   unreadable {n['unparsed']:,}",
            )
        lag = "none yet" if n["lag_s"] is None else f"{n['lag_s']:.2f} s"
        table.add_row("read", f"{n['read']:,} records")
        table.add_row("confirmed", f"{n['confirmed']:,}   {n['confirmed_per_s']:,.0f}/s   lag {lag}")
        table.add_row(
            "waiting", f"{n['waiting']:,} records, {_size(n['waiting_bytes'])}   the oldest for {n['oldest_s']:.1f} s"
        )
        table.add_row(
            "Kinesis",
            f"retried {n['retried']:,}   throttled {n['throttled']:,}   refused {n['refused']:,}   "
            f"{_size(n['sent_bytes'])} in {n['calls']:,} calls   {n['put_units']:,} PUT units   {n['shards']} shards",
        )
        if "connected" in n:
            table.add_row("holes", _holes(n))
        return Group(head, table, Text("Ctrl-C confirms what was read and ends", style="cyan"))


def _markets(symbols: list[str]) -> str:
    shown = ", ".join(symbols[:6])
    return f"{shown} and {len(symbols) - 6} more" if len(symbols) > 6 else shown


def _connection(n: Mapping[str, Any]) -> Any:
    wanted = len(n["symbols"]) - len(n["refused_symbols"])
    if not n["connected"]:
        state = (f"not connected for {n['unconnected_s']:.0f} s", "bold red")
    elif n["markets"] < wanted:
        state = (f"connected, {n['markets']} of {wanted} markets", "yellow")
    else:
        state = ("connected", "green")
    last = "no message yet" if n["last_message_s"] is None else f"last message {n['last_message_s']:.1f} s ago"
    counts = f"   reconnects {n['reconnects']:,}   switches {n['switches']:,}   {last}"
    if n["refused_symbols"]:
        counts += f"   refused {_markets(n['refused_symbols'])}"
    return Text.assemble(state, counts)


def _holes(n: Mapping[str, Any]) -> Any:
    opened = (f"open {n['open_gaps']:,}", "yellow" if n["open_gaps"] else "")
    return Text.assemble(f"told {n['gaps']:,}   ", opened, f"   filled {n['filled']:,} trades")


def _span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _size(count: int) -> str:
    size, units = float(count), iter(("bytes", "KB", "MB", "GB"))
    unit = next(units)
    while size >= 1000 and unit != "GB":
        size, unit = size / 1000, next(units)
    return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
