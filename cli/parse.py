"""``tapehouse parse``: raw venue messages on stdin, records on stdout."""

import argparse
import sys
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "feed", metavar="FEED", help="whose messages they are, as kraken; another name is answered with all"
    )
    parser.add_argument("--rest", action="store_true", help="the input is REST pages of past trades")
    parser.add_argument("--symbol", help="with --rest: the pages' market, as BTC-USD or as the venue writes it")


def run(options: argparse.Namespace) -> int:
    from producers.feeds import Counts, parse_lines, reading

    what, counts = reading(options.feed, rest=options.rest, symbol=options.symbol), Counts()
    for record in parse_lines(what, sys.stdin.buffer, clock=lambda: time.time_ns() // 1000, counts=counts):
        sys.stdout.buffer.write(record + b"\n")
    sys.stdout.buffer.flush()
    ignored = " ".join(f"ignored.{name}={n}" for name, n in sorted(counts.ignored.items()))
    print(
        f"messages={counts.messages} trades={counts.trades} replayed={counts.replayed} unparsed={counts.unparsed} "
        f"acknowledged={counts.acknowledged} refused={counts.refusals} {ignored}".rstrip(),
        file=sys.stderr,
    )
    for refusal in counts.refused:
        print(f"the venue said: {refusal}", file=sys.stderr)
    return 0
