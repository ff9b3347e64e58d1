"""``tapehouse backfill``: gaps of one market, filled by hand from the venue's past trades."""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cli.command import add_setting, load_settings, on_terminal, target
from cli.market_span import add_market_and_span, market_of, port_of, span_of
from tapehouse.logs import log_above

if TYPE_CHECKING:
    from producers.recovery import Backfill
    from producers.run import runner
    from producers.run.backfill import OnProgress


TASK_CHARACTERS: Final = 6_000
"""ECS takes 8,192 characters of what is to differ from a task's definition, quotes escaped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_market_and_span(parser)
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
    market = market_of(options)
    span_us = None if _is_gap_alone(options) else span_of(options, now_us=time.time_ns() // 1000, others=", or --gap")
    settings = load_settings(options, origin=None if options.rest_url else "live")
    here = target(settings)
    here.activate(needs_stream=True)
    here.lake.check_origin((here.lake.origin() or "demo") if options.rest_url else "live")
    from producers.run import backfill

    wanted = backfill.Wanted(
        market=market, span_us=span_us, gap_id=options.gap, feed=options.by_feed, rest_url=options.rest_url
    )
    gaps = backfill.requested_gaps(wanted, port_of(settings, here), settings)
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


def _is_gap_alone(options: argparse.Namespace) -> bool:
    return options.since is None and options.until is None and bool(options.gap)


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
