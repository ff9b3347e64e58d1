"""silver.documents and silver.scores into gold.news, gold.sentiment_daily and gold.keywords_daily, day by day.

What holds: the rows of each day are what ``news_of``, ``moods`` and ``keywords`` make of silver as it is. A batch
computes the days again of which a story, or a score of one, came, changed or went; days in which nothing is other than
before are not written. The three tables are committed one after another; a batch that runs again finds them right.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, Workspace, days_there, put_all, put_days, rows_of_days, table_of
from glue_jobs.gold.news.changed import changed_values
from glue_jobs.gold.news.daily import keywords, moods
from glue_jobs.gold.news.mood import news_of
from tapehouse.tables import (
    GOLD_KEYWORDS_DAILY,
    GOLD_NEWS,
    GOLD_SENTIMENT_DAILY,
    SILVER_DOCUMENTS,
    SILVER_SCORES,
    Table,
)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    GOLD_NEWS: (SILVER_DOCUMENTS, SILVER_SCORES),
    GOLD_SENTIMENT_DAILY: (GOLD_NEWS,),
    GOLD_KEYWORDS_DAILY: (GOLD_NEWS,),
}
PIECE_DAYS: Final = 31
"""Days that are in memory at once."""
_DAY: Final = "published_date"
Row = dict[str, Any]


class NewsJob:
    """Writes the tables of the news: a ``BatchJob``."""

    def __init__(self, workspace: Workspace, *, piece_days: int = PIECE_DAYS) -> None:
        self._ws, self._piece_days = workspace, piece_days

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Compute the days again that the batch changed.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        days = sorted(self._touched(batch), reverse=True)
        with self._ws.steps.step("gold news") as step:
            for piece in self._pieces(days):
                made = self._made(piece)
                step.rows = (step.rows or 0) + made[GOLD_NEWS].num_rows
                for table, rows in made.items():
                    put_days(self._ws, self._ws.state(table), rows, near=_DAY, days=piece)

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute all rows of these tables anew, in one commit each.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        put_all(self._ws, tables, self.computed(tables), near=dict.fromkeys(MAKES, _DAY))

    def computed(self, tables: Collection[Table]) -> Iterator[tuple[Table, pa.Table]]:
        """Of each of these tables all rows that silver comes to, in pieces of some days."""
        for piece in self._pieces(sorted(days_there(self._ws, SILVER_DOCUMENTS, _DAY))):
            yield from ((table, rows) for table, rows in self._made(piece).items() if table in tables)

    def _pieces(self, days: Sequence[date]) -> Iterator[Sequence[date]]:
        return (days[first : first + self._piece_days] for first in range(0, len(days), self._piece_days))

    # -- which days ---------------------------------------------------------------------------------------------------

    def _touched(self, batch: Batch) -> set[date]:
        days = changed_values(batch, SILVER_DOCUMENTS, _DAY)
        ids = changed_values(batch, SILVER_SCORES, "document_id")
        if days is None or ids is None:
            return days_there(self._ws, SILVER_DOCUMENTS, _DAY) | days_there(self._ws, GOLD_NEWS, _DAY)
        found = {day for day in days if isinstance(day, date)}
        if ids:
            asked = pa.array(sorted(map(str, ids)), pa.string())
            for file in self._ws.state(SILVER_DOCUMENTS).files:
                rows = self._ws.rows(SILVER_DOCUMENTS, [file], ["document_id", _DAY])
                rows = rows.filter(pc.is_in(rows.column("document_id"), value_set=asked))
                found |= set(rows.column(_DAY).to_pylist())
        return found

    # -- their rows ---------------------------------------------------------------------------------------------------

    def _made(self, days: Collection[date]) -> dict[Table, pa.Table]:
        """What the tables hold of these days."""
        stories = rows_of_days(self._ws, self._ws.state(SILVER_DOCUMENTS), _DAY, days).to_pylist()
        scores = self._scores({story["document_id"] for story in stories})
        of_day: dict[date, list[Row]] = defaultdict(list)
        for story in stories:
            if story["title"] or story["body"]:  # else its text was taken back
                of_day[story[_DAY]].append(news_of(story, scores.get(story["document_id"], ())))
        return {
            GOLD_NEWS: table_of(GOLD_NEWS, (row for rows in of_day.values() for row in rows)),
            GOLD_SENTIMENT_DAILY: table_of(GOLD_SENTIMENT_DAILY, _each(moods, of_day)),
            GOLD_KEYWORDS_DAILY: table_of(GOLD_KEYWORDS_DAILY, _each(keywords, of_day)),
        }

    def _scores(self, ids: Collection[str]) -> dict[str, list[Row]]:
        """Of documents, of any day: a text that was published again keeps its scores."""
        where = pc.field("document_id").isin(pa.array(sorted(ids), pa.string()))
        found: dict[str, list[Row]] = defaultdict(list)
        for file in self._ws.state(SILVER_SCORES).files if ids else ():
            for row in self._ws.rows(SILVER_SCORES, [file], where=where).to_pylist():
                found[row["document_id"]].append(row)
        return found


def _each(make: Callable[[date, Iterable[Row]], Iterable[Row]], of_day: Mapping[date, list[Row]]) -> Iterable[Row]:
    return (row for day, rows in sorted(of_day.items()) for row in make(day, rows))
