"""Bring the lake up to date: a pass of each query of the pipeline, in the order of the data's way, or of some.

Whatever a killed refresh left half done, the next one finishes.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pyspark.sql import SparkSession

from glue_jobs.engine import Query, Runner, Step, Steps, Workspace, hanging_on, tables_of, writer_of
from glue_jobs.live import Live
from glue_jobs.silver.stories import Forget, Forgot, StoriesJob
from glue_jobs.silver.trades import Requeue, Requeued
from tapehouse.document import is_document_id
from tapehouse.errors import TerminalError, UnpreparedError
from tapehouse.lake import Lake
from tapehouse.landing import Landing
from tapehouse.tables import BRONZE_DOCUMENTS, SILVER_DOCUMENTS, SILVER_REJECTED, SILVER_SCORES

_ID_SAYS = "ask silver.documents by tapehouse query, its column told_as has the ids, 32 hexadecimal digits each."


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What one pass did."""

    steps: tuple[Step, ...]
    rows: int
    """Rows that came in from outside the lake."""
    seconds: float


class Refresh:
    """Passes of a pipeline over one lake."""

    def __init__(
        self,
        spark: SparkSession,
        lake: Lake,
        queries: Sequence[Query],
        *,
        on_step: Callable[[Step], None] = lambda step: None,
        on_point: Callable[[str], None] = lambda point: None,
    ) -> None:
        """``on_point`` is where tests kill a process. Raises TerminalError for queries that contradict each other."""
        self._tables = tables_of(queries)
        self._queries = tuple(queries)
        self._steps = Steps(on_step=on_step, on_point=on_point)
        self._workspace = Workspace(spark, lake, self._steps)
        self._runner = Runner(self._workspace)

    def once(self, layer: str | None = None, table: str | None = None) -> RefreshReport:
        """One pass: every query, or those of a layer, or the one that writes ``table``.

        Raises:
            TerminalError: an unknown layer or table, or a stream that cannot be read.
            TransientError: a pass did not get through; what it left is finished by the next.
        """
        began, rows = time.monotonic(), 0
        for query in self._asked(layer, table):
            with self._runner.only_writer(query):
                rows += self._runner.advance(query)
        return self.report(rows, time.monotonic() - began)

    def live(self, *, every_s: float, layer: str | None = None, table: str | None = None) -> Live:
        """The same queries as loops beside each other, for as long as the context of what it gives is open.

        Raises:
            TerminalError: an unknown layer or table.
        """
        return Live(self._runner, self._asked(layer, table), every_s=every_s)

    def maintain(self, *, most_s: float | None = None) -> RefreshReport:
        """What is due of the upkeep of every query's tables, in bounded steps, without taking in anything.

        ``most_s``: no step begins after so many seconds; what is left is due again the next time.
        """
        began = time.monotonic()
        end = began + (float("inf") if most_s is None else most_s)
        for query in self._queries:
            with self._runner.only_writer(query):
                while time.monotonic() < end and self._runner.upkeep(query):
                    pass
        return self.report(0, time.monotonic() - began)

    def report(self, rows: int, seconds: float) -> RefreshReport:
        """What was done since the last report, with what the caller counted and timed."""
        return RefreshReport(self._steps.taken(), rows, seconds)

    def rebuild(self, name: str) -> RefreshReport:
        """Compute a table and what hangs on it anew from their inputs, in one overwrite each; nothing else is touched.

        Raises:
            TerminalError: an unknown table, or one whose input is outside the lake.
        """
        began = time.monotonic()
        owner, table = writer_of(self._queries, name), self._tables.get(name)
        if table is None or not self._runner.can_rebuild(owner):
            made = [each.name for each in self._tables.values() if table in self._inputs(each)]
            raise TerminalError(
                f"{name} cannot be rebuilt: its input is the stream. Rebuild what is made of it: {', '.join(made)}"
            )
        hanging = hanging_on(self._queries, table)
        touched = [query for query in self._queries if hanging.intersection(query.writes)]
        with ExitStack() as locks:
            for query in touched:
                locks.enter_context(self._runner.only_writer(query))
            self._workspace.ensure(read for query in touched for read in query.reads if read not in hanging)
            # First of all what a kill must not leave half done: the next pass of each query looks there. A query cannot
            # go on over a rewritten input: it begins anew.
            for query in touched:
                anew = bool(hanging.intersection(query.reads))
                self._runner.mark(query, [made for made in query.writes if made in hanging], anew=anew)
            for query in touched:
                self._runner.rebuild(query)
        return self.report(0, time.monotonic() - began)

    def requeue(self, reason: str | None = None, *, dry_run: bool = False) -> Requeued:
        """Judge what is quarantined again, and put what is sound now where it belongs; gold follows by its own passes.

        ``reason``: only records that have it; ``dry_run``: write nothing, and wait for nobody. A killed one leaves what
        the next one finishes.

        Raises:
            TransientError: it did not get through; the next one finishes what it left.
        """
        requeue = Requeue(self._workspace, reason=reason, dry_run=dry_run)
        if dry_run:
            requeue.run()
            return requeue.found
        query = writer_of(self._queries, SILVER_REJECTED.name)
        with self._runner.only_writer(query):
            self._runner.beside(query, requeue.run)
        return requeue.found

    def forget(self, document_id: str, *, landing: str = "") -> Forgot:
        """Take a document out of the landing and of every table, for good; a killed one is finished by the next.

        What has landed by now is taken in first, so that nothing waits which would bring it back. ``landing``: its URI;
        empty is the lake's own.

        Raises:
            UnpreparedError: nobody knows such a document; nothing was forgotten.
            TransientError: it did not get through; the next one finishes what it left.
        """
        intake, stories = (writer_of(self._queries, each.name) for each in (BRONZE_DOCUMENTS, SILVER_DOCUMENTS))
        hanging = hanging_on(self._queries, SILVER_DOCUMENTS) | hanging_on(self._queries, SILVER_SCORES)
        touched = [query for query in self._queries if hanging.intersection(query.writes)]
        if not is_document_id(document_id):
            raise UnpreparedError(f"{document_id[:40]!r} is no document_id: {_ID_SAYS}")
        place = Landing(landing or self._workspace.lake.landing_uri)
        forget = Forget(self._workspace, place, document_id, now_us=lambda: time.time_ns() // 1000)
        with ExitStack() as locks:
            for query in (intake, *touched):
                locks.enter_context(self._runner.only_writer(query))
            for query in (intake, stories):
                self._runner.advance(query)
            if not forget.is_known():
                raise UnpreparedError(f"no document {document_id} is known here, and nothing was done: {_ID_SAYS}")
            self._runner.beside(intake, forget.redact)
            self._runner.beside(stories, lambda: forget.settle(StoriesJob(self._workspace)))
            for query in touched:
                self._runner.advance(query)
        return forget.found

    def _inputs(self, table: object) -> tuple[object, ...]:
        return next(inputs for query in self._queries for made, inputs in query.makes.items() if made == table)

    def _asked(self, layer: str | None, table: str | None) -> list[Query]:
        if table is not None:
            return [writer_of(self._queries, table)]
        layers = dict.fromkeys(each.layer for each in self._tables.values())
        if layer is not None and layer not in layers:
            raise TerminalError(f"no layer is named {layer!r}: the layers are {', '.join(layers)}")
        return [query for query in self._queries if layer in (None, *(each.layer for each in query.writes))]
