"""The pipeline: every query of the lake, in the order of the data's way. A new kind of data is a line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from glue_jobs.bronze import LandingIntake, StreamClient, StreamIntake, Turn, TurnLimits
from glue_jobs.engine import Query, tables_of
from glue_jobs.gold import (
    bars,
    candles,
    data_quality,
    exchange_activity,
    forecast,
    manifest,
    market_summary,
    news,
    portfolio,
)
from glue_jobs.silver import stories, trades
from tapehouse.bars import BarSizes
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings
from tapehouse.tables import BRONZE_DOCUMENTS, BRONZE_TRADES, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the settings, and the tests, say to the queries."""

    stream_name: str = "trades"
    client: StreamClient | None = None
    """Kinesis; None makes a client when it is needed."""
    limits: TurnLimits | None = None
    gold_sources: Mapping[str, str] = field(default_factory=dict)
    """Exchange → the source that gold counts where a market has several."""
    gold_seconds_days: int = 0
    """Days that candles of less than a minute are kept; 0 is for ever."""
    bar_sizes: Mapping[str, Decimal] = field(default_factory=dict)
    """What counts in the place of the sizes of bars that ``tapehouse.bars`` declares."""
    portfolio: str = ""
    """The file of holdings, a path or s3://bucket/key; empty is the lake's own."""
    forecasts: forecast.Parameters = field(default_factory=forecast.Parameters)
    retention: Mapping[str, int] = field(default_factory=dict)
    """Table → days that its rows are kept; of others, for ever."""
    landing: str = ""
    """URI of what the Lambdas landed; empty is the lake's own."""
    on_turn: Callable[[Turn], None] = lambda turn: None

    @classmethod
    def of(cls, settings: Settings) -> "Options":
        """As the settings say."""
        return cls(
            stream_name=settings.stream_name,
            gold_sources=settings.gold_sources,
            gold_seconds_days=settings.gold_seconds_days,
            bar_sizes=settings.bar_sizes,
            portfolio=settings.portfolio,
            forecasts=forecast.Parameters.of(settings),
            retention=settings.retention,
            landing=settings.landing,
        )


def pipeline(options: Options | None = None) -> tuple[Query, ...]:
    """The queries. Which tables there are does not hang on the options.

    Raises:
        TerminalError: rows of a table are to be kept for fewer days than it needs, or of one that is kept for ever.
    """
    given = options or Options()
    queries = (
        Query(
            name="bronze",
            makes={BRONZE_TRADES: ()},
            is_spine=True,
            job=lambda workspace: StreamIntake(
                workspace, given.stream_name, client=given.client, limits=given.limits, on_turn=given.on_turn
            ),
        ),
        Query(
            name="silver",
            makes=trades.MAKES,
            is_partition=True,
            is_spine=True,
            limits=trades.LIMITS,
            job=trades.TradesJob,
        ),
        Query(
            name="gold",
            makes=candles.MAKES,
            is_spine=True,
            job=lambda workspace: candles.CandlesJob(
                workspace,
                choice=candles.SourceChoice(given.gold_sources),
                seconds_days=given.gold_seconds_days,
            ),
        ),
        # A day of minutes of each touched market is read, whatever came: every second that would be most of a core.
        Query(name="market_summary", makes=market_summary.MAKES, rests=2.0, job=market_summary.MarketSummaryJob),
        # Behind candles in the day's work, so that it never takes a core from them for long.
        Query(
            name="bars",
            makes=bars.MAKES,
            rests=2.0,
            job=lambda workspace: bars.BarsJob(
                workspace, choice=candles.SourceChoice(given.gold_sources), sizes=BarSizes(given.bar_sizes)
            ),
        ),
        Query(
            name="exchange_activity",
            makes=exchange_activity.MAKES,
            rests=2.0,
            job=lambda workspace: exchange_activity.ExchangeActivityJob(
                workspace, choice=candles.SourceChoice(given.gold_sources)
            ),
        ),
        Query(name="data_quality", makes=data_quality.MAKES, job=data_quality.DataQualityJob),
        # Each batch looks up what was seen of the running day of every touched market, however little came.
        Query(name="manifest", makes=manifest.MAKES, rests=20.0, job=manifest.ManifestJob),
        # The running hour's day is written again whatever came, so it may wait for more.
        Query(
            name="portfolio",
            makes=portfolio.MAKES,
            rests=2.0,
            job=lambda workspace: portfolio.PortfolioJob(workspace, given.portfolio),
        ),
        # Paths are drawn at times that markets pass together, and the day's forecasts are written again with what came.
        Query(
            name="forecast",
            makes=forecast.MAKES,
            rests=5.0,
            job=lambda workspace: forecast.ForecastJob(workspace, given.forecasts),
        ),
        Query(
            name="landing",
            makes={BRONZE_DOCUMENTS: ()},
            job=lambda workspace: LandingIntake(workspace, given.landing),
        ),
        Query(name="stories", makes=stories.MAKES, limits=stories.LIMITS, job=stories.StoriesJob),
        Query(name="news", makes=news.MAKES, rests=1.0, job=news.NewsJob),
        # The running day's candle changes with every trade.
        Query(name="sentiment_vs_price", makes=news.AGAINST_PRICE_MAKES, rests=20.0, job=news.AgainstPriceJob),
    )
    _refuse_retention(queries, given.retention)
    return tuple(replace(query, keeps_days=_kept(query, given.retention)) for query in queries)


def _refuse_retention(queries: Sequence[Query], retention: Mapping[str, int]) -> None:
    least = {name: table.least_retention_days for name, table in tables_of(queries).items()}
    may = {name: days for name, days in least.items() if days is not None}
    wrong = [f"{name}={days}" for name, days in retention.items() if name not in may or days < may[name]]
    if wrong:
        allowed = ", ".join(f"{name} ({days} days at least)" for name, days in may.items())
        raise TerminalError(
            f"retention: {', '.join(wrong)} cannot be: rows of these tables may be forgotten: {allowed}"
        )


def _kept(query: Query, retention: Mapping[str, int]) -> Mapping[Table, int]:
    return {table: retention[table.name] for table in query.writes if table.name in retention}
