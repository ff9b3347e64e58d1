"""``tapehouse produce``: one source into the stream, confirmed, until it ends or is told to stop.

``python -m producers`` is the same command in a container: see ``producers.__main__``.
"""

import argparse
import contextlib
import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tapehouse.cli.command import Place, add_setting, load_settings, place
from tapehouse.cli.produce_view import view
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

NAME = "produce"
HELP = (
    "Put one source's records into the stream, each confirmed; shows live how it goes, or tells it as JSON lines on "
    "stdout where that is no terminal. SIGTERM or Ctrl-C flushes first."
)
FILE, SYNTHETIC = "file", "synthetic"
RATES = ("duplicates", "late", "out_of_order", "malformed", "gaps")
OF_SYNTHETIC = ("rate", "count", "seed", *RATES, "late_s", "gap_trades", "truth")
OF_VENUES = ("url", "rest_url", "finite", "no_recovery", "no_marks")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("feed", "symbols", "metrics_every_s"):
        add_setting(parser, name)
    parser.add_argument("--path", metavar="X", help="file: records as JSON lines, gzip or plain; - is stdin")
    parser.add_argument("--origin", choices=("demo", "recorded", "live"), help="what the lake holds (default: by feed)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the final counts there, as JSON")
    venues = parser.add_argument_group("venues")
    venues.add_argument("--url", metavar="WS", help="another WebSocket address than the venue's, as the simulator's")
    venues.add_argument("--rest-url", metavar="HTTP", help="another address for its past trades; needed beside --url")
    venues.add_argument("--finite", action="store_true", help="its normal close is the end, not a drop")
    venues.add_argument("--no-recovery", action="store_true", help="tell holes, and do not fill them over REST")
    venues.add_argument("--no-marks", action="store_true", help="neither resume from nor keep the confirmed marks")
    for name in ("state_folder", "feed_limits"):
        add_setting(venues, name)  # type: ignore[arg-type]  # a group takes arguments as its parser does
    market = parser.add_argument_group("synthetic")
    market.add_argument("--rate", type=float, metavar="N", help="trades/s (default: as fast as it goes)")
    market.add_argument("--count", type=int, metavar="N", help="trades in all (default: no end)")
    add_setting(market, "seed")  # type: ignore[arg-type]
    for name in RATES:
        words = f"--{name.replace('_', '-')}"
        market.add_argument(words, type=float, metavar="SHARE", help=_RATE_HELP[name] + "; 0 to below 1 of the trades")
    market.add_argument("--late-s", type=float, metavar="S", help="how late the late ones are, in seconds (default 30)")
    market.add_argument("--gap-trades", type=float, metavar="N", help="trades of a hole in the mean (default 10)")
    market.add_argument("--truth", type=Path, metavar="FILE", help="write what was made, and what was spoiled, there")


_RATE_HELP = {
    "duplicates": "sent again",
    "late": "held back, while newer trades are sent",
    "out_of_order": "sent behind the next ones of their market",
    "malformed": "followed by bytes that are no record",
    "gaps": "beginning a hole that is told and never filled",
}


def run(options: argparse.Namespace) -> int:
    feed = load_settings(options).feed
    _refuse_words(options, feed)
    origin = options.origin or ("live" if _is_venue(feed) and not options.url else "demo")
    settings = load_settings(options, origin=origin)
    here = place(settings)
    here.activate(needs_stream=True)
    if feed == FILE and options.origin is None:
        origin = here.lake.origin() or origin
    here.lake.check_origin(origin)
    with contextlib.ExitStack() as held:
        source, symbols, marks = _source(options, settings, here, held)
        return _produce(options, settings, source, symbols, marks)


def _produce(options: argparse.Namespace, settings: Settings, source: Any, symbols: tuple[str, ...], marks: Any) -> int:
    from producers.heartbeat import Heartbeat
    from producers.produce import run as produce
    from producers.readout import Readout
    from producers.sink import SinkConfig

    readout = Readout(settings.feed, symbols)
    heart = Heartbeat(settings.heartbeat) if settings.heartbeat is not None else None
    reports: list[Any] = []
    with view(settings.metrics_every_s) as shown:

        def on_progress(now: Any) -> None:
            readout.take(now)
            shown.show(readout.numbers())
            if heart is not None:
                heart.beat(readout.numbers)

        status = produce(
            source,
            SinkConfig(stream=settings.stream_name),
            _client("kinesis", max_attempts=1, read_timeout_s=10),
            on_progress=on_progress,
            on_report=reports.append,
            marks=marks,
        )
        report = reports[0]
        last = {**readout.numbers(), "stopped": report.stopped, "seconds": round(report.elapsed_s, 3)}
        shown.end(last)
    if options.report is not None:
        _write(options.report, {**last, "sink": asdict(report.sink)})
    return status or (1 if report.sink.refused else 0)


def _client(service: str, **words: Any) -> Any:
    """Containers on AWS are told their region by ``AWS_REGION``, which boto3 does not read."""
    from tapehouse.aws import client

    return client(service, region=os.environ.get("AWS_REGION") or None, **words)


