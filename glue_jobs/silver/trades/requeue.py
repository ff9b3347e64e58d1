"""What is quarantined judged again by the rules as they are now, after one of them was mended.

A record that is sound goes where a batch would have put it, with its own coordinates, and then its row leaves
silver.rejected: in this order, a commit each, so that a kill leaves it in both tables and never in neither. Done again,
it is known there by its coordinates, and the row goes. What breaks a rule still keeps its row, with the reasons of now.

A sound record that repeats, or contradicts, what is in silver by now stays as duplicate or conflict. What it meets may
have come after it, which a batch never finds, so its reasons say ``requeued``. A conflict is none of a rule, so what
is one already is not asked again; nor can an ``unparsed`` message be read without its feed, which is a producer's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Flags, LostRaceError, Workspace, read_files
from glue_jobs.silver.trades.coverage import Watermark
from glue_jobs.silver.trades.gaps import POSITION
from glue_jobs.silver.trades.job import TradesJob
from glue_jobs.silver.trades.order import TURN
from glue_jobs.silver.trades.parts import Judged, among, with_verdict
from glue_jobs.silver.trades.rows import rejected_of
from glue_jobs.silver.trades.verdicts import QUARANTINED
from tapehouse.tables import COORDINATE_NAMES, REQUEUED, SILVER_COVERAGE, SILVER_REJECTED

PIECE_ROWS: Final = 50_000
PIECE_BYTES: Final = 64 * 1024 * 1024
"""Of rows in memory: quarantined records may be large. What one piece holds at most, but for its first file."""


@dataclass(slots=True)
class Requeued:
    """What judging again came to, counted in records."""

    records: int = 0
    """Quarantined ones that were judged."""
    sound: Counter[str] = field(default_factory=Counter)
    """By kind."""
    refused: Counter[str] = field(default_factory=Counter)
    """Those of the sound ones that are duplicates or conflicts, by verdict. A dry run does not ask."""
    by_reason: Counter[str] = field(default_factory=Counter)
    """By each reason that they had."""
    sound_by_reason: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Requeued") -> None:
        self.records += other.records
        for name in ("sound", "refused", "by_reason", "sound_by_reason"):
            getattr(self, name).update(getattr(other, name))

    def lines(self) -> list[str]:
        """A table by reason, and the sums, for people."""
        found = [f"{'reason':<32} {'records':>12} {'sound now':>12} {'stay':>12}"]
        for reason, records in sorted(self.by_reason.items()):
            sound = self.sound_by_reason[reason]
            found.append(f"{reason:<32} {records:>12,} {sound:>12,} {records - sound:>12,}")
        told = {
            "records": self.records,
            "sound": self.sound.total(),
            "stay": self.records - self.sound.total(),
            **{f"{kind}s" if kind != "coverage" else kind: number for kind, number in sorted(self.sound.items())},
            **{f"of_these_{verdict}": number for verdict, number in sorted(self.refused.items())},
        }
        return [*found, "requeued " + " ".join(f"{name}={number}" for name, number in told.items())]


class Requeue:
    """One run over silver.rejected, piece by piece. Whoever runs it is the one writer of silver's tables."""

    def __init__(self, workspace: Workspace, *, reason: str | None = None, dry_run: bool = False) -> None:
        """``reason``: only records that have it among theirs; ``dry_run``: write nothing."""
        self._ws, self._job = workspace, TradesJob(workspace)
        self._reason, self._dry_run = reason, dry_run
        self._done: set[str] = set()
        """Files that were looked at, and those that were written."""
        self.found = Requeued()

    def run(self) -> None:
        """Judge what is left of this run.

        Raises:
            LostRaceError: another writer was there first; run it again, and it goes on.
        """
        for files in self._pieces():
            with self._ws.steps.step("silver requeue judged") as step:
                rows = read_files(self._ws.uri(SILVER_REJECTED), SILVER_REJECTED, files)
                is_asked = self._asked(rows)
                asked = rows.filter(pa.array(is_asked))
                step.rows = asked.num_rows
                judged = Judged.of(_as_bronze(asked))
            refused = self._place(judged)
            if not self._dry_run:
                self._put(files, rows.filter(pa.array(~is_asked)), asked, judged, refused)
            self._done |= {each.path for each in files}
            self.found.add(_counted(asked, judged, refused))

    def _pieces(self) -> Iterator[list[DataFile]]:
        """Files that may hold what is asked for, oldest arrival first."""
        left = [
            each
            for each in self._ws.state(SILVER_REJECTED).files
            if each.path not in self._done and each.may_hold("verdict", QUARANTINED, QUARANTINED)
        ]
        piece: list[DataFile] = []
        for each in sorted(left, key=lambda file: (str(file.low.get("arrival_time", "")), file.path)):
            some = [*piece, each]
            if piece and (
                sum(file.rows or 0 for file in some) > PIECE_ROWS or sum(file.bytes_read for file in some) > PIECE_BYTES
            ):
                yield piece
                some = [each]
            piece = some
        if piece:
            yield piece

    def _asked(self, rows: pa.Table) -> Flags:
        has_bytes = pc.is_valid(rows.column("payload"))
        is_quarantined = np.asarray(pc.and_(pc.equal(rows.column("verdict"), QUARANTINED), has_bytes), np.bool_)
        if self._reason is None:
            return is_quarantined
        has_it = [self._reason in reasons for reasons in rows.column("reasons").to_pylist()]
        return is_quarantined & np.array(has_it, np.bool_)

    def _place(self, judged: Judged) -> pa.Table:
        """Judged rows, with their verdict, of those sound ones that are no new ones."""
        if self._dry_run or judged.quarantined.num_rows == judged.rows:
            return with_verdict(judged.quarantined.slice(0, 0), QUARANTINED)
        # Up to when all that arrived is in silver stays as it is: coverage that arrived before counts at once.
        was = Watermark.of(self._ws.state(SILVER_COVERAGE))
        told = {POSITION: {"arrived_through_us": was.through_us, "ingested_us": was.ingested_us}}
        return self._job.place(judged, told, is_all=True)

    def _put(
        self, files: Sequence[DataFile], others: pa.Table, asked: pa.Table, judged: Judged, refused: pa.Table
    ) -> None:
        """What the files hold after it, in their place, where that is anything else."""
        again = pa.concat_tables([rejected_of(with_verdict(judged.quarantined, QUARANTINED)), _requeued(refused)])
        if _in_order(again).equals(_in_order(asked)):
            return
        base = self._ws.state(SILVER_REJECTED)
        if not {each.path for each in files} <= {each.path for each in base.files}:
            raise LostRaceError(SILVER_REJECTED.name, base.turn)
        with self._ws.steps.step("silver.rejected requeue") as step:
            rows = pa.concat_tables([others, again]).sort_by("arrival_time")
            step.rows = asked.num_rows - again.num_rows
            add = [self._ws.stage(SILVER_REJECTED, rows)] if rows.num_rows else []
            self._done |= {each.path for each in add}
            self._ws.commit(base, add=add, remove=files)


