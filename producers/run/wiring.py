"""A producer put together from its options and settings: its source, its marks, the sink, and who shows how it does."""

import argparse
import contextlib
import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from producers.feeds import Feed
from producers.files import FileSource
from producers.health import Heartbeat
from producers.recovery import HttpFetch, Pages, Recovery, RestRecovery
from producers.recovery.waits import LIVE_S, RECORDING_S
from producers.run import clients, runner
from producers.run.arguments import (
    FILE,
    SYNTHETIC,
    ProduceOptions,
    SyntheticOptions,
    VenueOptions,
    is_venue,
    options_of,
)
from producers.run.marks import MarkStore, StreamIdentity
from producers.run.readout import Readout
from producers.run.runner import Marks, Progress, Report
from producers.run.venue import symbols_of, venue
from producers.run.view import view
from producers.sink import SinkConfig
from producers.source import Source
from producers.synthetic import Chronicle, SyntheticConfig, SyntheticSource, chronicle_path
from producers.websocket import WebSocketSource
from tapehouse import aws, kinesis
from tapehouse.command import load_settings
from tapehouse.errors import TerminalError
from tapehouse.intervals import HOUR_US
from tapehouse.lake import Lake
from tapehouse.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What a producer is made of beside its sink."""

    source: Source
    symbols: tuple[str, ...]
    """Its markets, as the feed says them; none where the source decides."""
    marks: Marks | None
    """Where it keeps through where it is confirmed; a venue's producer does, and a synthetic market with a past."""
    ended: Callable[[], None] = lambda: None
    """To be called when all that the source gave is confirmed, in order to its end."""


def produce(parsed: argparse.Namespace, *, reach: Callable[[Settings], None]) -> int:
    """One source into the stream until it ends or is told to stop; the exit status.

    ``parsed``: what ``arguments.add_arguments`` and ``tapehouse.command.add_shared`` read. ``reach`` is called with the
    settings before anything is asked of AWS: it points the clients to the embedded services, or refuses.

    Raises:
        LakehouseError: to be shown in one sentence.
    """
    feed = load_settings(parsed).feed
    options = options_of(parsed, feed)
    origin = options.origin or ("live" if is_venue(feed) and not options.venue.url else "demo")
    settings = load_settings(parsed, origin=origin)
    lake = Lake(settings.lake)
    reach(settings)
    if feed == FILE and options.origin is None:
        origin = lake.origin() or origin
    lake.check_origin(origin)
    with contextlib.ExitStack() as held:
        return _run(options, settings, parts(options, settings, lake, held))


def _run(options: ProduceOptions, settings: Settings, made: Parts) -> int:
    readout = Readout(settings.feed, made.symbols, producer=settings.producer)
    heart = Heartbeat(settings.heartbeat) if settings.heartbeat is not None else None
    reports: list[Report] = []
    with view(settings.metrics_every_s) as shown:

        def on_progress(now: Progress) -> None:
            readout.take(now)
            shown.show(readout.numbers())
            if heart is not None:
                heart.beat(readout.numbers)

        status = runner.run(
            made.source,
            SinkConfig.sharing(settings.stream_name, settings.shard_share),
            clients.kinesis(),
            on_progress=on_progress,
            on_report=reports.append,
            marks=made.marks,
        )
        made.ended()
        report = reports[0]
        last = {**readout.numbers(), "stopped": report.stopped, "seconds": round(report.elapsed_s, 3)}
        shown.end(last)
    if options.report is not None:
        _write(options.report, {**last, "sink": asdict(report.sink)})
    return status or (1 if report.sink.refused else 0)


def parts(options: ProduceOptions, settings: Settings, lake: Lake, held: contextlib.ExitStack) -> Parts:
    """The source, its markets, and where its marks are kept; ``held`` is let go of at the end.

    Raises:
        LakehouseError: an unknown feed or market, a key that is missing, no place for the marks or the chronicle.
    """
    if options.path is not None:
        return Parts(FileSource(options.path), (), None)
    if settings.feed == SYNTHETIC:
        return _synthetic(options.synthetic, settings, lake, held)
    asked = options.venue
    found = venue(settings.feed, settings, websocket_url=asked.url, rest_url=asked.rest_url, secrets=clients.secrets)
    symbols = symbols_of(found, settings.symbols)
    marks = None if asked.no_marks else _marks(settings, lake, held)
    source = WebSocketSource(
        found,
        symbols,
        finite=asked.finite,
        marks=marks.load() if marks is not None else {},
        recovery=_recovery(asked, found, held),
        on_begin=marks.begin if marks is not None else None,
    )
    return Parts(source, symbols, marks)


