"""``tapehouse produce``: one source into the stream, confirmed, until it ends or is told to stop."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tapehouse.cli.command import Place, add_setting, load_settings, on_terminal, place
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

log = logging.getLogger(__name__)

NAME = "produce"
HELP = "Put one source's records into the stream, each confirmed. SIGTERM or Ctrl-C flushes first."
FILE, SYNTHETIC = "file", "synthetic"
DEFAULT_SYMBOLS = ("BTC-USD", "ETH-USD")
BINANCE_SYMBOLS = ("BTC-USDT", "ETH-USDT")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--feed", required=True, metavar="NAME", help="coinbase, kraken, …; synthetic; or file")
    parser.add_argument("--path", metavar="X", help="file: records as JSON lines, gzip or plain; - is stdin")
    parser.add_argument("--rate", type=float, metavar="N", help="synthetic: trades/s (default: as fast as it goes)")
    parser.add_argument("--count", type=int, metavar="N", help="synthetic: trades in all (default: no end)")
    parser.add_argument("--url", metavar="WS", help="a venue's: another address than its own, as the simulator's")
    parser.add_argument("--finite", action="store_true", help="a venue's: its normal close is the end, not a drop")
    parser.add_argument("--no-marks", action="store_true", help="neither resume from nor keep the confirmed marks")
    parser.add_argument("--origin", choices=("demo", "recorded", "live"), help="what the lake holds (default: by feed)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the final counts there, as JSON")
    for name in ("symbols", "seed"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    _refuse_words(options)
    origin = options.origin or ("live" if _is_venue(options) and not options.url else "demo")
    settings = load_settings(options, origin=origin)
    here = place(settings)
    here.activate(needs_stream=True)
    if options.feed == FILE and options.origin is None:
        origin = here.lake.origin() or origin
    here.lake.check_origin(origin)

    from producers.produce import run as produce
    from producers.sink import SinkConfig
    from tapehouse.aws import client

    kinesis = client("kinesis", max_attempts=1, read_timeout_s=10)
    marks = _marks(here, options, settings)
    reports: list[Any] = []
    with _progress(options.feed) as on_progress:
        status = produce(
            _source(options, settings, marks),
            SinkConfig(stream=settings.stream_name),
            kinesis,
            on_progress=on_progress,
            on_report=reports.append,
            marks=marks,
        )
    _tell(options, reports[0])
    return status or (1 if reports[0].sink.refused else 0)


def _is_venue(options: argparse.Namespace) -> bool:
    return options.feed not in (FILE, SYNTHETIC)


def _refuse_words(options: argparse.Namespace) -> None:
    """Words that mean nothing for this source. Raises TerminalError."""
    if (options.path is None) == (options.feed == FILE):
        raise TerminalError("--feed file needs --path FILE (or - for stdin), and no other feed takes --path.")
    wrong = [w for w in ("rate", "count", "seed") if getattr(options, w) is not None and options.feed != SYNTHETIC]
    wrong += [w for w in ("url", "finite") if getattr(options, w) and not _is_venue(options)]
    if wrong:
        raise TerminalError(f"--{wrong[0]} does not go with --feed {options.feed}.")


def _source(options: argparse.Namespace, settings: Settings, marks: Any) -> Any:
    if options.feed == FILE:
        from producers.file_source import FileSource

        return FileSource(options.path)
    if options.feed == SYNTHETIC:
        from producers.synthetic import SyntheticConfig, SyntheticSource

        config = SyntheticConfig(seed=settings.seed, rate_per_s=options.rate, count=options.count)
        return SyntheticSource(replace(config, symbols=settings.symbols) if settings.symbols else config)
    from producers.feeds import feed
    from producers.websocket import WebSocketSource

    venue = feed(options.feed)
    default = BINANCE_SYMBOLS if venue.exchange == "binance" else DEFAULT_SYMBOLS
    kept = marks.load() if marks is not None else {}
    return WebSocketSource(venue, settings.symbols or default, url=options.url, finite=options.finite, marks=kept)


def _marks(here: Place, options: argparse.Namespace, settings: Settings) -> Any:
    """Where a venue's producer keeps through where it is confirmed: only such a one can resume."""
    if options.no_marks or not _is_venue(options) or not here.lake.is_local:
        return None
    from producers.state import MarkStore, StreamIdentity
    from tapehouse.aws import client

    found = client("kinesis").describe_stream_summary(StreamName=settings.stream_name)["StreamDescriptionSummary"]
    created_us = round(found["StreamCreationTimestamp"].timestamp() * 1_000_000)
    path = here.lake.path / "_producers" / f"{options.feed}.json"
    return MarkStore(path, StreamIdentity(settings.stream_name, created_us))


def _tell(options: argparse.Namespace, report: Any) -> None:
    sink = report.sink
    counts = {
        "feed": options.feed,
        "read": report.read,
        "confirmed": sink.confirmed,
        "refused": sink.refused,
        "retried": sink.retried,
        "stopped": report.stopped,
        "seconds": round(report.elapsed_s, 3),
    }
    print(" ".join(f"{name}={value}" for name, value in counts.items()))
    if options.report is not None:
        draft = options.report.with_name(f"{options.report.name}.{os.getpid()}")
        draft.write_text(json.dumps({**counts, "sink": asdict(sink)}) + "\n", encoding="utf-8")
        draft.replace(options.report)


class _progress:  # noqa: N801 - used as a with-word
    """A progress line on a terminal, a log line every ten seconds elsewhere."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._bar: Any = None
        self._told_s = 0.0

    def __enter__(self) -> Callable[[Any], None]:
        if not on_terminal():
            return self._log
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self._bar.start()
        self._bar.add_task(self._feed, total=None)
        return self._draw

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _draw(self, now: Any) -> None:
        rate = now.sink.confirmed / now.elapsed_s if now.elapsed_s else 0.0
        text = f"{self._feed}: read {now.read:,}  confirmed {now.sink.confirmed:,}  {rate:,.0f}/s"
        self._bar.update(self._bar.task_ids[0], description=text)

    def _log(self, now: Any) -> None:
        if now.elapsed_s - self._told_s >= 10:
            self._told_s = now.elapsed_s
            sink = now.sink
            log.info(
                "producing feed=%s read=%d confirmed=%d waiting=%d", self._feed, now.read, sink.confirmed, sink.buffered
            )
