"""Runs queries: one writer each, batches again after a lost race, errors of Spark as ours.

At home a file lock in the lake lets one process at a time write a query's tables, and the system lets go of a killed
one's; on S3 a lease does (``glue_jobs.engine.lease``). What slips through meets the turn of each table's commits.
"""

import fcntl
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from glue_jobs.engine.follow import Follower
from glue_jobs.engine.lease import Lease
from glue_jobs.engine.leases import Leases
from glue_jobs.engine.memory import give_back_what_is_free
from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import place
from glue_jobs.engine.query import BatchJob, IntakeJob, Job, Piece, Query
from glue_jobs.engine.transaction import LostRaceError
from glue_jobs.engine.upkeep import Upkeep
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.backoff import Backoff, retry
from tapehouse.errors import TransientError
from tapehouse.tables import Table

log = logs.of(__name__)

_MARK: Final = "_checkpoints/{}.rebuild"
"""Where a query's tables that are to be rebuilt are noted; not a query's progress, which ends otherwise."""
_TRIES: Final = 9
"""Of one batch against other writers before the refresh gives up for now."""
_SMALL_S: Final = 0.5
_MOST_REST_S: Final = 10.0
_LOCK_EVERY_S: Final = 0.2
_AFTER_LOST_RACE: Final = Backoff(base_s=0.1, cap_s=12.8, least=0)


