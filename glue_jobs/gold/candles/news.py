"""What a batch of silver says is new, and which time gold must compute anew because of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, DataFile, Workspace, instant_us
from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.known import COVERAGE_COLUMNS, GAP_COLUMNS, Known, extents
from glue_jobs.gold.candles.ledger import Ledger
from glue_jobs.gold.candles.sources import Counted, SourceChoice
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.todo import Work, weeks
from glue_jobs.gold.candles.trades import of_sources
from tapehouse.market import Market
from tapehouse.tables import SILVER_COVERAGE, SILVER_GAPS, SILVER_TRADES, Table

_TOUCHED: Final = ("exchange", "symbol", "source", "event_time_us")


@dataclass(frozen=True, slots=True)
class News:
    """What a batch leads to."""

    work: Work
    arrived_through_us: int | None
    """Coverage of arrivals up to here counts now; None: all of it does."""
    counted: Mapping[Market, Counted]
    """What counts of markets that are new, or of which another source counted."""


def news_of(workspace: Workspace, batch: Batch, ledger: Ledger, known: Known, choice: SourceChoice) -> News:
    """Take the batch into ``known``; what has to be computed anew because of it."""
    lives, was_us, before = known.lifetimes(), known.newest_us, dict(known.markets)
    trades = _rows(workspace, batch, ledger, SILVER_TRADES, _TOUCHED)
    if (floor_us := workspace.state(SILVER_TRADES).floor_us) is not None:
        # Of the others that were there, none may be any more: no candle is made of what comes so late.
        trades = trades.filter(pc.greater_equal(trades.column("event_time_us"), floor_us))
    known.count(choice.choose(before, extents(trades, "event_time_us", "event_time_us")))
    chosen = {
        market: counted
        for market, counted in known.markets.items()
        if market not in before or before[market].source != counted.source
    }
    through_us = counts_through(workspace, batch, ledger)
    coverage = _rows(workspace, batch, ledger, SILVER_COVERAGE, COVERAGE_COLUMNS)
    told = known.cover(coverage, through_us)
    here_us = here_through(_ahead(batch, SILVER_TRADES))
    told += known.tell(_rows(workspace, batch, ledger, SILVER_GAPS, GAP_COLUMNS), here_us)
    # A gap of a market that was not counted, or of which another source was, counts from now on, or no more.
    told += known.gaps_of(chosen)
    now_us = known.newest_us or 0
    judged = [(each.symbol, each.from_us, max(each.from_us, now_us) + 1 if each.to_us is None else each.to_us)
              for each in told]  # fmt: skip
    judged += [*known.grown(was_us), *known.asked_anew(lives)]
    work = Work(
        _seconds(of_sources(trades, known.sources)),
        Spans.of_micros(judged),
        _weeks_of(workspace, chosen.keys() & before.keys()),
    )
    return News(work, through_us, chosen)


def _ahead(batch: Batch, table: Table) -> list[DataFile] | None:
    """The files of an input that come after the batch; None where its log does not tell."""
    reached, state = batch.reached[table], batch.workspace.state(table)
    if reached.after is not None:
        return [each for each in state.files if (each.modified_ms, each.path) > reached.after]
    if reached.version >= state.version or reached.version < 0:
        return []
    commits = batch.workspace.log(table).commits(reached.version, state.version)
    if commits is None:
        return None
    files = [each for commit in commits for each in commit.added]
    return files[reached.files :]


def not_in_gold(workspace: Workspace, batch: Batch, ledger: Ledger, table: Table) -> list[DataFile]:
    """The files of an input that gold knows nothing of: the batch brings them, or a later one does."""
    through, state = ledger.through.get(table.name), workspace.state(table)
    told = [*batch.files(table), *(_ahead(batch, table) or ())]
    if through is None or through[0] != state.table_id:
        return told
    # A batch that began anew brings what is in gold, too.
    commits = workspace.log(table).commits(through[1], state.version)
    if commits is None:
        return [] if ledger.holds(batch, table) else told
    added = {each.path for commit in commits for each in commit.added}
    return [each for each in told if each.path in added]


def counts_through(workspace: Workspace, batch: Batch, ledger: Ledger) -> int | None:
    """Coverage of arrivals up to here counts: every trade that arrived until then is in gold with this batch.

    That is what silver says of the stream, and no more than what the trades of later batches leave.
    """
    coverage, reached = workspace.state(SILVER_COVERAGE), batch.reached[SILVER_COVERAGE]
    told = batch.metadata(SILVER_COVERAGE) or coverage.metadata or {}
    through = [int(told["arrived_through_us"])] if told.get("arrived_through_us") is not None else []
    # Of a state that is ahead of the batch what it says is not known to hold; where it is not, an earlier batch met it.
    is_known = batch.metadata(SILVER_COVERAGE) is not None or (
        reached.after is None and reached.version >= coverage.version
    )
    if not is_known and through and ledger.arrived_through_us is not None:
        through = [ledger.arrived_through_us]
    # It goes back only with silver's own mark, which does when another stream is read.
    least_us = min([ledger.arrived_through_us or 0, *through])
    here_us = here_through(_ahead(batch, SILVER_TRADES))
    if here_us is not None:
        through.append(here_us)
    if not through:
        return None
    return max(min(through), least_us)


def here_through(left: Collection[DataFile] | None) -> int | None:
    """Every trade that arrived until then is in no file that is left (None: nobody knows which are); None: none is."""
    if left is None:
        return 0
    return min(_first_arrival_us(each) for each in left) - 1 if left else None


def _first_arrival_us(file: DataFile) -> int:
    low = file.low.get("arrival_time")
    return instant_us(low) if isinstance(low, str) else 0


def _rows(workspace: Workspace, batch: Batch, ledger: Ledger, table: Table, columns: tuple[str, ...]) -> pa.Table:
    files = () if ledger.holds(batch, table) else batch.files(table)
    return workspace.rows(table, files, columns)


def _seconds(trades: pa.Table) -> Spans:
    """The seconds that trades fell into."""
    if not trades.num_rows:
        return Spans()
    codes, symbols = numbered(trades.column("symbol"))
    return Spans.of_instants(symbols, codes, trades.column("event_time_us").to_numpy())


def _weeks_of(workspace: Workspace, switched: Iterable[Market]) -> Spans:
    """The weeks in which any trade of these markets may be, by the log's statistics."""
    found = []
    symbols = {market.symbol for market in switched}
    for file in workspace.state(SILVER_TRADES).files if symbols else ():
        low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
        if low is None or high is None:
            continue
        found += [(symbol, low, high + 1) for symbol in symbols if file.may_hold("symbol", symbol, symbol)]
    return weeks(Spans.of_micros(found))