def _synthetic(options: SyntheticOptions, settings: Settings, lake: Lake, held: contextlib.ExitStack) -> Parts:
    foreign = [symbol for symbol in settings.symbols if ":" in symbol]
    if foreign:
        raise TerminalError(f"{foreign[0]} names an exchange: the synthetic market has pairs alone, as BTC-USD.")
    if (options.start_us or 0) > time.time_ns() // 1000:
        raise TerminalError("--start lies ahead: the market begins now, or began before.")
    config = SyntheticConfig(
        seed=settings.seed,
        rate_per_s=options.rate,
        count=options.count,
        start_us=options.start_us,
        duplicates=options.duplicates,
        late=options.late,
        late_s=options.late_s,
        out_of_order=options.out_of_order,
        malformed=options.malformed,
        gaps=options.gaps,
        gap_trades=options.gap_trades,
        truth_path=options.truth,
    )
    config = replace(config, symbols=settings.symbols) if settings.symbols else config
    symbols = tuple(config.symbols)
    wanted = options.history_h is not None
    if not wanted and not (lake.is_local and chronicle_path(lake.path).exists()):
        return Parts(SyntheticSource(config), symbols, None)
    path = chronicle_path(lake.path)
    held.enter_context(_only_producer(path.parent, SYNTHETIC, instead="end that one first, or take another lake"))
    # Who wants no history tells none; but what he tells is written down, or the next who wants one would tell it again.
    chronicle = Chronicle(path, history_us=round(settings.history_h * HOUR_US) if wanted else 0)
    source = SyntheticSource(config, chronicle=chronicle)

    def ended() -> None:
        if source.end is not None:
            chronicle.close(source.end)

    return Parts(source, symbols, chronicle, ended)


def _recovery(options: VenueOptions, found: Feed, held: contextlib.ExitStack) -> Recovery | None:
    """Fills holes over REST. Beside another WebSocket address the venue's own past trades are another market's."""
    if options.no_recovery or (options.url and not options.rest_url):
        return None
    fetch = HttpFetch()
    held.callback(fetch.close)
    return RestRecovery(found, pages=Pages(found, fetch=fetch), waits_s=RECORDING_S if options.finite else LIVE_S)


def _marks(settings: Settings, lake: Lake, held: contextlib.ExitStack) -> MarkStore:
    """Where a venue's producer keeps through where it is confirmed. Raises TerminalError where that is nowhere."""
    folder = settings.state_folder or (lake.path / "_producers" if lake.is_local else None)
    if folder is None:
        raise TerminalError(
            f"{settings.feed} has no place to keep how far it is confirmed, since {lake.uri} is on S3: set "
            "TAPEHOUSE_STATE_FOLDER to a folder that outlives this run (in a container: a volume), or say --no-marks."
        )
    held.enter_context(_only_producer(folder, settings.feed))
    stream = StreamIdentity(settings.stream_name, _stream_created_us(settings.stream_name))
    return MarkStore(folder / f"{settings.feed}.json", stream)


def _stream_created_us(name: str) -> int:
    try:
        found = aws.client("kinesis", region=clients.region()).describe_stream_summary(StreamName=name)
    except kinesis.ERRORS as error:
        raise kinesis.judged(name, "DescribeStreamSummary", error) from error
    created: dt.datetime = found["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    return round(created.timestamp() * 1_000_000)


@contextlib.contextmanager
def _only_producer(
    folder: Path, feed: str, *, instead: str = "give this one a TAPEHOUSE_STATE_FOLDER of its own"
) -> Iterator[None]:
    """Two producers of one feed would overwrite each other's marks. The system lets go of a killed one's lock."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / f"{feed}.lock").open("a")
    except OSError as error:
        raise TerminalError(
            f"{folder} cannot keep the marks of {feed}: {error.strerror}. Set TAPEHOUSE_STATE_FOLDER to a folder that "
            "this user may write to."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TerminalError(f"Another producer of {feed} keeps its marks in {folder}: {instead}.") from error
        yield


def _write(path: Path, body: Mapping[str, object]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(body) + "\n", encoding="utf-8")
    draft.replace(path)