class Runner:
    """Passes of queries over one lake. Keeps each query's job for the life of the process."""

    def __init__(
        self, workspace: Workspace, *, leases: Leases | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``leases``: of a lake on S3."""
        give_back_what_is_free()
        self._workspace, self._clock = workspace, clock
        self._leases = leases or Leases(Objects(workspace.lake.uri))
        self._rests_until: dict[str, float] = {}
        self._jobs: dict[str, Job] = {}
        self._followers: dict[str, Follower] = {}
        """Of queries whose lock or lease is held: whoever takes one reads anew how far the query came."""
        self._leases_begun: dict[str, Lease] = {}
        self._upkeeps: dict[str, Upkeep] = {}

    def advance(self, query: Query) -> int:
        """One pass over what is new; the rows that came in from outside the lake. Call it inside ``only_writer``.

        Raises:
            LakehouseError: TransientError where it will go on where it was, else what the job raised.
        """
        rows = self._pass(query)
        self.upkeep(query)
        return rows

    def _pass(self, query: Query) -> int:
        job = self._job(query)
        with _as_transient(query):
            if isinstance(job, IntakeJob):
                return job.drain()
            self._begin(query, job)
            self._follow(query, job)
        return 0

    def _begin(self, query: Query, job: BatchJob) -> bool:
        """What comes before any batch; whether a rebuild that was killed had to be finished."""
        was_left = self.rebuild(query)  # first: a table may be what is declared only then
        self._workspace.ensure((*query.reads, *query.writes))
        until_won(job.prepare)
        return was_left

    def upkeep(self, query: Query) -> bool:
        """One bounded step of what the query's tables need; False where nothing was due, which costs next to nothing.

        Never raises for what can wait. Call it inside ``only_writer``, between batches.
        """
        if query.name not in self._upkeeps:
            self._upkeeps[query.name] = Upkeep(self._workspace, query.writes, keeps_days=query.keeps_days)
        return self._upkeeps[query.name].step()

    def can_rebuild(self, query: Query) -> bool:
        """Whether its tables can be computed anew: not where its input is outside the lake."""
        return not isinstance(self._job(query), IntakeJob)

    def follower(self, query: Query) -> Follower:
        """What knows how far the query came in its inputs."""
        if query.name not in self._followers:
            self._followers[query.name] = Follower(self._workspace, query.name, query.reads, query.limits)
        return self._followers[query.name]

    def piece(self, query: Query) -> Piece:
        """One bounded piece of what a query has to do: what is fresh before what waits. Call it in ``only_writer``.

        Raises:
            LakehouseError: TransientError where it will go on where it was, else what the job raised.
        """
        job = self._job(query)
        with _as_transient(query):
            if isinstance(job, IntakeJob):
                return job.turn()
            if self._begin(query, job):
                return Piece(0, wrote=True, has_more=True)
            if self._clock() < self._rests_until.get(query.name, 0.0):
                return Piece(0, wrote=False, has_more=False)
            if (rows := self._batch(query, job)) is not None:
                return Piece(rows, wrote=True, has_more=True)
            began = self._clock()
            did = job.more()
            if did:
                self._rest(query, self._clock() - began)
            return Piece(0, wrote=did, has_more=did)

    def beside(self, query: Query, work: Callable[[], None]) -> None:
        """Work on a query's tables beside its batches, again while another writer is first. Call it in ``only_writer``.

        What must come before any batch comes before it: a rebuild that was killed is finished first.

        Raises:
            LakehouseError: TransientError where doing it again may help, else what the work raised.
        """
        job = self._job(query)
        with _as_transient(query):
            if not isinstance(job, IntakeJob):
                self._begin(query, job)
            until_won(work)

    def _follow(self, query: Query, job: BatchJob) -> None:
        """Batches up to what the inputs are now, so that a steady stream does not keep what follows from its turn."""
        follower = self.follower(query)
        until = follower.now()
        with self._workspace.steps.step(f"{query.name} query"):
            while self._batch(query, job) is not None and not follower.is_through(until):
                pass
            while job.more():
                pass

    def _batch(self, query: Query, job: BatchJob) -> int | None:
        """One batch of what is fresh; its rows, or None where nothing is."""
        follower = self.follower(query)
        batch = follower.next()
        if batch is None:
            return None
        log.debug("batch_begun", query=query.name, rows=batch.rows, bytes=batch.bytes)
        until = follower.now() if query.rests else None
        began = self._clock()
        until_won(lambda: job.write(batch))
        follower.done(batch)
        took_s = self._clock() - began
        if until is not None and follower.is_through(until):  # else it would fall behind
            self._rest(query, took_s)
        return batch.rows

    def _rest(self, query: Query, took_s: float) -> None:
        """After so long a piece of work that was not small."""
        if took_s > _SMALL_S:
            self._rests_until[query.name] = self._clock() + min(query.rests * took_s, _MOST_REST_S)

    def mark(self, query: Query, tables: Sequence[Table], *, anew: bool) -> None:
        """Note that these tables of a query are to be rebuilt, until ``rebuild`` has done it: in this process, or,
        where it is killed, in the query's next pass. Call it inside ``only_writer``, before the first of all commits.

        ``anew``: what the query reads is rewritten too, so that it has to begin anew.
        """
        marked, was_anew = self._marked(query.name) or ((), False)
        names = dict.fromkeys([*marked, *(table.name for table in tables)])
        body = {"tables": list(names), "anew": anew or was_anew}
        place(self._workspace.lake.uri).write(_MARK.format(query.name), json.dumps(body).encode())

    def rebuild(self, query: Query) -> bool:
        """Compute anew what is marked of a query; whether anything was. Call it inside ``only_writer``.

        Raises:
            TransientError: what the query reads is still to be rebuilt.
        """
        job, found = self._job(query), self._marked(query.name)
        if isinstance(job, IntakeJob) or found is None:
            return False
        names, anew = found
        if left := sorted(self._all_marked(but=query.name) & {table.name for table in query.reads}):
            raise TransientError(f"the {query.name} refresh waits for the rebuild of {', '.join(left)}")
        log.info("rebuild", query=query.name, tables=list(names))
        if anew:
            self.forget(query)
        self._workspace.ensure(query.reads)
        follower, tables = self.follower(query), [table for table in query.writes if table.name in names]

        def compute() -> None:
            until = follower.now()
            job.rebuild(tables)
            for table in tables:
                if (left := self._workspace.state(table)).replaces is not None:
                    self._workspace.commit(left)  # nothing was there to be put into it
            if len(tables) == len(query.writes):
                follower.all_done(until)

        with self._workspace.replacing(tables):
            self._workspace.ensure(tables)
            until_won(compute)
        self._workspace.check_writer(query.writes[0])  # else the mark may be the next one's
        place(self._workspace.lake.uri).delete(_MARK.format(query.name))
        return True

    def _all_marked(self, *, but: str) -> set[str]:
        """The tables of other queries that are to be rebuilt."""
        folder, _, ending = _MARK.format("*").rpartition("/")
        names = place(self._workspace.lake.uri).names(folder)
        queries = [name.removesuffix(ending[1:]) for name in names if name.endswith(ending[1:])]
        return {table for name in queries if name != but for table in (self._marked(name) or ((), False))[0]}

    def _marked(self, name: str) -> tuple[tuple[str, ...], bool] | None:
        """The tables of a query that are to be rebuilt, and whether it begins anew; None where none is."""
        try:
            body = json.loads(place(self._workspace.lake.uri).read(_MARK.format(name)))
        except FileNotFoundError:
            return None
        return tuple(body["tables"]), bool(body["anew"])

    def forget(self, query: Query) -> None:
        """Throw the query's checkpoint away: only time is lost."""
        self.follower(query).forget()
        # Where Spark's streams of a lake of before kept theirs.
        place(self._workspace.lake.uri).delete_folder(f"_checkpoints/{query.name}")

    @contextmanager
    def only_writer(
        self, query: Query, *, give_up: threading.Event | None = None, keep: bool = False
    ) -> Iterator[bool]:
        """Wait until no other process writes the query's tables. Gives False where ``give_up`` was set before.

        ``keep``: on S3, where each lease costs a request, stay the writer after the context until another process asks,
        or ``let_go``.

        Raises:
            LakehouseError: on S3, where the lease cannot be asked for.
        """
        if not self._workspace.lake.is_local:
            with self._leases.hold(query.name, give_up=give_up, keep=keep) as lease:
                if lease is None:
                    yield False
                    return
                with self._workspace.writing(query.writes, lease.check):
                    self._begin_lease(query, lease)
                    yield True
            return
        folder = self._workspace.lake.path / "_locks"
        folder.mkdir(parents=True, exist_ok=True)
        with Path(folder / query.name).open("w", encoding="utf-8") as lock:
            is_ours = _locked(lock)
            if not is_ours:
                log.info("refresh_waits", query=query.name, note="another refresh of this lake is at work")
                never = threading.Event()
                while not is_ours and not (give_up or never).wait(_LOCK_EVERY_S):
                    is_ours = _locked(lock)
            if is_ours:
                self._followers.pop(query.name, None)  # another may have gone on while the lock was free
            yield is_ours

    def let_go(self, query: Query) -> None:
        """Let other processes write its tables, where ``only_writer`` kept them."""
        self._leases.let_go(query.name)

    def _begin_lease(self, query: Query, lease: Lease) -> None:
        """What the one before may be about to commit must find its version taken, and fail: so each gets a commit."""
        if lease is not self._leases_begun.get(query.name):
            self._followers.pop(query.name, None)  # another may have gone on meanwhile
            self._leases_begun[query.name] = lease
        if not lease.owes_fence:
            return

        def fence(table: Table) -> None:
            state = self._workspace.state(table)
            if state.is_there:
                self._workspace.commit(state, moves_only=True)

        with _as_transient(query):
            for table in query.writes:
                until_won(partial(fence, table))
        lease.fenced()
        log.info("tables_fenced", query=query.name)

    def _job(self, query: Query) -> Job:
        if query.name not in self._jobs:
            self._jobs[query.name] = query.job(self._workspace)
        return self._jobs[query.name]


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _as_transient(query: Query) -> Iterator[None]:
    """What Spark, Delta or the lake's files did not give now is done by a later pass: it looks at the tables anew."""
    try:
        yield
    except (PySparkException, Py4JJavaError, OSError) as error:
        raise TransientError(
            f"the {query.name} refresh stopped and will go on where it was: {_first_line(error)}"
        ) from error


def until_won(write: Callable[[], None]) -> None:
    """Run it again while another writer is there first. Raises LostRaceError after ``_TRIES``."""

    def lost(error: Exception) -> None:
        if isinstance(error, LostRaceError):
            log.info("batch_lost_race", table=error.table, turn=error.turn)

    retry(write, when=LostRaceError, tries=_TRIES, backoff=_AFTER_LOST_RACE, on_failure=lost)


def _first_line(error: Exception) -> str:
    if isinstance(error, Py4JJavaError):
        return str(error.java_exception.toString()).splitlines()[0]
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
