"""``tapehouse backfill``: gaps of one market, filled by hand from the venue's past trades."""

import argparse
import contextlib
import datetime as dt
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cli.command import Target, add_setting, load_settings, on_terminal, target
from tapehouse.errors import TerminalError
from tapehouse.logs import log_above
from tapehouse.market import Market
from tapehouse.query.port import QueryPort
from tapehouse.setting_types import NAME, SYMBOL
from tapehouse.settings import Settings

if TYPE_CHECKING:
    from producers.recovery import Backfill
    from producers.run import runner
    from producers.run.backfill import OnProgress


TASK_CHARACTERS: Final = 6_000
"""ECS takes 8,192 characters of what is to differ from a task's definition, quotes escaped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", metavar="EXCHANGE", help="the venue, as kraken")
    parser.add_argument("symbol", metavar="SYMBOL", help="the market, as BTC-USD")
    parser.add_argument("--from", dest="since", metavar="TIME", help="ISO 8601; UTC where it names no zone")
    parser.add_argument("--to", dest="until", metavar="TIME", help="ISO 8601; UTC where it names no zone; in the past")
    parser.add_argument("--gap", metavar="ID", help="this gap alone, by its gap_id in silver.gaps")
    parser.add_argument(
        "--feed",
        dest="by_feed",
        metavar="NAME",
        help="whose gaps, and who fills them: coinbase-advanced, binance-agg, … (default: every feed's gaps; a span "
        "without any by the feed named as the exchange)",
    )
    parser.add_argument("--rest-url", metavar="HTTP", help="another address for the past trades, as the simulator's")
    add_setting(parser, "feed_limits")
    add_setting(parser, "shard_share")
    for name in ("athena_workgroup", "deployment"):
        add_setting(parser, name)
    parser.add_argument("--here", action="store_true", help="with TARGET=aws: from this machine, not by a task there")


def run(options: argparse.Namespace) -> int:
    market = _market(options)
    span_us = _span_us(options, now_us=time.time_ns() // 1000)
    settings = load_settings(options, origin=None if options.rest_url else "live")
    here = target(settings)
    here.activate(needs_stream=True)
    here.lake.check_origin((here.lake.origin() or "demo") if options.rest_url else "live")
    from producers.run import backfill

    wanted = backfill.Wanted(
        market=market, span_us=span_us, gap_id=options.gap, feed=options.by_feed, rest_url=options.rest_url
    )
    gaps = backfill.requested_gaps(wanted, _port(settings, here), settings)
    if not gaps:
        print("Nothing is missing: the trades beside the span follow on each other.")
        return 0
    if settings.target == "aws" and not options.here:
        from cli.remote.producers import Producers

        return in_tasks([backfill.as_text(gap) for gap in gaps], Producers(settings).backfill)
    with backfill.source_of(gaps) as source, _bar(source) as on_progress:
        backfill.fill(source, settings, on_progress=on_progress)
    for line in backfill.told(source):
        print(line)
    return 0 if backfill.is_whole(source) else 1


def in_tasks(words: Sequence[str], run_task: Callable[[Sequence[str]], int]) -> int:
    """Fills the gaps in tasks on AWS, as many in one as its words may be long; 1 if any stayed open."""
    status = 0
    task: list[str] = []
    for word in words:
        if task and sum(len(part) for part in task) + len(word) > TASK_CHARACTERS:
            status, task = max(status, run_task(task)), []
        task += ["--gap", word]
    return max(status, run_task(task))


def _port(settings: Settings, here: Target) -> QueryPort:
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        return AthenaPort.of(settings)
    from tapehouse.query.duckdb_port import DuckdbPort

    return DuckdbPort(here.lake)


# -- what was asked for -----------------------------------------------------------------------------------------------


def _market(options: argparse.Namespace) -> Market:
    exchange, symbol = options.exchange.lower(), options.symbol.upper()
    if not re.fullmatch(NAME, exchange) or ":" in symbol or not re.fullmatch(SYMBOL, symbol):
        raise TerminalError(f"{options.exchange} {options.symbol} is no market: name it as kraken BTC-USD.")
    return Market(exchange, symbol)


def _span_us(options: argparse.Namespace, *, now_us: int) -> tuple[int, int] | None:
    """Raises TerminalError for a span that is none, or not over."""
    if options.since is None and options.until is None and options.gap:
        return None
    if options.since is None or options.until is None:
        raise TerminalError("Give --from and --to, or --gap.")
    from_us, to_us = _instant_us("--from", options.since), _instant_us("--to", options.until)
    if from_us >= to_us:
        raise TerminalError(f"--from {options.since} is not before --to {options.until}.")
    if to_us > now_us:
        raise TerminalError(f"--to {options.until} has not come yet: only what is over can be filled.")
    return from_us, to_us


def _instant_us(word: str, text: str) -> int:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise TerminalError(f"{word} {text!r} is no time: write 2026-11-23T08:00:00Z.") from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    return (found - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


# -- how it goes -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _bar(source: "Backfill") -> "Iterator[OnProgress | None]":
    """A bar a hole on a terminal; nothing elsewhere."""
    if not on_terminal():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    stderr = sys.stderr
    with Progress(*columns, console=Console(file=stderr), transient=True) as bar, log_above(stderr):
        tasks = [bar.add_task(each.requested.gap.gap_id, total=each.requested.trades) for each in source.outcomes]

        def on_progress(_: "runner.Progress") -> None:
            for task, outcome in zip(tasks, source.outcomes, strict=True):
                bar.update(task, completed=outcome.trades)

        yield on_progress
