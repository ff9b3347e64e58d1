"""The landing → bronze.documents: each object once, line for line, a bounded number of them in a commit.

What was taken in is asked of the table itself, by the keys of its objects, never remembered beyond its files. Objects
are never written over, so one that is there is done. Every object is listed when a process begins and each hour; in
between only those of the newest day that the table has, of the day before it, and of what comes after: on S3 each
thousand that are listed are a request. An object that cannot be unpacked is a row too, or it would be tried for ever.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.engine import DataFile, Piece, TableState, Workspace, table_of
from tapehouse import logs
from tapehouse.errors import TransientError
from tapehouse.intervals import instant_of
from tapehouse.landing import Key, Landing, LandingError, raw_lines
from tapehouse.tables import BRONZE_DOCUMENTS, WHOLE

log = logs.of(__name__)

PIECE_OBJECTS: Final = 1_000
PIECE_BYTES: Final = 64 * 1024 * 1024
"""Of lines in one commit, but for its first object, which it always holds."""
_SPOILT_BYTES: Final = 1024 * 1024
"""Of an object that cannot be unpacked so much is kept; the rest is in the landing."""
_ALL_EVERY_S: Final = 3_600.0
_LOOK_EVERY_S: Final = 2.0
_LOOK_EVERY_ON_S3_S: Final = 300.0


class LandingIntake:
    """Writes bronze.documents from a landing: an ``IntakeJob``."""

    def __init__(
        self,
        workspace: Workspace,
        landing: str = "",
        *,
        piece_objects: int = PIECE_OBJECTS,
        piece_bytes: int = PIECE_BYTES,
        clock: Callable[[], float] = time.monotonic,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """``landing``: its URI; empty is the lake's own ``_landing/``."""
        self._ws, self._clock, self._now_us = workspace, clock, now_us
        self._landing = Landing(landing or workspace.lake.landing_uri)
        self._piece = piece_objects, piece_bytes
        self._look_every_s = _LOOK_EVERY_ON_S3_S if self._landing.is_bucket else _LOOK_EVERY_S
        self._look_at = self._all_at = clock()
        self._keys: dict[str, frozenset[str]] = {}
        """File of the table → the objects whose rows it holds."""

    def turn(self) -> Piece:
        """What is new, up to a bound; nothing where the landing was looked at just now.

        Raises:
            LostRaceError: another writer was there first; run it again.
            TransientError: the landing cannot be read now.
        """
        if self._clock() < self._look_at:
            return Piece(0, wrote=False, has_more=False)
        return self._take()

    def drain(self) -> int:
        """All that is there now; the rows that it added. Raises as ``turn`` does."""
        self._all_at = self._clock()
        rows, piece = 0, self._take()
        while piece.has_more:
            rows += piece.rows
            piece = self._take()
        return rows + piece.rows

    def _take(self) -> Piece:
        self._ws.ensure((BRONZE_DOCUMENTS,))
        base = self._ws.state(BRONZE_DOCUMENTS)
        try:
            with self._ws.steps.step("landing read") as step:
                began, (keys, has_more, was_all) = self._clock(), self._new(base)
                rows, taken = self._read(keys)
                has_more = has_more or len(taken) < len(keys)
                step.rows = rows.num_rows
        except (BotoCoreError, ClientError) as error:
            raise TransientError(f"{self._landing.uri} cannot be read now: {type(error).__name__}: {error}") from error
        if rows.num_rows:
            with self._ws.steps.step("bronze.documents"):
                self._ws.commit(base, add=self._staged(rows))
            log.info("landing_taken", objects=len(taken), rows=rows.num_rows)
        if was_all and not has_more:
            self._all_at = began + _ALL_EVERY_S
        if not has_more:
            self._look_at = self._clock() + self._look_every_s
        return Piece(rows.num_rows, wrote=bool(rows.num_rows), has_more=has_more)

    # What is new.

    def _new(self, base: TableState) -> tuple[list[str], bool, bool]:
        """The first objects that the table has no row of, in the order in which they were fetched; if more wait; and if
        all days were looked at."""
        known, newest = self._known(base), _newest_day(base, today=instant_of(self._now_us()).date())
        if every := newest is None or self._clock() >= self._all_at:
            listed = self._landing.keys()
        else:
            listed = self._landing.keys_since(newest - timedelta(days=1))
        new = sorted((key for key in listed if key not in known), key=_fetched)
        return new[: self._piece[0]], len(new) > self._piece[0], every

    def _known(self, base: TableState) -> set[str]:
        held = {file.path: file for file in base.files}
        self._keys = {path: keys for path, keys in self._keys.items() if path in held}
        for path, file in held.items():
            if path not in self._keys:
                self._keys[path] = frozenset(objects_in(self._ws, [file]))
        return set().union(*self._keys.values())

    # Its rows.

    def _read(self, keys: Sequence[str]) -> tuple[pa.Table, list[str]]:
        """The rows of the first objects, up to the bound, and which those are."""
        at, rows, taken, size = instant_of(self._now_us()), [], [], 0
        for key in keys:
            if size > self._piece[1]:
                break
            found = list(self._rows_of(key, at))
            size += sum(len(row["payload"]) for row in found)
            rows += found
            taken.append(key)
        return table_of(BRONZE_DOCUMENTS, rows), taken

    def _rows_of(self, key: str, at: datetime) -> Iterator[dict[str, Any]]:
        said = Key.of(key)
        assert said is not None  # noqa: S101 - no other is listed
        try:
            content = self._landing.content(key)
        except LandingError:  # removed since it was listed
            return
        try:
            lines = list(enumerate(raw_lines(content, where=key)))
        except LandingError as error:
            log.warning("landing_object_spoilt", object=key, reason=error.detail)
            lines = []
        for number, line in lines or [(WHOLE, content[:_SPOILT_BYTES])]:
            yield {
                "payload": line,
                "kind": said.kind,
                "source": said.source,
                "object_key": key,
                "line": number,
                "fetched_at": instant_of(said.at_us),
                "ingested_at": at,
                "fetch_date": said.date,
            }

    def _staged(self, rows: pa.Table) -> list[DataFile]:
        """A file a day."""
        days = rows.column("fetch_date")
        found = []
        for day in days.unique().to_pylist():
            mask = pa.array([each == day for each in days.to_pylist()])
            found.append(self._ws.stage(BRONZE_DOCUMENTS, rows.filter(mask), partition={"fetch_date": day}))
        return found


def objects_in(workspace: Workspace, files: Iterable[DataFile]) -> set[str]:
    """The keys of the objects that files of bronze.documents hold lines of."""
    found: set[str] = set()
    for file in files:
        column = workspace.rows(BRONZE_DOCUMENTS, [file], ["object_key"]).column("object_key")
        found.update(column.unique().to_pylist())
    return found


def _fetched(key: str) -> tuple[int, str]:
    said = Key.of(key)
    return (said.at_us if said is not None else 0, key)


def _newest_day(base: TableState, *, today: date) -> date | None:
    """Of a clock that was ahead, no later than today: what is fetched now would not be looked at."""
    days = [each.partition["fetch_date"] for each in base.files]
    return min(max(date.fromisoformat(str(day)) for day in days), today) if days else None
