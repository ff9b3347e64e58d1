"""The command line of a producer: of ``tapehouse produce`` and of ``python -m producers``. Light to import."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapehouse.command import add_setting, instant_us
from tapehouse.errors import TerminalError

FILE: Final = "file"
SYNTHETIC: Final = "synthetic"
RATES: Final = {
    "duplicates": "sent again",
    "late": "held back, while newer trades are sent",
    "out_of_order": "sent behind the next ones of their market",
    "malformed": "followed by bytes that are no record",
    "gaps": "beginning a hole that is told and never filled",
}
"""What may be done to the synthetic trades, each a share of them, with its help."""
_SPOILING: Final = (*RATES, "late_s", "gap_trades")
_OF_SYNTHETIC: Final = ("rate", "count", "start", "seed", *_SPOILING, "truth", "history_h")
_OF_VENUES: Final = ("url", "rest_url", "finite", "no_recovery", "no_marks")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOptions:
    """What goes with a venue alone."""

    url: str | None = None
    """Another WebSocket address than the venue's."""
    rest_url: str | None = None
    """Another address for its past trades."""
    finite: bool = False
    """Its normal close is the end, not a drop."""
    no_recovery: bool = False
    no_marks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticOptions:
    """What goes with the synthetic market alone."""

    rate: float | None = None
    """Trades a second; None: as fast as it goes."""
    count: int | None = None
    """Trades in all; None: no end."""
    start_us: int | None = None
    """Event time of the beginning, µs UTC; None: see ``SyntheticConfig``."""
    duplicates: float = 0.0
    late: float = 0.0
    late_s: float = 30.0
    out_of_order: float = 0.0
    malformed: float = 0.0
    gaps: float = 0.0
    gap_trades: float = 10.0
    truth: Path | None = None
    """Where what was made, and what was spoiled, is written."""
    history_h: float | None = None
    """Before the first trade, so many hours of the past that nothing was told of; None: as if there were no past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProduceOptions:
    """What a producer's command line says beside the settings."""

    path: str | None = None
    """The file to read; "-" is stdin; None for every other source."""
    origin: str | None = None
    """What the lake holds; None: what the feed suggests."""
    report: Path | None = None
    """Where the final counts are written."""
    venue: VenueOptions = VenueOptions()
    synthetic: SyntheticOptions = SyntheticOptions()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("feed", "symbols", "metrics_every_s", "shard_share"):
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
        add_setting(venues, name)
    market = parser.add_argument_group("synthetic")
    market.add_argument("--rate", type=float, metavar="N", help="trades/s (default: as fast as it goes)")
    market.add_argument("--count", type=int, metavar="N", help="trades in all (default: no end)")
    market.add_argument(
        "--start",
        metavar="TIME",
        help="when the market begins, ISO 8601; UTC where it names no zone (default: now; without --rate so long ago "
        "that all is due)",
    )
    add_setting(market, "seed")
    for name, done in RATES.items():
        market.add_argument(_flag(name), type=float, metavar="SHARE", help=f"{done}; 0 to below 1 of the trades")
    market.add_argument("--late-s", type=float, metavar="S", help="how late the late ones are, in seconds (default 30)")
    market.add_argument("--gap-trades", type=float, metavar="N", help="trades of a hole in the mean (default 10)")
    market.add_argument("--truth", type=Path, metavar="FILE", help="write what was made, and what was spoiled, there")
    market.add_argument(
        "--history-h",
        type=float,
        metavar="H",
        help="first tell the past: at most so many hours, and what was told is remembered beside the lake (default: "
        "no past)",
    )


def is_venue(feed: str) -> bool:
    return feed not in (FILE, SYNTHETIC)


def options_of(parsed: argparse.Namespace, feed: str) -> ProduceOptions:
    """What was parsed, for this feed. Raises TerminalError for what means nothing for it."""
    if not feed:
        raise TerminalError("Name a source: --feed coinbase (or kraken, synthetic, file, …), or FEED=coinbase.")
    if (parsed.path is None) == (feed == FILE):
        raise TerminalError("--feed file needs --path FILE (or - for stdin), and no other feed takes --path.")
    wrong = [name for name in _OF_SYNTHETIC if getattr(parsed, name) is not None and feed != SYNTHETIC]
    wrong += [name for name in _OF_VENUES if getattr(parsed, name) and not is_venue(feed)]
    if wrong:
        raise TerminalError(f"{_flag(wrong[0])} does not go with --feed {feed}.")
    return ProduceOptions(
        path=parsed.path,
        origin=parsed.origin,
        report=parsed.report,
        venue=VenueOptions(**{name: getattr(parsed, name) for name in _OF_VENUES}),
        synthetic=SyntheticOptions(
            rate=parsed.rate,
            count=parsed.count,
            start_us=None if parsed.start is None else instant_us("--start", parsed.start),
            truth=parsed.truth,
            history_h=parsed.history_h,
            **{name: value for name in _SPOILING if (value := getattr(parsed, name)) is not None},
        ),
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
