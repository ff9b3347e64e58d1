"""A document taken out of the landing, of bronze and of silver, for good; gold follows by its own batches.

First of all it is on the list (``Forgotten``), so that whatever comes meanwhile or later puts it into silver no more.
Then bronze, newest first, a file at a time: of each object that holds the document a new one is landed without it, the
old one is erased from the landing, and one commit puts the new lines in the place of the old ones. The rows go last,
since they are what finds an object again: a kill at any place leaves the text where the next run finds it, and nothing
else is ever in fewer places than before. Then silver. Done again, there is nothing left to do.

Whoever runs it is the one writer of bronze.documents (``redact``) and of the stories' tables (``settle``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.bronze import objects_in
from glue_jobs.engine import DataFile, LostRaceError, Workspace
from glue_jobs.silver.stories.forgotten import Forgotten
from glue_jobs.silver.stories.job import StoriesJob
from tapehouse import logs
from tapehouse.documents import taken_out
from tapehouse.errors import TransientError
from tapehouse.landing import Landed, Landing, LandingError
from tapehouse.tables import BRONZE_DOCUMENTS, SILVER_DOCUMENTS, SILVER_SCORES, WHOLE

log = logs.of(__name__)

_ROWS_AT_ONCE: Final = 64
Lines = dict[int, bytes]
"""Of one object: line → its bytes."""


@dataclass(slots=True)
class Forgot:
    """What was found, and what became of it."""

    document_id: str
    lines: int = 0
    """Of the landing from which it was taken out."""
    objects: int = 0
    """That those lines were in: each is erased, another one in its place."""
    others: list[str] = field(default_factory=list)
    """Other documents that tell the same story: they stay, whatever their text."""
    left: list[str] = field(default_factory=list)
    """Places of lines that hold it, and that it cannot be taken out of without changing others."""

    def report(self, *, on_s3: bool) -> list[str]:
        """What was done, what stays, and until when, for people."""
        upkeep = SILVER_DOCUMENTS.upkeep
        hours = upkeep.removed_kept_on_s3_h if on_s3 else upkeep.removed_kept_h
        said = [
            f"forgotten document_id={self.document_id} lines={self.lines} objects={self.objects}",
            f"Files that the tables let go of stay on disk for {hours:g} hours, for those who read them: the first "
            "refresh after that, or `tapehouse job maintain`, removes them.",
        ]
        if on_s3:
            said.append("A bucket with versions keeps those files for as long as it keeps versions.")
        if self.others:
            said.append(f"The same story is told as {', '.join(self.others)} too: these stay.")
        return [
            *said,
            *(f"It cannot be taken out of {each} without changing another: look there." for each in self.left),
        ]


class Forget:
    """One run for one document."""

    def __init__(
        self,
        workspace: Workspace,
        landing: Landing,
        document_id: str,
        *,
        now_us: Callable[[], int],
        take_out: Callable[[Landed, frozenset[str]], Landed | None] = taken_out,
    ) -> None:
        self._ws, self._landing, self._take_out, self._now_us = workspace, landing, take_out, now_us
        self._ids = frozenset({document_id})
        self._list = Forgotten(workspace.lake.uri)
        self.found = Forgot(document_id)

    def is_known(self) -> bool:
        """Whether silver has it, or it was forgotten before. Notes which others tell its story."""
        asked = pa.array(sorted(self._ids), pa.string())
        told = False
        for file in self._ws.state(SILVER_DOCUMENTS).files:
            for told_as in self._ws.rows(SILVER_DOCUMENTS, [file], ["told_as"]).column("told_as").to_pylist():
                if self._ids.intersection(told_as):
                    told = True
                    self.found.others = sorted(set(told_as) - self._ids)
        scored = any(
            pc.any(pc.is_in(rows.column("document_id"), value_set=asked)).as_py()
            for file in self._ws.state(SILVER_SCORES).files
            if (rows := self._ws.rows(SILVER_SCORES, [file], ["document_id"])).num_rows
        )
        return told or scored or bool(self._ids & self._list.ids())

    def redact(self) -> None:
        """Put it on the list, and take it out of bronze and of the landing.

        Raises:
            LostRaceError: another writer was there first; run it again, and it goes on.
            TransientError: the landing did not do it now; run it again, and it goes on.
        """
        try:
            self._redact()
        except (BotoCoreError, ClientError) as error:
            raise TransientError(
                f"{self._landing.uri} did not do it now ({type(error).__name__}: {error}): run it again, and it goes on"
            ) from error

    def _redact(self) -> None:
        self._list.add(self.found.document_id, now_us=self._now_us)
        self.found.left.clear()
        files = self._ws.state(BRONZE_DOCUMENTS).files
        for file in sorted(files, key=lambda each: (str(each.high.get("fetched_at", "")), each.path), reverse=True):
            with self._ws.steps.step("forget looked") as step:
                changed = self._changed(file)
                step.rows = file.rows
            if changed:
                self._replace(file, changed)

    def settle(self, job: StoriesJob) -> None:
        """Take it out of silver. Raises LostRaceError: run it again."""
        job.forget(self._ids)

    # -- what holds it ------------------------------------------------------------------------------------------------

    def _changed(self, file: DataFile) -> dict[str, Lines]:
        """Object → its lines that hold the document, without it."""
        found: dict[str, Lines] = {}
        rows = self._ws.rows(BRONZE_DOCUMENTS, [file], ["object_key", "line", "payload"])
        for key, number, line in _each(rows):
            left = self._without(line) if number != WHOLE else line
            if left is None:
                self.found.left.append(f"{key}#{number}")
                log.warning("document_stays", object=key, line=number)
            elif left is not line:
                found.setdefault(key, {})[number] = left
        return found

    def _without(self, line: bytes) -> bytes | None:
        try:
            landed = Landed.of_line(line)
        except LandingError:
            return line
        left = self._take_out(landed, self._ids)
        if left is None:
            return None
        return line if left is landed else left.line()

    # -- in its place -------------------------------------------------------------------------------------------------

    def _replace(self, file: DataFile, changed: Mapping[str, Lines]) -> None:
        """New objects, the old ones erased, and their rows, in this order."""
        base = self._ws.state(BRONZE_DOCUMENTS)
        if file.path not in {each.path for each in base.files}:
            raise LostRaceError(BRONZE_DOCUMENTS.name, base.turn)
        rows = self._ws.rows(BRONZE_DOCUMENTS, [file])
        known = objects_in(self._ws, base.files)
        is_old = pc.is_in(rows.column("object_key"), value_set=pa.array(sorted(changed), pa.string()))
        kept, old = rows.filter(pc.invert(is_old)), rows.filter(is_old)
        new_keys: dict[str, str] = {}
        payload: list[bytes] = []
        of_object: dict[str, Lines] = {}
        for key, number, line in _each(old):
            payload.append(changed[key].get(number, line))
            of_object.setdefault(key, {})[number] = payload[-1]
        for key, lines in of_object.items():
            with self._ws.steps.step("forget landed"):
                new_keys[key] = self._landing.put_beside(key, [lines[number] for number in sorted(lines)])
        for key in of_object:
            with self._ws.steps.step("forget erased"):
                self._landing.erase(key)
        with self._ws.steps.step("bronze.documents forget") as step:
            again = _with(old, "payload", payload)
            again = _with(again, "object_key", [new_keys[key] for key in old.column("object_key").to_pylist()])
            # One that a killed run landed may have been taken in since.
            again = again.filter(pc.invert(pc.is_in(again.column("object_key"), value_set=pa.array(sorted(known)))))
            left = pa.concat_tables([kept, again])
            step.rows = again.num_rows
            add = [self._ws.stage(BRONZE_DOCUMENTS, left, partition=file.partition)] if left.num_rows else []
            self._ws.commit(base, add=add, remove=[file])
        self.found.objects += len(of_object)
        self.found.lines += sum(map(len, changed.values()))
        log.info("document_forgotten", objects=len(of_object))


def _each(rows: pa.Table) -> Iterator[tuple[str, int, bytes]]:
    """Object, line and its bytes of each row, few of them in Python at once."""
    for batch in rows.select(["object_key", "line", "payload"]).to_batches(max_chunksize=_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            yield row["object_key"], row["line"], row["payload"]


def _with(rows: pa.Table, name: str, values: list[str] | list[bytes]) -> pa.Table:
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))
