"""silver into gold.candles: exactly the windows that a batch touches are computed anew.

What a batch touches near the newest time is done at once. The rest (a backfill of months, a gap of weeks, a source that
changed) is noted in the same commit as left to do, and done piece by piece, newest first, a commit each: a refresh that
is killed goes on there, and fresh candles wait for one piece at most.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, DataFile, LostRaceError, TableState, Workspace, below, read_files
from glue_jobs.gold.candles.build import Build, extents_of, pieces_of, run_all
from glue_jobs.gold.candles.known import COVERAGE_COLUMNS, GAP_COLUMNS, Known
from glue_jobs.gold.candles.layout import Layout
from glue_jobs.gold.candles.ledger import Ledger
from glue_jobs.gold.candles.news import counts_through, here_through, news_of, not_in_gold
from glue_jobs.gold.candles.recompute import Outcome, Recompute
from glue_jobs.gold.candles.sources import SourceChoice, counted_in
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.todo import Work
from glue_jobs.gold.candles.trades import rows_within
from glue_jobs.gold.candles.wholeness import Span
from glue_jobs.gold.candles.zones import Zones
from tapehouse import logs
from tapehouse.intervals import DAY_US, SECOND_US, WEEK_US, floor_us
from tapehouse.tables import EVERYWHERE, GOLD_CANDLES, SILVER_COVERAGE, SILVER_GAPS, SILVER_TRADES, Table

log = logs.of(__name__)

# In the order in which silver commits them: coverage speaks for the trades and the gaps before it.
MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_CANDLES: (SILVER_TRADES, SILVER_GAPS, SILVER_COVERAGE)}
AT_ONCE_ROWS: Final = 300_000
"""Trades of silver that one batch may ask for; the rest of what it touches is left to do."""
PIECE_ROWS: Final = 120_000
"""Trades of one piece of what is left to do: about a second, which fresh trades may have to wait."""


class CandlesJob:
    """Writes gold.candles from silver."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        choice: SourceChoice = SourceChoice(),  # noqa: B008 - frozen
        seconds_days: int = 0,
    ) -> None:
        """``seconds_days``: days that candles of less than a minute are kept; 0 is for ever."""
        self._ws = workspace
        self._choice = choice
        self._seconds_days = seconds_days
        self._zones = Zones()
        self._layout = Layout(workspace, self._zones)
        self._known: tuple[tuple[str, int], Known] | None = None

    def prepare(self) -> None:
        """Make all candles where there are none yet: the table is new, or was made anew.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        base = self._ws.state(GOLD_CANDLES)
        if not base.files and not Ledger.of(base).through and self._ws.state(SILVER_TRADES).rows:
            self._build(base)

    def write(self, batch: Batch) -> None:
        """Bring gold up to date with what the batch says is new, or note it as left to do.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        base = self._ws.state(GOLD_CANDLES)
        ledger = Ledger.of(base)
        known = self._take_known(base, ledger, batch)
        with self._ws.steps.step("gold touched") as step:
            news = news_of(self._ws, batch, ledger, known, self._choice)
            step.rows = batch.rows
        work = news.work.since(self._ws.state(SILVER_TRADES).floor_us)
        anew = ledger.todo.anew | work.anew
        touched = Work(work.traded - anew, work.judged - anew)
        now, later = touched.newest(self._cost(known), AT_ONCE_ROWS)
        after = replace(
            ledger,
            todo=(ledger.todo | later | Work(anew=anew)).bounded(),
            arrived_through_us=news.arrived_through_us,
            counted={**ledger.counted, **news.counted},
            short_from_us=self._short_from(known, ledger),
            through=ledger.reaching(batch),
        )
        self._apply(base, now, ledger, after, known)

    def more(self) -> bool:
        """One piece of what is left to do, or one merge of files; False where there is neither."""
        base = self._ws.state(GOLD_CANDLES)
        ledger = Ledger.of(base)
        try:
            if ledger.todo:
                known = self._take_known(base, ledger, None)
                left = ledger.todo.since(self._ws.state(SILVER_TRADES).floor_us)
                now, later = left.newest(self._cost(known), PIECE_ROWS)
                log.info("candles_piece", spans=len(now.all), left=len(later.all))
                self._apply(base, now, ledger, replace(ledger, todo=later), known)
                return True
            return self._dropped(base, ledger) or self._merge(base)
        except LostRaceError as error:
            log.info("piece_lost_race", table=error.table, turn=error.turn)
            return True

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute the candles anew from silver, in one commit; those of windows of which silver keeps no longer all
        trades stay as they are.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        if GOLD_CANDLES in tables:
            self._build(self._ws.state(GOLD_CANDLES))

    def _build(self, base: TableState) -> None:
        """All candles, in the place of those that are there."""
        # Looked at in turn, the last one first: no coverage is newer than the trades that it speaks for.
        coverage, gaps, trades = (self._ws.state(table) for table in reversed(MAKES[GOLD_CANDLES]))
        through_us = (coverage.metadata or {}).get("arrived_through_us")
        known = Known()
        kept = below(self._ws, base, trades.floor_us, "window_start")
        with self._ws.steps.step("gold known"):
            there = counted_in(self._weeks(kept.files))
            known.count(self._choice.choose(there, extents_of(self._ws.spark, trades)))
            known.tell(self._ws.rows(SILVER_GAPS, gaps.files, GAP_COLUMNS), None)
            known.cover(read_files(coverage.uri, SILVER_COVERAGE, coverage.files, COVERAGE_COLUMNS), through_us)
        ledger = Ledger(
            arrived_through_us=through_us,
            short_from_us=self._short_from(known, Ledger()),
            through={each.table.name: (each.table_id, each.version) for each in (trades, coverage, gaps)},
        )
        with self._ws.steps.step("gold.candles") as step:
            add = [*kept.written, *self._built(base, trades, known, ledger.short_from_us)]
            step.rows = sum(each.rows or 0 for each in add)
            stay = {each.path for each in kept.stay}
            remove = [each for each in base.files if each.path not in stay]
            self._ws.commit(base, add=add, remove=remove, metadata=ledger.to_json())
        self._known = (base.table_id, base.turn + 1), known

    def _built(self, base: TableState, trades: TableState, known: Known, short_from_us: int | None) -> list[DataFile]:
        ends = [known.newest_us, *(counted.first_us for counted in known.markets.values())]
        ends += [end for gap in known.open_gaps() for end in gap[2:]]
        instants = [each for each in ends if each is not None]
        if not instants:
            return []
        from_us, to_us = floor_us(min(instants), WEEK_US), max(instants) + 1
        from_us = max(from_us, trades.floor_us or from_us)
        if from_us >= to_us:
            return []
        judgement = known.judgement(None, from_us - WEEK_US, to_us + WEEK_US, Spans())
        build = Build(trades.uri, base.uri, base.turn + 1, judgement, short_from_us, trades.floor_us)
        made = run_all(self._ws.spark, list(pieces_of(trades, from_us, to_us)), build.made, rows=trades.rows)
        longer = build.longer(pa.concat_tables([hours for _, hours in made]), from_us, to_us)
        return [*(file for files, _ in made for file in files), *longer]

    def _apply(self, base: TableState, work: Work, before: Ledger, after: Ledger, known: Known) -> None:
        """Compute work, and commit what came of it with what the ledger is then."""
        outcome, turn = Outcome.nothing(), base.turn
        if work:
            with self._ws.steps.step("gold computed") as step:
                outcome, after = self._computed(base, work, after, known)
                step.rows = outcome.changed.num_rows
        noted = (after.todo, after.counted, after.short_from_us) != (before.todo, before.counted, before.short_from_us)
        # What counts less from now on (another stream is read) has to be known to a new process.
        went_back = (after.arrived_through_us or 0) < (before.arrived_through_us or 0)
        if outcome or noted or went_back:
            with self._ws.steps.step("gold.candles") as step:
                rewrite = self._layout.put(base, outcome, known.newest_us)
                step.rows = sum(each.rows or 0 for each in rewrite.add)
                self._ws.commit(base, add=rewrite.add, remove=rewrite.remove, metadata=after.to_json())
            turn += 1
        self._known = (base.table_id, turn), known

    def _computed(self, base: TableState, work: Work, after: Ledger, known: Known) -> tuple[Outcome, Ledger]:
        computing = Recompute(self._ws, base, self._ws.state(SILVER_TRADES), self._zones, after.short_from_us)
        fresh = computing.seconds(work, known.sources)
        lives, was_us = known.lifetimes(), known.newest_us
        known.traded(fresh)
        # A piece may hold trades that are older than all that were known of a market.
        judged = Spans.of_micros([*known.asked_anew(lives), *known.grown(was_us)])
        after = replace(after, todo=(after.todo | Work(judged=judged)).bounded()) if judged else after
        symbols = None if work.all.is_everywhere else work.all.symbols
        first, last = (second * SECOND_US for second in work.all.ends() or (0, 0))
        judgement = known.judgement(symbols, first - WEEK_US, last + WEEK_US, after.todo.unsummed)
        return computing.run(work, fresh, judgement), after

    def _cost(self, known: Known) -> Callable[[Spans], int]:
        """About how many rows have to be looked at, or made without prices, for spans: one of each at least."""
        trades, gaps = self._ws.state(SILVER_TRADES), known.open_gaps()

        def cost(spans: Spans) -> int:
            return len(spans) + rows_within(trades, spans) + sum(_minutes(gap, spans) for gap in gaps)

        return cost

    def _take_known(self, base: TableState, ledger: Ledger, batch: Batch | None) -> Known:
        """What is known of markets as of ``base``, from the process's memory or the tables.

        It is taken: what a failure leaves half changed is not met again.
        """
        kept, self._known = self._known, None
        if kept is not None and kept[0] == (base.table_id, base.turn):
            return kept[1]
        with self._ws.steps.step("gold known"):
            known = Known()
            known.count(counted_in(self._weeks(base.files)))
            told = {market: each.joined(known.markets.get(market)) for market, each in ledger.counted.items()}
            known.count({**known.markets, **told})
            here_us = None if batch is None else here_through(not_in_gold(self._ws, batch, ledger, SILVER_TRADES))
            known.tell(self._ws.rows(SILVER_GAPS, self._old(SILVER_GAPS, ledger, batch), GAP_COLUMNS), here_us)
            files = self._old(SILVER_COVERAGE, ledger, batch)
            coverage = read_files(self._ws.uri(SILVER_COVERAGE), SILVER_COVERAGE, files, COVERAGE_COLUMNS)
            through_us = ledger.arrived_through_us
            if through_us is None and batch is not None:
                through_us = counts_through(self._ws, batch, ledger)
            known.cover(coverage, through_us)
        return known

    def _old(self, table: Table, ledger: Ledger, batch: Batch | None) -> list[DataFile]:
        """The files of an input, without those that the batch or a later one is to bring: they are news."""
        new = not_in_gold(self._ws, batch, ledger, table) if batch is not None else []
        paths = {each.path for each in new}
        return [each for each in self._ws.state(table).files if each.path not in paths]

    def _weeks(self, held: Sequence[DataFile]) -> pa.Table:
        names = ("exchange", "symbol", "source", "interval", "trade_count", "open_time_us", "close_time_us")
        files = [each for each in held if "1w" in self._zones.of(each).starts]
        rows = self._ws.rows(GOLD_CANDLES, files, names) if files else self._ws.rows(GOLD_CANDLES, (), names)
        return rows.filter(pc.equal(rows.column("interval"), "1w"))

    def _short_from(self, known: Known, ledger: Ledger) -> int | None:
        """The day from which on seconds are kept. It goes on with the newest trade, and never back."""
        if not self._seconds_days or known.newest_us is None:
            return ledger.short_from_us
        from_us = floor_us(known.newest_us, DAY_US) - self._seconds_days * DAY_US
        return max(from_us, ledger.short_from_us or from_us)

    def _dropped(self, base: TableState, ledger: Ledger) -> bool:
        """Drop rows that are no longer kept, of some files; False where there are none."""
        if ledger.short_from_us is None:
            return False
        rewrite = self._layout.drop(base, ledger.short_from_us)
        if rewrite is None:
            return False
        with self._ws.steps.step("gold.candles retention") as step:
            step.rows = sum(each.rows or 0 for each in rewrite.remove)
            self._ws.commit(base, add=rewrite.add, remove=rewrite.remove, metadata=ledger.to_json())
        if self._known is not None:
            self._known = (base.table_id, base.turn + 1), self._known[1]
        return True

    def _merge(self, base: TableState) -> bool:
        known = self._known[1] if self._known is not None else None
        with self._ws.steps.step("gold.candles merge") as step:
            rewrite = self._layout.merge(base, known.newest_us if known else None)
            if not rewrite:
                return False
            step.rows = sum(each.rows or 0 for each in rewrite.add)
            self._ws.commit(base, add=rewrite.add, remove=rewrite.remove, moves_only=True)
        return True


def _minutes(gap: Span, spans: Spans) -> int:
    """Of a gap that lie in the spans."""
    of = spans.seconds_of(gap.symbol)
    if gap.exchange == EVERYWHERE or not len(of):
        return 0
    until_s = int(of[-1, 1]) if gap.to_us is None else gap.to_us // SECOND_US
    inside = np.clip(of, min(gap.from_us // SECOND_US, until_s), until_s)
    return int((inside[:, 1] - inside[:, 0]).sum()) // 60
