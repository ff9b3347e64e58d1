"""One market's gaps filled by hand: what is missing, by what the lake knows, and its way back into the stream."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

from producers.feeds import Feed, feed, name_of_source
from producers.recovery import Backfill, HttpFetch, Pages, RequestedGap, RestRecovery, waits
from producers.recovery.backfill import LeftOpen
from producers.run import clients
from producers.run.gap_lookup import GapLookup
from producers.run.runner import Progress, run
from producers.run.venue import venue
from producers.sink import SinkConfig
from tapehouse.errors import TerminalError
from tapehouse.market import Market
from tapehouse.query.port import QueryPort
from tapehouse.record import Gap, id_number
from tapehouse.settings import Settings

OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: the open gaps of a market, or what is missing in a span where none is recorded."""

    market: Market
    span_us: tuple[int, int] | None
    """None: ``gap_id`` alone says which."""
    gap_id: str | None = None
    feed: str | None = None
    """Whose gaps, and who fills them; None: every feed's, and the one that is named as the exchange."""
    rest_url: str | None = None
    """Another address for the past trades; one feed's."""


def requested_gaps(wanted: Wanted, port: QueryPort, settings: Settings) -> list[RequestedGap]:
    """The recorded gaps, or the span; empty where nothing can be missing in it.

    Raises TerminalError where there is nothing to go by.
    """
    lookup = GapLookup(port, *wanted.market)
    source = feed(wanted.feed).source if wanted.feed else None
    gaps = lookup.open_gaps(source=source, gap_id=wanted.gap_id, span_us=wanted.span_us)
    if wanted.rest_url and len({gap.source for gap in gaps}) > 1:
        raise TerminalError("--rest-url is one feed's, and the gaps are of several: say which by --feed.")
    if gaps:
        return [RequestedGap(gap=gap, feed=_feed(gap.source, wanted, settings), recorded=True) for gap in gaps]
    if wanted.gap_id or wanted.span_us is None:
        raise TerminalError(f"{wanted.gap_id} is no open gap of {wanted.market}: see silver.gaps.")
    source = source or wanted.market.exchange
    found = _feed(source, wanted, settings)
    if found is None:
        raise TerminalError(f"No gap is recorded there, and no feed reads {source}: name one by --feed.")
    span = _span(lookup, wanted.market, found, wanted.span_us)
    return [] if span is None else [RequestedGap(gap=span, feed=found, recorded=False)]


def _feed(source: str, wanted: Wanted, settings: Settings) -> Feed | None:
    """The feed that reads a source, with the settings' limits, address and key."""
    name = name_of_source(source)
    if name is None:
        return None
    return venue(name, settings, rest_url=wanted.rest_url, secrets=clients.secrets)


def _span(lookup: GapLookup, market: Market, by: Feed, span_us: tuple[int, int]) -> Gap | None:
    """The span as a gap that no record names; None where nothing can be missing in it.

    A venue that pages by id is asked for what lies between the trades that silver has on both sides.
    """
    from_us, to_us = span_us
    from_id = to_id = None
    if by.traits.paging in ("up", "down"):
        below, above = lookup.before(by.source, from_us), lookup.after(by.source, to_us)
        if below is None or above is None:
            side = "before --from" if below is None else "after --to"
            raise TerminalError(
                f"{by.name} is asked by trade id, and silver.trades has no trade of {market} by "
                f"{by.source} {side}: widen the span to known trades, or fill a recorded gap."
            )
        first, last = id_number(below.trade_id) + 1, id_number(above.trade_id) - 1
        if first > last:
            return None
        mark = "a:" if above.trade_id.startswith("a:") else ""
        from_id, to_id = f"{mark}{first}", f"{mark}{last}"
        from_us, to_us = below.event_time_us, above.event_time_us
    return Gap(
        exchange=market.exchange,
        symbol=market.symbol,
        source=by.source,
        gap_id=f"{by.source}:{market.exchange}:{market.symbol}:t{from_us}-{to_us}",
        from_id=from_id,
        to_id=to_id,
        from_us=from_us,
        to_us=to_us,
        reason="by hand",
        received_time_us=time.time_ns() // 1000,
    )


def as_text(requested: RequestedGap) -> str:
    """A gap as one word of a command: what another process needs to fill it, without asking the lake again."""
    name = None if requested.feed is None else requested.feed.name
    return json.dumps({"gap": asdict(requested.gap), "feed": name, "recorded": requested.recorded})


def of_text(text: str, settings: Settings) -> RequestedGap:
    """What ``as_text`` wrote. Raises TerminalError for anything else."""
    try:
        found = json.loads(text)
        gap, name, recorded = Gap(**found["gap"]), found["feed"], bool(found["recorded"])
    except (ValueError, KeyError, TypeError) as error:
        raise TerminalError(f"{text[:80]!r} is no gap as `tapehouse backfill` tells it to a task.") from error
    by = None if name is None else venue(name, settings, secrets=clients.secrets)
    return RequestedGap(gap=gap, feed=by, recorded=recorded)


def told(source: Backfill) -> Iterator[str]:
    """A line for what became of each gap."""
    for outcome in source.outcomes:
        left = outcome.left_open
        what, why = ("filled", "") if left is None else ("open  ", f"; {left}")
        yield f"{what}  {outcome.requested.gap.gap_id}: {outcome.trades:,} trades{why}"


def is_whole(source: Backfill) -> bool:
    """Whether no gap stayed open."""
    return all(outcome.left_open is None for outcome in source.outcomes)


@contextlib.contextmanager
def source_of(found: Sequence[RequestedGap]) -> Iterator[Backfill]:
    """What reads the gaps back; its ``outcomes`` say how far each one came."""
    with contextlib.ExitStack() as held:

        def recovery(each: Feed, on_left_open: LeftOpen) -> RestRecovery:
            fetch = HttpFetch()
            held.callback(fetch.close)
            pages = Pages(each, fetch=fetch)
            return RestRecovery(each, pages=pages, waits_s=waits.BY_HAND_S, on_left_open=on_left_open)

        yield Backfill(found, recovery)


def fill(source: Backfill, settings: Settings, *, on_progress: OnProgress | None = None) -> None:
    """Puts all that it reads back into the stream, each record confirmed."""
    run(
        source,
        SinkConfig.sharing(settings.stream_name, settings.shard_share),
        clients.kinesis(),
        on_progress=on_progress,
    )
