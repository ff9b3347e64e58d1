"""bronze.documents into silver: stories, scores, quotes, and what was wrong.

What holds: each table is what ``stories_of``, ``newest`` and the faults make of all lines of bronze, however they came
in batches and however often. A batch reads the stories that its documents may be a part of (those of the same
documents, and of the same titles), and puts what they come to in their place; the four tables are committed one after
another, each by itself, and a batch that runs again finds its rows there. Tellings and scores of documents that were
forgotten (``Forgotten``) are never among them, whatever bronze has, nor are scores of a text that its source took back:
they quote it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.bronze import objects_in
from glue_jobs.engine import Batch, BatchLimits, TableState, Workspace, put, put_all, schema_of, table_of
from glue_jobs.silver.stories.forgotten import Forgotten
from glue_jobs.silver.stories.merge import Told, stories_of
from glue_jobs.silver.stories.rows import KEYS, Row, documents, newest, stands
from glue_jobs.silver.stories.taken import COLUMNS, Taken
from glue_jobs.silver.stories.telling import Telling, taken_back, tellings_of
from glue_jobs.silver.stories.telling import newest as newest_tellings
from tapehouse.documents import Parsed, parse
from tapehouse.landing import Landed
from tapehouse.tables import (
    BRONZE_DOCUMENTS,
    SILVER_DOCUMENT_FAULTS,
    SILVER_DOCUMENTS,
    SILVER_QUOTES,
    SILVER_SCORES,
    Table,
)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    SILVER_DOCUMENTS: (BRONZE_DOCUMENTS,),
    SILVER_SCORES: (BRONZE_DOCUMENTS,),
    SILVER_QUOTES: (BRONZE_DOCUMENTS,),
    SILVER_DOCUMENT_FAULTS: (BRONZE_DOCUMENTS,),
}
LIMITS: Final = BatchLimits(max_rows=5_000, max_bytes=16 * 1024 * 1024, max_raw_bytes=64 * 1024 * 1024)
"""A line may hold a thousand stories, which take a second to read."""
_NEAR: Final = {
    SILVER_DOCUMENTS: "published_date",
    SILVER_SCORES: "published_date",
    SILVER_QUOTES: "observed_date",
    SILVER_DOCUMENT_FAULTS: "fetch_date",
}


class StoriesJob:
    """Writes the silver tables that bronze.documents is made into: a ``BatchJob``."""

    def __init__(self, workspace: Workspace, *, parser: Callable[[Landed], Parsed] = parse) -> None:
        self._ws, self._parser = workspace, parser
        self._list = Forgotten(workspace.lake.uri)

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Put what the batch's lines say into the tables.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        with self._ws.steps.step("documents read") as step:
            taken = Taken()
            for file in batch.files(BRONZE_DOCUMENTS):
                rows = self._ws.rows(BRONZE_DOCUMENTS, [file], COLUMNS)
                taken.add(rows.to_pylist(), parser=self._parser)
                step.rows = (step.rows or 0) + rows.num_rows
        forgotten = self._list.ids()
        taken.leave_out(forgotten)
        with self._ws.steps.step("silver documents"):
            self._put_quotes(taken.quotes)
            self._put_stories(taken.tellings, forgotten)
            self._put_scores(taken.scores, taken_back(taken.tellings))
            self._put_faults(taken.faults)

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Read all of bronze.documents again, and put what it says in the place of these tables' rows.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        put_all(self._ws, tables, self.computed(tables), near=_NEAR)

    def forget(self, ids: Collection[str]) -> None:
        """Take documents that bronze has no longer out of the stories and scores, and the faults of objects that it has
        no longer: other objects, with other faults, took their place.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        with self._ws.steps.step("silver.documents forget"):
            base = self._ws.state(SILVER_DOCUMENTS)
            held = self._stories_with(base, ids)
            left = [each for each in _told_in(held) if each.document_id not in ids]
            self._commit(base, documents(stories_of(left)), held.select(SILVER_DOCUMENTS.key))
        with self._ws.steps.step("silver.scores forget"):
            base = self._ws.state(SILVER_SCORES)
            self._take_out(base, self._held(base, "document_id", ids, SILVER_SCORES.key))
        with self._ws.steps.step("silver.document_faults forget"):
            base = self._ws.state(SILVER_DOCUMENT_FAULTS)
            there = pa.array(sorted(objects_in(self._ws, self._ws.state(BRONZE_DOCUMENTS).files)), pa.string())
            faults = self._ws.rows(SILVER_DOCUMENT_FAULTS, base.files, SILVER_DOCUMENT_FAULTS.key)
            self._take_out(base, faults.filter(pc.invert(pc.is_in(faults.column("object_key"), value_set=there))))

    def computed(self, tables: Collection[Table]) -> Iterator[tuple[Table, pa.Table]]:
        """Of each of these tables all rows that bronze.documents comes to."""
        taken = Taken()
        with self._ws.steps.step("documents read") as step:
            for file in self._ws.state(BRONZE_DOCUMENTS).files:
                rows = self._ws.rows(BRONZE_DOCUMENTS, [file], COLUMNS)
                taken.add(rows.to_pylist(), parser=self._parser)
                taken.tellings = list(newest_tellings(taken.tellings).values())
                step.rows = (step.rows or 0) + rows.num_rows
        taken.leave_out(self._list.ids())
        until = taken_back(taken.tellings)
        scores = [row for row in taken.scores if stands(row, until)]
        made: dict[Table, Callable[[], pa.Table]] = {
            SILVER_DOCUMENTS: lambda: documents(stories_of(taken.tellings)),
            SILVER_SCORES: lambda: table_of(SILVER_SCORES, newest(scores, KEYS[SILVER_SCORES]).values()),
            SILVER_QUOTES: lambda: table_of(SILVER_QUOTES, newest(taken.quotes, KEYS[SILVER_QUOTES]).values()),
            SILVER_DOCUMENT_FAULTS: lambda: _faults(taken.faults),
        }
        return ((table, made[table]()) for table in made if table in tables)

    # -- one table each -----------------------------------------------------------------------------------------------

    def _put_stories(self, tellings: Sequence[Telling], forgotten: Collection[str]) -> None:
        if not tellings:
            return
        base = self._ws.state(SILVER_DOCUMENTS)
        held = self._stories_with(base, {each.document_id for each in tellings}, tellings)
        stories = stories_of(each for each in [*_told_in(held), *tellings] if each.document_id not in forgotten)
        self._commit(base, documents(stories), held.select(SILVER_DOCUMENTS.key))

    def _stories_with(self, base: TableState, ids: Collection[str], tellings: Sequence[Telling] = ()) -> pa.Table:
        """The stories of these documents, and all of the titles that those had, and have once ``tellings`` are known:
        where the first of a title comes or goes, all its stories may begin elsewhere."""
        keys = [*SILVER_DOCUMENTS.key, "told_as", "title_key", "tellings"]
        same = self._held(base, "told_as", ids, keys)
        titles = set(same.column("title_key").to_pylist()) | _titles([*_told_in(same), *tellings], ids)
        named = self._held(base, "title_key", {each for each in titles if each is not None}, keys)
        return pa.concat_tables([same, named])

    def _put_quotes(self, rows: Sequence[Row]) -> None:
        if rows:
            base = self._ws.state(SILVER_QUOTES)
            self._put_newest(base, rows, self._held(base, "name", {row["name"] for row in rows}).to_pylist(), fallen=())

    def _put_scores(self, rows: Sequence[Row], gone: Collection[str]) -> None:
        """``gone``: documents that were taken back just now. The stories are there, and say until when each was."""
        ids = {row["document_id"] for row in rows} | set(gone)
        if ids:
            told = self._held(self._ws.state(SILVER_DOCUMENTS), "told_as", ids, ["told_as", "tellings"])
            base, until = self._ws.state(SILVER_SCORES), taken_back(_told_in(told))
            held = self._held(base, "document_id", ids).to_pylist()
            fallen = [row for row in held if not stands(row, until)]
            self._put_newest(base, [row for row in rows if stands(row, until)], held, fallen=fallen)

    def _put_newest(self, base: TableState, rows: Sequence[Row], held: Sequence[Row], *, fallen: Sequence[Row]) -> None:
        """Of each key the newest row, of ``held`` ones too, and without those of them that are to go."""
        table, key = base.table, KEYS[base.table]
        asked = newest(rows, key)
        goes = {id(row) for row in fallen}
        there = [row for row in held if id(row) not in goes and tuple(row[name] for name in key) in asked]
        found = newest([*there, *asked.values()], key)
        self._commit(base, table_of(table, found.values()), table_of(table, [*there, *fallen]).select(table.key))

    def _put_faults(self, rows: Sequence[Row]) -> None:
        if rows:
            self._commit(self._ws.state(SILVER_DOCUMENT_FAULTS), _faults(rows))

    def _commit(self, base: TableState, rows: pa.Table, gone: pa.Table | None = None) -> None:
        """These rows in the place of those with their keys, and of those that are gone; nothing where all are there."""
        put(self._ws, base, rows, near=_NEAR[base.table], gone=gone)

    def _take_out(self, base: TableState, keys: pa.Table) -> None:
        self._commit(base, schema_of(base.table).empty_table(), keys)

    def _held(
        self, base: TableState, column: str, values: Collection[str], columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows of which a column is one of the values, or an array holds one: of any day."""
        names = list(columns) if columns is not None else list(base.table.column_names)
        asked = pa.array(sorted(values), pa.string())
        found = [self._ws.rows(base.table, [], names)]
        for file in base.files if len(asked) else ():
            rows = self._ws.rows(base.table, [file], names)
            of = rows.column(column).combine_chunks()
            if pa.types.is_list(of.type):
                at = pc.list_parent_indices(of).filter(pc.is_in(pc.list_flatten(of), value_set=asked))
                found.append(rows.take(pc.unique(at)))
            else:
                found.append(rows.filter(pc.is_in(of, value_set=asked)))
        return pa.concat_tables(found)


def _told_in(held: pa.Table) -> Iterable[Telling]:
    return [each for text in held.column("tellings").to_pylist() for each in tellings_of(text)]


def _titles(tellings: Iterable[Telling], ids: Collection[str]) -> set[str | None]:
    """The titles that these documents have, once all these tellings are known."""
    of_document: dict[str, list[Telling]] = {}
    for each in newest_tellings(tellings).values():
        if each.document_id in ids:
            of_document.setdefault(each.document_id, []).append(each)
    return {Told.of(each).title_key for each in of_document.values()}


def _faults(rows: Iterable[Row]) -> pa.Table:
    unique = {tuple(row[name] for name in SILVER_DOCUMENT_FAULTS.key): row for row in rows}
    return table_of(SILVER_DOCUMENT_FAULTS, unique.values())