def _as_bronze(rejected: pa.Table) -> pa.Table:
    """What judging needs of a record. Its turn is known no more: those of one run follow on each other by arrival."""
    rows = rejected.select(["payload", *COORDINATE_NAMES, "arrival_time"])
    return rows.append_column(TURN, rows.column("arrival_time"))


def _requeued(refused: pa.Table) -> pa.Table:
    """Rows of silver.rejected for duplicates and conflicts that were quarantined before."""
    rows = rejected_of(refused)
    at = rows.schema.get_field_index("reasons")
    reasons = [[*each, REQUEUED] for each in rows.column("reasons").to_pylist()]
    return rows.set_column(at, rows.schema.field(at), pa.array(reasons, rows.schema.field(at).type))


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in COORDINATE_NAMES]).combine_chunks()


def _counted(asked: pa.Table, judged: Judged, refused: pa.Table) -> Requeued:
    is_sound = ~among(asked, judged.quarantined)
    found = Requeued(records=asked.num_rows)
    found.sound.update(trade=judged.trades.num_rows, coverage=judged.coverage.num_rows)
    found.sound.update(judged.gaps.column("kind").to_pylist())
    found.sound += Counter()  # without the kinds that there are none of
    found.refused.update(refused.column("verdict").to_pylist())
    for reasons, sound in zip(asked.column("reasons").to_pylist(), is_sound.tolist(), strict=True):
        found.by_reason.update(reasons)
        found.sound_by_reason.update(reasons if sound else ())
    return found
