"""The words of a producer's command line: of ``tapehouse produce`` and of ``python -m producers``."""

import argparse
from pathlib import Path

from tapehouse.command import add_setting
from tapehouse.errors import TerminalError

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
        add_setting(venues, name)
    market = parser.add_argument_group("synthetic")
    market.add_argument("--rate", type=float, metavar="N", help="trades/s (default: as fast as it goes)")
    market.add_argument("--count", type=int, metavar="N", help="trades in all (default: no end)")
    add_setting(market, "seed")
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


def is_venue(feed: str) -> bool:
    return feed not in (FILE, SYNTHETIC)


def refuse_words(options: argparse.Namespace, feed: str) -> None:
    """Words that mean nothing for this source. Raises TerminalError."""
    if not feed:
        raise TerminalError("Name a source: --feed coinbase (or kraken, synthetic, file, …), or FEED=coinbase.")
    if (options.path is None) == (feed == FILE):
        raise TerminalError("--feed file needs --path FILE (or - for stdin), and no other feed takes --path.")
    wrong = [name for name in OF_SYNTHETIC if getattr(options, name) is not None and feed != SYNTHETIC]
    wrong += [name for name in OF_VENUES if getattr(options, name) and not is_venue(feed)]
    if wrong:
        raise TerminalError(f"--{wrong[0].replace('_', '-')} does not go with --feed {feed}.")
