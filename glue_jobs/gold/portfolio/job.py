"""gold.portfolio: holdings at the prices of gold.candles, hour by hour.

What holds: the rows are those that the file which the newest commit names comes to at the candles' prices, but for the
hours that the same commit says are left. A batch computes the hours from the earliest close that it changes on, of the
portfolios and quotes that hang on it: weights hang on all that is held in one quote. What is more than one piece is
left, and done newest first; a changed file leaves all.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from glue_jobs.engine import (
    Batch,
    DataFile,
    Rewrite,
    TableState,
    Workspace,
    instant_text,
    instant_us,
    schema_of,
    upsert,
)
from glue_jobs.engine.places import place
from glue_jobs.gold.portfolio.holdings import Holding, HoldingsError, holdings_of, markets_of
from glue_jobs.gold.portfolio.prices import Prices, newest_hour
from glue_jobs.gold.portfolio.said import FOLDER, NAME, Copies, Said, digest_of
from glue_jobs.gold.portfolio.valued import rows_of
from tapehouse import logs
from tapehouse.intervals import DAY_US, HOUR_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_CANDLES, GOLD_PORTFOLIO, Table

log = logs.of(__name__)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_PORTFOLIO: (GOLD_CANDLES,)}
PIECE_ROWS: Final = 50_000
"""Of one piece about so many at most; a day is always whole."""
PIECE_DAYS: Final = 100
"""Each is a file that is written."""
_LOOK_EVERY_S: Final = 10.0
"""On S3 each look at the file is a request."""
Group = tuple[str, str]


class PortfolioJob:
    """Writes gold.portfolio, a file a UTC day."""

    def __init__(
        self,
        workspace: Workspace,
        file: str = "",
        *,
        piece_rows: int = PIECE_ROWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``file``: where the holdings are, a path or s3://bucket/key; empty is the lake's own ``_portfolio/``."""
        self._ws, self._clock, self._piece_rows = workspace, clock, piece_rows
        self._file = file or f"{workspace.lake.uri}/{FOLDER}/{NAME}"
        self._copies = Copies(workspace.lake)
        self._look_at = clock()
        self._known: tuple[str, tuple[Holding, ...], Prices] | None = None

    def prepare(self) -> None:
        """Look whether the file is another than the rows are made of. A broken one changes nothing but what is noted.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        if self._clock() < self._look_at:
            return
        base = self._ws.state(GOLD_PORTFOLIO)
        said = Said.of(base.metadata)
        folder, _, name = self._file.rpartition("/")
        note = None
        try:
            content = place(folder or ("/" if self._file.startswith("/") else ".")).read(name)
            if said.file != digest_of(content) or self._holdings(said) is None:
                book = holdings_of(content)
                self._begin(base, self._copies.keep(content), book)
                said = Said.of(self._ws.state(GOLD_PORTFOLIO).metadata)
        except FileNotFoundError:
            note = f"{self._file} is not there"
        except HoldingsError as error:
            note = f"{self._file}: {error}"
        except OSError as error:
            note = f"{self._file} cannot be read ({type(error).__name__})"
        if note is not None:
            note += ": the last good file goes on" if said.file else ": nothing is held"
        if note != said.note:
            if note is not None:  # once, for it is in the table then
                (log.warning if said.file else log.info)("portfolio_file", reason=note)
            self._ws.commit(self._ws.state(GOLD_PORTFOLIO), metadata=replace(said, note=note).as_metadata())
        self._look_at = self._clock() + _LOOK_EVERY_S

    def write(self, batch: Batch) -> None:
        """Compute the newest hours of which the batch changes a close, and note the others as left.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        base = self._ws.state(GOLD_PORTFOLIO)
        said = Said.of(base.metadata)
        known = self._holdings(said)
        if known is None:
            return
        book, prices = known
        candles = self._ws.state(GOLD_CANDLES)
        now = newest_hour(candles)
        if batch.is_first:  # what was taken out before is not told
            self._leave_all(base, said, book, now)
            return
        if now is None or not book or batch.reached[GOLD_CANDLES].after is not None:  # left already, by the first
            return
        try:
            removed = [DataFile(each.path, 0) for each in batch.removed(GOLD_CANDLES)]
            changed = prices.changed(batch.files(GOLD_CANDLES), removed)
        except FileNotFoundError:  # vacuum was there first
            self._leave_all(base, said, book, now)
            return
        since = _earliest(book, changed, said.through_us, now)
        if not since:
            return
        with self._ws.steps.step("gold.portfolio") as step:
            until = max(now, said.through_us or now) + HOUR_US
            first = min(since.values())
            groups = set(since)
            begin = self._piece(first, until, [each for each in book if each.group in groups])
            rewrite = self._rewrite(base, candles, (book, prices), (begin, until), groups)
            step.rows = rewrite.rows
            left = said.left
            if begin > first:
                left = (first, begin) if left is None else (min(first, left[0]), max(begin, left[1]))
            self._commit(base, said, replace(said, through_us=now, left=left), rewrite)

    def more(self) -> bool:
        """The newest piece of what is left.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        base = self._ws.state(GOLD_PORTFOLIO)
        said = Said.of(base.metadata)
        known = self._holdings(said)
        if said.left is None or known is None:
            return False
        candles = self._ws.state(GOLD_CANDLES)
        with self._ws.steps.step("gold.portfolio left") as step:
            first, until = said.left
            begin = self._piece(first, until, known[0])
            rewrite = self._rewrite(base, candles, known, (begin, until), None)
            step.rows = rewrite.rows
            left = (first, begin) if begin > first else None
            self._commit(base, said, replace(said, left=left), rewrite)
        return True

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute every row anew, piece by piece.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        base = self._ws.state(GOLD_PORTFOLIO)
        said = Said.of(base.metadata)
        known = self._holdings(said)
        if known is None:
            return
        self._leave_all(base, said, known[0], newest_hour(self._ws.state(GOLD_CANDLES)))
        while self.more():
            pass

    # -- the file -----------------------------------------------------------------------------------------------------

    def _begin(self, base: TableState, digest: str, book: Sequence[Holding]) -> None:
        """From this commit on the table is made of another file; all of it is left to do."""
        self._leave_all(base, Said(file=digest), book, newest_hour(self._ws.state(GOLD_CANDLES)))
        self._copies.only(digest)
        log.info("portfolio_file_read", file=self._file, holdings=len(book))

    def _leave_all(self, base: TableState, said: Said, book: Sequence[Holding], now: int | None) -> None:
        """Note every hour that has a row, or is to have one, as left."""
        lows, highs = ([getattr(each, side).get("hour") for each in base.files] for side in ("low", "high"))
        firsts = [each.transactions[0].hour for each in book]
        firsts += [instant_us(each) for each in lows if isinstance(each, str)]
        lasts = [instant_us(each) + HOUR_US for each in highs if isinstance(each, str)]
        lasts += [now + HOUR_US] if now is not None else []
        left = (min(firsts), max(lasts)) if firsts and lasts and min(firsts) < max(lasts) else None
        self._commit(base, Said.of(base.metadata), replace(said, through_us=now, left=left), Rewrite())

    def _holdings(self, said: Said) -> tuple[tuple[Holding, ...], Prices] | None:
        """What the rows are made of; None before the first good file, and where its copy is gone."""
        if not said.file:
            return None
        if self._known is None or self._known[0] != said.file:
            content = self._copies.get(said.file)
            if content is None:  # what is missed until the file is read again is computed then: all is left
                return None
            book = holdings_of(content)
            self._known = said.file, book, Prices(self._ws, markets_of(book))
        return self._known[1:]

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _piece(self, first: int, until: int, book: Sequence[Holding]) -> int:
        """Where the newest piece of the hours from ``first`` to before ``until`` begins: with a day, or all of it."""
        hours = max(1, min(self._piece_rows // max(len(book), 1), PIECE_DAYS * 24))
        return max(first, (until - hours * HOUR_US) // DAY_US * DAY_US)

    def _rewrite(
        self,
        base: TableState,
        candles: TableState,
        known: tuple[Sequence[Holding], Prices],
        hours: tuple[int, int],
        groups: Collection[Group] | None,
    ) -> Rewrite:
        """What makes the rows of some hours right, of these groups or of all."""
        book = [each for each in known[0] if groups is None or each.group in groups]
        (begin, until), now = hours, newest_hour(candles)
        end = min(until, now + HOUR_US) if now is not None else begin
        rows = schema_of(GOLD_PORTFOLIO).empty_table()
        if begin < end:
            since: dict[Market, int] = {}
            for each in book:
                if each.transactions[0].hour < end:
                    asked = [t.hour for t in each.transactions if t.price < 0]
                    since[each.market] = min(begin, since.get(each.market, begin), *asked)
            book = [each for each in book if each.market in since]
            rows = rows_of(book, known[1].closes(candles, since, end), begin, end)
        there = self._there(base, begin, until)
        if groups is not None:
            names = zip(there.column("portfolio").to_pylist(), there.column("quote").to_pylist(), strict=True)
            there = there.filter(pa.array([each in groups for each in names], pa.bool_()))
        return upsert(self._ws, base, rows, near="hour", gone=there.select(GOLD_PORTFOLIO.key))

    def _there(self, base: TableState, begin: int, until: int) -> pa.Table:
        """Keys and quotes of the rows of some hours."""
        low, high = instant_text(begin), instant_text(until - 1)
        files = [each for each in base.files if each.may_hold("hour", low, high)]
        columns = [*GOLD_PORTFOLIO.key, "quote"]
        rows = pa.concat_tables(
            [schema_of(GOLD_PORTFOLIO).empty_table(), *(self._ws.rows(GOLD_PORTFOLIO, [each]) for each in files)]
        ).select(columns)
        at = rows.column("hour").cast(pa.int64()).to_numpy()
        return rows.filter(pa.array((at >= begin) & (at < until)))

    def _commit(self, base: TableState, before: Said, after: Said, rewrite: Rewrite) -> None:
        if rewrite or after != before:
            self._ws.commit(base, add=rewrite.add, remove=rewrite.remove, metadata=after.as_metadata())


def _earliest(
    book: Sequence[Holding], changed: Mapping[Market, int], through: int | None, now: int
) -> dict[Group, int]:
    """Portfolio and quote → the earliest hour of which a row may change, where one does."""
    begun: dict[Group, int] = {}
    for each in book:
        begun[each.group] = min(each.transactions[0].hour, begun.get(each.group, now + HOUR_US))
    found = {}
    for group, first in begun.items():
        hours = [changed[each.market] for each in book if each.group == group and each.market in changed]
        if through is None:
            hours.append(first)
        elif through != now:  # the lake went on by hours, or back
            hours.append(min(through, now) + HOUR_US)
        if hours and first <= max(now, through or now):
            found[group] = max(first, min(hours))
    return found
