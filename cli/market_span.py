"""The words of commands about one market's time: which market, from when to when; and who answers questions on it."""

import argparse
import re

from cli.command import Target
from tapehouse.command import instant_us
from tapehouse.errors import TerminalError
from tapehouse.market import Market
from tapehouse.query.port import QueryPort
from tapehouse.setting_types import NAME, SYMBOL
from tapehouse.settings import Settings


def add_market_and_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", metavar="EXCHANGE", help="the venue, as kraken")
    parser.add_argument("symbol", metavar="SYMBOL", help="the market, as BTC-USD")
    parser.add_argument("--from", dest="since", metavar="TIME", help="ISO 8601; UTC where it names no zone")
    parser.add_argument("--to", dest="until", metavar="TIME", help="ISO 8601; UTC where it names no zone; in the past")


def market_of(options: argparse.Namespace) -> Market:
    """Raises TerminalError for words that name none."""
    exchange, symbol = options.exchange.lower(), options.symbol.upper()
    if not re.fullmatch(NAME, exchange) or ":" in symbol or not re.fullmatch(SYMBOL, symbol):
        raise TerminalError(f"{options.exchange} {options.symbol} is no market: name it as kraken BTC-USD.")
    return Market(exchange, symbol)


def span_of(options: argparse.Namespace, *, now_us: int, others: str = "") -> tuple[int, int]:
    """From, to, µs UTC. ``others``: the words that may stand for both. Raises TerminalError for what is not over."""
    if options.since is None or options.until is None:
        raise TerminalError(f"Give --from and --to{others}.")
    from_us, to_us = instant_us("--from", options.since), instant_us("--to", options.until)
    if from_us >= to_us:
        raise TerminalError(f"--from {options.since} is not before --to {options.until}.")
    if to_us > now_us:
        raise TerminalError(f"--to {options.until} has not come yet: only what is over can be used.")
    return from_us, to_us


def port_of(settings: Settings, here: Target) -> QueryPort:
    """The engine of the target."""
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        return AthenaPort.of(settings)
    from tapehouse.query.duckdb_port import DuckdbPort

    return DuckdbPort(here.lake)
