"""``tapehouse backfill``: holes of one market, filled by hand from the venue's past trades."""

import argparse
import contextlib
import datetime as dt
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from cli.command import Workspace, add_setting, load_settings, on_terminal, workspace
from cli.gap_lookup import GapLookup
from tapehouse.errors import TerminalError
from tapehouse.logs import log_above
from tapehouse.query.port import QueryPort
from tapehouse.record import Gap, id_number
from tapehouse.setting_types import NAME, SYMBOL
from tapehouse.settings import Settings


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
    add_setting(parser, "athena_workgroup")


def run(options: argparse.Namespace) -> int:
    exchange, symbol = _market(options)
    span_us = _span_us(options, now_us=time.time_ns() // 1000)
    settings = load_settings(options, origin=None if options.rest_url else "live")
    here = workspace(settings)
    here.activate(needs_stream=True)
    here.lake.check_origin((here.lake.origin() or "demo") if options.rest_url else "live")
    lookup = GapLookup(_port(settings, here), exchange, symbol)
    with contextlib.ExitStack() as held:
        holes = _holes(options, settings, lookup, (exchange, symbol), span_us)
        outcomes = _fill(settings, holes, held) if holes else []
    for outcome in outcomes:
        gap, whole = outcome.hole.gap, outcome.left_open is None
        print(f"{'filled' if whole else 'open  '}  {gap.gap_id}: {outcome.trades:,} trades{_why(outcome.left_open)}")
    return 1 if any(outcome.left_open is not None for outcome in outcomes) else 0


def _why(left_open: str | None) -> str:
    return "" if left_open is None else f"; {left_open}"


def _port(settings: Settings, here: Workspace) -> QueryPort:
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        return AthenaPort(workgroup=settings.athena_workgroup)
    from tapehouse.query.duckdb_port import DuckdbPort

    return DuckdbPort(here.lake)


# -- what was asked for -----------------------------------------------------------------------------------------------


def _market(options: argparse.Namespace) -> tuple[str, str]:
    exchange, symbol = options.exchange.lower(), options.symbol.upper()
    if not re.fullmatch(NAME, exchange) or ":" in symbol or not re.fullmatch(SYMBOL, symbol):
        raise TerminalError(f"{options.exchange} {options.symbol} is no market: name it as kraken BTC-USD.")
    return exchange, symbol


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


# -- what is missing --------------------------------------------------------------------------------------------------


def _holes(
    options: argparse.Namespace,
    settings: Settings,
    lookup: GapLookup,
    market: tuple[str, str],
    span_us: tuple[int, int] | None,
) -> list[Any]:
    """The recorded gaps, or the span. Raises TerminalError where there is nothing to go by."""
    from producers.feeds import feed as feed_named
    from producers.recovery.backfill import Hole

    source = feed_named(options.by_feed).source if options.by_feed else None
    feeds = _feeds(options, settings)
    gaps = lookup.open_gaps(source=source, gap_id=options.gap, span_us=span_us)
    if options.rest_url and len({gap.source for gap in gaps}) > 1:
        raise TerminalError("--rest-url is one feed's, and the gaps are of several: say which by --feed.")
    if gaps:
        return [Hole(gap=gap, feed=feeds(gap.source), recorded=True) for gap in gaps]
    if options.gap or span_us is None:
        raise TerminalError(f"{options.gap} is no open gap of {' '.join(market)}: see silver.gaps.")
    source = source or market[0]
    feed = feeds(source)
    if feed is None:
        raise TerminalError(f"No gap is recorded there, and no feed reads {source}: name one by --feed.")
    span = _span(lookup, market, feed, span_us)
    if span is None:
        print("Nothing is missing: the trades beside the span follow on each other.")
        return []
    return [Hole(gap=span, feed=feed, recorded=False)]


def _feeds(options: argparse.Namespace, settings: Settings) -> Callable[[str], Any]:
    """The feed that reads a source, with the settings' limits, address and key."""
    from producers.feeds import name_of_source
    from producers.run.venue import venue

    def found(source: str) -> Any:
        name = name_of_source(source)
        if name is None:
            return None
        return venue(name, settings, rest_url=options.rest_url, secrets=lambda: _client("secretsmanager"))

    return found


def _span(lookup: GapLookup, market: tuple[str, str], feed: Any, span_us: tuple[int, int]) -> Gap | None:
    """The span as a gap that no record names; None where nothing can be missing in it.

    A venue that pages by id is asked for what lies between the trades that silver has on both sides.
    """
    (exchange, symbol), (from_us, to_us) = market, span_us
    from_id = to_id = None
    if feed.traits.paging in ("up", "down"):
        below, above = lookup.before(feed.source, from_us), lookup.after(feed.source, to_us)
        if below is None or above is None:
            side = "before --from" if below is None else "after --to"
            raise TerminalError(
                f"{feed.name} is asked by trade id, and silver.trades has no trade of {exchange} {symbol} by "
                f"{feed.source} {side}: widen the span to known trades, or fill a recorded gap."
            )
        first, last = id_number(below.trade_id) + 1, id_number(above.trade_id) - 1
        if first > last:
            return None
        mark = "a:" if above.trade_id.startswith("a:") else ""
        from_id, to_id = f"{mark}{first}", f"{mark}{last}"
        from_us, to_us = below.event_time_us, above.event_time_us
    return Gap(
        exchange=exchange,
        symbol=symbol,
        source=feed.source,
        gap_id=f"{feed.source}:{exchange}:{symbol}:t{from_us}-{to_us}",
        from_id=from_id,
        to_id=to_id,
        from_us=from_us,
        to_us=to_us,
        reason="by hand",
        received_time_us=time.time_ns() // 1000,
    )


# -- filling it -------------------------------------------------------------------------------------------------------


def _client(service: str, **words: Any) -> Any:
    from tapehouse.aws import client

    return client(service, region=os.environ.get("AWS_REGION") or None, **words)


def _fill(settings: Settings, holes: list[Any], held: contextlib.ExitStack) -> list[Any]:
    """Reads them back into the stream, all confirmed; what became of each."""
    from producers.recovery import Backfill, HttpFetch, Pages, RestRecovery
    from producers.recovery.backfill import WAITS_S
    from producers.run.runner import run as produce
    from producers.sink import SinkConfig

    def recovery(feed: Any, note: Any) -> Any:
        fetch = HttpFetch()
        held.callback(fetch.close)
        return RestRecovery(feed, pages=Pages(feed, fetch=fetch), waits_s=WAITS_S, on_left_open=note)

    source = Backfill(holes, recovery)
    with _bar(source) as on_progress:
        produce(
            source,
            SinkConfig(stream=settings.stream_name),
            _client("kinesis", max_attempts=1, read_timeout_s=10),
            on_progress=on_progress,
        )
    return source.outcomes


@contextlib.contextmanager
def _bar(source: Any) -> Iterator[Callable[[Any], None] | None]:
    """A bar a hole on a terminal; nothing elsewhere."""
    if not on_terminal():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    stderr = sys.stderr
    with Progress(*columns, console=Console(file=stderr), transient=True) as bar, log_above(stderr):
        tasks = [bar.add_task(each.hole.gap.gap_id, total=each.hole.trades) for each in source.outcomes]

        def on_progress(_: Any) -> None:
            for task, outcome in zip(tasks, source.outcomes, strict=True):
                bar.update(task, completed=outcome.trades)

        yield on_progress
