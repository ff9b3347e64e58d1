"""The daily news Lambda, as AWS calls it.

Variables: ``TAPEHOUSE_LANDING``; ``TAPEHOUSE_NEWS_SOURCES`` (coindesk,cointelegraph), ``TAPEHOUSE_NEWS_SYMBOLS``
(BTC,ETH,SOL,XRP,DOGE), ``ALPHAVANTAGE_KEY`` or ``ALPHAVANTAGE_SECRET``, ``FINNHUB_TOKEN`` or ``FINNHUB_SECRET``,
``TAPEHOUSE_ALPHAVANTAGE_EVERY_H`` (6: hours between two rounds of its calls for a day that is not over; 0 with a key of
more calls), ``TAPEHOUSE_SOURCE_URLS``.
"""

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdas.batch import Batch
from lambdas.deadline import Deadline, Timely
from lambdas.http import Http
from lambdas.news.alphavantage import EVERY_H, AlphaVantage
from lambdas.news.finnhub import Finnhub
from lambdas.news.rss import Rss
from lambdas.source import Source
from lambdas.variables import Variables, secrets_manager
from tapehouse import logs
from tapehouse.keys import SecretsClient

ADDRESSES: Final = {AlphaVantage.NAME: AlphaVantage.ADDRESS, Finnhub.NAME: Finnhub.ADDRESS, **Rss.ADDRESSES}
SYMBOLS: Final = ("BTC", "ETH", "SOL", "XRP", "DOGE")


def handler(event: Any, context: object) -> dict[str, Any]:
    """What became of each source. Raises EventError, SettingsError, and BatchFailedError once all were asked."""
    return _warm()(event, context)


def news(
    environ: Mapping[str, str],
    *,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    secrets: Callable[[], SecretsClient] = secrets_manager,
) -> Batch:
    """The batch that the variables describe. Raises SettingsError."""
    variables = Variables(environ, secrets=secrets)
    landing = variables.landing()
    chosen = variables.names("TAPEHOUSE_NEWS_SOURCES", tuple(Rss.ADDRESSES), known=tuple(ADDRESSES))
    symbols = variables.names("TAPEHOUSE_NEWS_SYMBOLS", SYMBOLS)
    every_h = variables.hours("TAPEHOUSE_ALPHAVANTAGE_EVERY_H", EVERY_H)
    at = variables.addresses(ADDRESSES)
    variables.check()
    deadline = Deadline(monotonic=monotonic, sleep=sleep)
    http = Timely(Http(clock=clock, sleep=sleep, monotonic=monotonic), deadline)
    sources: dict[str, Source] = {
        name: Rss(name=name, address=at[name], http=http, landing=landing, clock=clock) for name in Rss.ADDRESSES
    }
    sources[AlphaVantage.NAME] = AlphaVantage(
        http=http,
        key=variables.key("ALPHAVANTAGE_KEY", "ALPHAVANTAGE_SECRET"),
        symbols=symbols,
        landing=landing,
        clock=clock,
        address=at[AlphaVantage.NAME],
        every_h=every_h,
        sleep=deadline.sleep,
    )
    sources[Finnhub.NAME] = Finnhub(
        http=http,
        token=variables.key("FINNHUB_TOKEN", "FINNHUB_SECRET"),
        landing=landing,
        clock=clock,
        address=at[Finnhub.NAME],
    )
    return Batch({name: sources[name] for name in chosen}, landing=landing, clock=clock, deadline=deadline)


@functools.cache
def _warm() -> Batch:
    """Kept between calls of one container; keys are read anew at each, since they may have been changed."""
    logs.set_up()
    return news(os.environ, clock=lambda: time.time_ns() // 1_000)