def _is_venue(feed: str) -> bool:
    return feed not in (FILE, SYNTHETIC)


def _refuse_words(options: argparse.Namespace, feed: str) -> None:
    """Words that mean nothing for this source. Raises TerminalError."""
    if not feed:
        raise TerminalError("Name a source: --feed coinbase (or kraken, synthetic, file, …), or FEED=coinbase.")
    if (options.path is None) == (feed == FILE):
        raise TerminalError("--feed file needs --path FILE (or - for stdin), and no other feed takes --path.")
    wrong = [name for name in OF_SYNTHETIC if getattr(options, name) is not None and feed != SYNTHETIC]
    wrong += [name for name in OF_VENUES if getattr(options, name) and not _is_venue(feed)]
    if wrong:
        raise TerminalError(f"--{wrong[0].replace('_', '-')} does not go with --feed {feed}.")


def _source(
    options: argparse.Namespace, settings: Settings, here: Place, held: contextlib.ExitStack
) -> tuple[Any, tuple[str, ...], Any]:
    """The source, its markets, and where its marks are kept; ``held`` is let go of at the end."""
    if settings.feed == FILE:
        from producers.file_source import FileSource

        return FileSource(options.path), (), None
    if settings.feed == SYNTHETIC:
        source = _synthetic(options, settings)
        return source, tuple(source.config.symbols), None
    from producers.venue import symbols_of, venue
    from producers.websocket import WebSocketSource

    secrets = lambda: _client("secretsmanager")  # noqa: E731 - called only where a key is stored there
    found = venue(settings.feed, settings, websocket_url=options.url, rest_url=options.rest_url, secrets=secrets)
    symbols = symbols_of(found, settings.symbols)
    marks = None if options.no_marks else _marks(here, held)
    source = WebSocketSource(
        found,
        symbols,
        finite=options.finite,
        marks=marks.load() if marks is not None else {},
        recovery=_recovery(options, found, held),
        on_begin=marks.begin if marks is not None else None,
    )
    return source, symbols, marks


def _synthetic(options: argparse.Namespace, settings: Settings) -> Any:
    from producers.synthetic import SyntheticConfig, SyntheticSource

    foreign = [symbol for symbol in settings.symbols if ":" in symbol]
    if foreign:
        raise TerminalError(f"{foreign[0]} names an exchange: the synthetic market has pairs alone, as BTC-USD.")
    config = SyntheticConfig(seed=settings.seed, rate_per_s=options.rate, count=options.count)
    given = {name: getattr(options, name) for name in (*RATES, "late_s", "gap_trades")}
    changes = {name: value for name, value in given.items() if value is not None}
    if settings.symbols:
        changes["symbols"] = settings.symbols
    return SyntheticSource(replace(config, truth_path=options.truth, **changes))


def _recovery(options: argparse.Namespace, found: Any, held: contextlib.ExitStack) -> Any:
    """Fills holes over REST. Beside another WebSocket address the venue's own past trades are another market's."""
    if options.no_recovery or (options.url and not options.rest_url):
        return None
    from producers.recovery import WAITS_S, RestRecovery
    from producers.rest import HttpFetch, Pages

    fetch = HttpFetch()
    held.callback(fetch.close)
    waits_s = WAITS_S[:2] if options.finite else WAITS_S  # the end of a recording waits for its holes
    return RestRecovery(found, pages=Pages(found, fetch=fetch), waits_s=waits_s)


def _marks(here: Place, held: contextlib.ExitStack) -> Any:
    """Where a venue's producer keeps through where it is confirmed. Raises TerminalError where that is nowhere."""
    from producers.state import MarkStore, StreamIdentity

    settings = here.settings
    folder = settings.state_folder or (here.lake.path / "_producers" if here.lake.is_local else None)
    if folder is None:
        raise TerminalError(
            f"{settings.feed} has no place to keep how far it is confirmed, since {here.lake.uri} is on S3: set "
            "TAPEHOUSE_STATE_FOLDER to a folder that outlives this run (in a container: a volume), or say --no-marks."
        )
    held.enter_context(_only_producer(folder, settings.feed))
    stream = StreamIdentity(settings.stream_name, _stream_created_us(settings.stream_name))
    return MarkStore(folder / f"{settings.feed}.json", stream)


def _stream_created_us(name: str) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = _client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    except (BotoCoreError, ClientError) as error:
        raise TerminalError(f"The stream {name} cannot be looked up: {error}") from error
    created: dt.datetime = found["StreamCreationTimestamp"]
    return round(created.timestamp() * 1_000_000)


@contextlib.contextmanager
def _only_producer(folder: Path, feed: str) -> Iterator[None]:
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
            raise TerminalError(
                f"Another producer of {feed} keeps its marks in {folder}: give this one a TAPEHOUSE_STATE_FOLDER of "
                "its own."
            ) from error
        yield


def _write(path: Path, body: dict[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(body) + "\n", encoding="utf-8")
    draft.replace(path)
