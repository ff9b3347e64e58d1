"""``tapehouse verify``: one market's candles against the venue's own."""

import argparse
import time

from cli.command import add_setting, load_settings, target
from cli.market_span import add_market_and_span, market_of, port_of, span_of
from tapehouse.errors import TerminalError
from tapehouse.intervals import BY_NAME


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_market_and_span(parser)
    parser.add_argument("--interval", choices=list(BY_NAME), default="1m", help="whose windows (default 1m)")
    parser.add_argument(
        "--feed", dest="by_feed", metavar="NAME", help="who asks the venue (default: the exchange's own feed)"
    )
    parser.add_argument("--rest-url", metavar="HTTP", help="another address for its candles, as the simulator's")
    for name in ("feed_limits", "athena_workgroup", "deployment"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    market = market_of(options)
    from_us, to_us = span_of(options, now_us=time.time_ns() // 1000)
    settings = load_settings(options, origin=None if options.rest_url else "live")
    here = target(settings)
    if not options.rest_url and here.lake.origin() not in (None, "live"):
        raise TerminalError(
            f"{here.lake.uri} holds {here.lake.origin()} trades, which are not the venue's: name whose by --rest-url."
        )
    here.activate()
    from producers.run import verify

    wanted = verify.Wanted(
        market=market,
        interval=options.interval,
        from_us=from_us,
        to_us=to_us,
        feed=options.by_feed,
        rest_url=options.rest_url,
    )
    verification = verify.Verification(wanted, port_of(settings, here), settings)
    for difference in verification.differences():
        print(verify.told(difference))
    for line in verify.summed_up(verification):
        print(line)
    if not verification.tally.compared:
        raise TerminalError("Nothing was compared: neither side has a candle there that can be.")
    return 0 if verification.tally.is_equal else 1
