"""The log of a Delta table, read by its public protocol: which files a table has, and what each commit brought.

No Spark in here: a commit is a small JSON file, a checkpoint a Parquet file, and both are read through pyarrow, from a
folder or from S3. What is read once is kept, so that a look at a table that grew by a commit reads one small file.

*Source*: Delta transaction log protocol (PROTOCOL.md of delta-io/delta). Tables of ours have classic checkpoints, no
deletion vectors and no column mapping; anything else is refused by name.
"""

import json
import re
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

import pyarrow.parquet as pq

from glue_jobs.engine.places import Place, place
from tapehouse.errors import TerminalError
from tapehouse.tables import Table

TXN_APP: Final = "tapehouse"
"""Names our transactions in a table's log: their version is the turn."""
FLOOR: Final = "tapehouse.floorUs"
"""A table's property: rows of a time before it (µs UTC) may be gone by its retention. It never goes back."""
RETENTION: Final = "RETENTION"
"""The operation of a commit that takes out rows which the table keeps no longer: what was made of them stays."""
LOOK_BACK: Final = 200
"""Commits that may lie above the newest one of ours before its turn is taken from Delta's own transaction record."""
_CHECKED_ANEW_S: Final = 60.0
"""A log that seems to end is checked against its newest checkpoint so often: its files may have been cleaned up."""
_LISTS: Final = frozenset({"partitionColumns", "readerFeatures", "writerFeatures"})
"""What is a list in a checkpoint and no map."""
CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet")
"""The name of a classic checkpoint, or of a part of one: its version, and how many parts there are."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FEATURES: Final = frozenset({"appendOnly", "invariants", "domainMetadata", "clustering"})
"""What a table of ours may ask of a writer; of a reader it asks nothing."""
RAW_BYTES: Final = "rawBytes"
"""Of our own, among a file's statistics: other readers of the log pass over what they do not know there."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a table, and what the log says of it."""

    path: str
    """Below the table's folder."""
    size: int
    """Bytes."""
    rows: int | None = None
    partition: Mapping[str, str | None] = field(default_factory=dict)
    low: Mapping[str, Any] = field(default_factory=dict)
    """Column → a value that none of the file is below: int, Decimal, text; dates and timestamps as text (UTC, ms)."""
    high: Mapping[str, Any] = field(default_factory=dict)
    """Column → a value that none of the file is above."""
    nulls: Mapping[str, int] = field(default_factory=dict)
    """Column → rows in which it is null."""
    modified_ms: int = 0
    raw: int | None = None
    """Bytes of its rows in memory, where its writer told: compression can hide any number of them."""

    @property
    def bytes_read(self) -> int:
        """What reading it takes in memory, at least."""
        return self.size if self.raw is None else self.raw

    def may_hold(self, column: str, low: Any, high: Any) -> bool:
        """False only where the statistics prove that no value of the column lies in [low, high]."""
        least, most = self.low.get(column), self.high.get(column)
        if least is None or most is None:
            return True
        return bool(least <= high and most >= low)


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that is no part of the table any more; it lies on disk until vacuum."""

    path: str
    """Below the table's folder."""
    at_ms: int
    """When it was taken out."""
    is_passed_on: bool = True
    """What was made of its rows has to go: they are not in other files now, and did not just grow too old."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit of a table did."""

    version: int
    added: tuple[DataFile, ...]
    """Files with rows that were not there before; none of a commit that only moved rows (OPTIMIZE, compaction)."""
    metadata: Mapping[str, Any] | None
    """The user metadata, where it is a JSON object."""
    timestamp_ms: int
    removed: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as of one version: what a computation reads, and the base of its commit."""

    table: Table
    uri: str
    version: int
    """-1 where there is no table yet."""
    turn: int
    """Commits of data so far; 0 for a table without any."""
    metadata: Mapping[str, Any] | None
    """What the newest commit of ours carries; None where the log no longer tells."""
    files: tuple[DataFile, ...]
    table_id: str = ""
    """Delta's own name of the table: one that was deleted and made again has another."""
    columns: tuple[str, ...] = ()
    """Those that the table was made with, or got since."""
    partition_by: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)
    """The newest ``metaData`` of the log, as it stands there."""
    replaces: tuple[DataFile, ...] | None = None
    """While the table is computed anew since its rows are not as it is declared: they. ``files`` are none then, and
    the commit upon this state makes the table what is declared, and puts what it adds in their place."""

    @property
    def floor_us(self) -> int | None:
        """Rows of a time before may be gone by retention, µs UTC; None: none is."""
        told = self.properties.get(FLOOR)
        return None if told is None else int(told)

    @property
    def is_there(self) -> bool:
        """Whether there is a table."""
        return self.version >= 0

    @property
    def rows(self) -> int:
        """Rows of all files, as the log counts them."""
        return sum(each.rows or 0 for each in self.files)


class TableLog:
    """One table's log, followed. Safe for several threads."""

    def __init__(self, table: Table, uri: str) -> None:
        self.table, self.uri = table, uri
        self._place = place(uri)
        self._lock = threading.Lock()
        self._checked_at = 0.0
        self._commits: dict[int, Commit] = {}
        self._forget()

    def _forget(self) -> None:
        self._version, self._turn, self._table_id = -1, 0, ""
        self._columns: tuple[str, ...] = ()
        self._partition_by: tuple[str, ...] = ()
        self._properties: Mapping[str, str] = {}
        self._described: Mapping[str, Any] = {}
        self._metadata: Mapping[str, Any] | None = None
        self._files: dict[str, DataFile] = {}
        self._commits.clear()
        self._state: TableState | None = None

    def state(self) -> TableState:
        """The table now. Reads what was committed since the last call.

        Raises:
            TerminalError: the table has a feature of Delta that ours never have.
        """
        with self._lock:
            self._update()
            if self._state is None:
                self._state = TableState(
                    self.table,
                    self.uri,
                    self._version,
                    self._turn,
                    self._metadata,
                    tuple(self._files.values()),
                    self._table_id,
                    self._columns,
                    self._partition_by,
                    self._properties,
                    self._described,
                )
            return self._state

    def removed_before(self) -> tuple[int, list[Removal]]:
        """(version, removals) of the newest checkpoint: those that are younger than the table's retention of them.

        Version -1 where there is no checkpoint: every commit is in the log.
        """
        version = newest_checkpoint(self._place)
        if version is None:
            return -1, []
        found = (action["remove"] for action in checkpoint_actions(self._place, version, ("remove",)) if action)
        return version, [Removal(unquote(each["path"]), int(each.get("deletionTimestamp") or 0)) for each in found]

    def commits(self, after: int, through: int) -> list[Commit] | None:
        """The commits of versions after ``after`` up to ``through``; None where the log has lost one of them."""
        found = []
        for version in range(after + 1, through + 1):
            with self._lock:
                known = self._commits.get(version)
            if known is None:
                actions = commit_actions_of(self._place, version)
                if actions is None:
                    return None
                known = commit_of(version, actions)
                with self._lock:
                    self._keep(known)
            found.append(known)
        return found

    def _keep(self, commit: Commit) -> None:
        self._commits[commit.version] = commit
        while len(self._commits) > LOOK_BACK:
            del self._commits[min(self._commits)]

    def _update(self) -> None:
        if self._version < 0:
            self._load()
        while (actions := commit_actions_of(self._place, self._version + 1)) is not None:
            self._apply(self._version + 1, actions)
        if time.monotonic() - self._checked_at > _CHECKED_ANEW_S:
            self._checked_at = time.monotonic()
            newest = newest_checkpoint(self._place)
            if newest is not None and newest > self._version:
                self._forget()
                self._update()

    def _load(self) -> None:
        """Begin at the newest checkpoint, where there is one."""
        self._checked_at = time.monotonic()
        version = newest_checkpoint(self._place)
        if version is None:
            return
        for action in checkpoint_actions(self._place, version):
            self._take(action)
        self._version = version
        if self._metadata is None:
            # Which commit of ours was the newest is told by the log's own files below the checkpoint.
            for below in range(version, max(version - LOOK_BACK, -1), -1):
                actions = commit_actions_of(self._place, below)
                if actions is None:
                    break
                metadata = commit_of(below, actions).metadata
                if metadata is not None and "turn" in metadata:
                    self._turn, self._metadata = int(metadata["turn"]), metadata
                    break

    def _apply(self, version: int, actions: list[dict[str, Any]]) -> None:
        for action in actions:
            self._take(action)
        commit = commit_of(version, actions)
        self._keep(commit)
        if commit.metadata is not None and "turn" in commit.metadata:
            self._turn, self._metadata = int(commit.metadata["turn"]), commit.metadata
        self._version, self._state = version, None

    def _take(self, action: Mapping[str, Any]) -> None:
        if added := action.get("add"):
            if added.get("deletionVector"):
                raise TerminalError(f"{self.uri}: has deletion vectors, which no table of ours has: rebuild it")
            found = _data_file(added)
            self._files[found.path] = found
        elif removed := action.get("remove"):
            self._files.pop(unquote(removed["path"]), None)
        elif (changed := action.get("metaData")) is not None:
            self._table_id, self._properties = changed["id"], dict(changed.get("configuration") or {})
            self._described = changed
            self._columns = tuple(each["name"] for each in json.loads(changed["schemaString"])["fields"])
            self._partition_by = tuple(changed.get("partitionColumns") or ())
            if self._properties.get("delta.columnMapping.mode", "none") != "none":
                raise TerminalError(f"{self.uri}: has column mapping, which no table of ours has: rebuild it")
        elif (asked := action.get("protocol")) is not None:
            self._check_protocol(asked)
        elif (txn := action.get("txn")) and txn.get("appId") == TXN_APP:
            self._turn = int(txn["version"])

    def _check_protocol(self, asked: Mapping[str, Any]) -> None:
        """A writer must know every feature that a table has. Those before version 7 bring theirs by the number."""
        features = {*(asked.get("readerFeatures") or ()), *(asked.get("writerFeatures") or ())}
        unknown = sorted(features - _FEATURES)
        if asked["minReaderVersion"] > 1 and not unknown:
            unknown = [f"reader version {asked['minReaderVersion']}"]
        if asked["minWriterVersion"] not in (1, 2, 7) and not unknown:
            unknown = [f"writer version {asked['minWriterVersion']}"]
        if unknown:
            raise TerminalError(
                f"{self.uri}: its protocol asks for {', '.join(unknown)}, which no table of ours has: take the feature "
                f"away (ALTER TABLE … DROP FEATURE), or rebuild it in another lake"
            )


def instant_us(text: str) -> int:
    """An instant as statistics spell it, µs UTC."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def instant_text(instant_us: int) -> str:
    """An instant as statistics spell it: whole milliseconds, those that have begun."""
    return f"{_EPOCH + instant_us // 1000 * _MILLISECOND:%Y-%m-%dT%H:%M:%S}.{instant_us // 1000 % 1000:03d}Z"


def has_commits(at: Place) -> bool:
    """Whether a table is there: a log without a commit is what a killed creation left."""
    return newest_checkpoint(at) is not None or commit_actions_of(at, 0) is not None


def commit_actions_of(at: Place, version: int) -> list[dict[str, Any]] | None:
    """The actions of one commit; None where the log does not have it.

    Raises:
        TerminalError: it is empty or cut off, as a power cut may leave it: what it held is not known.
    """
    try:
        text = at.read(f"_delta_log/{version:020d}.json")
    except FileNotFoundError:
        return None
    try:
        # By this byte alone: texts in a commit of Spark's may hold whatever else Python takes for the end of a line.
        actions = [json.loads(line, parse_float=Decimal) for line in text.split(b"\n") if line.strip()]
    except ValueError:
        actions = []
    if not actions:
        raise TerminalError(
            f"{at.uri}/_delta_log/{version:020d}.json is empty or cut off, as a power cut may leave it. If it "
            f"is the newest, remove it and the lake's _checkpoints, and run again: nothing is lost or doubled by that. "
            f"Else bring it back from a copy, or rebuild the table."
        )
    return actions


def newest_checkpoint(at: Place) -> int | None:
    """The version of the newest checkpoint that the log names; None where there is none."""
    try:
        return int(json.loads(at.read("_delta_log/_last_checkpoint"))["version"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # The pointer is only a help: it may be missing, or torn by a writer that was killed.
        found = [int(match[1]) for name in at.names("_delta_log") if (match := CHECKPOINT.fullmatch(name))]
        return max(found, default=None)


def checkpoint_actions(
    at: Place, version: int, kinds: Collection[str] = ("add", "metaData", "txn")
) -> Iterator[dict[str, Any]]:
    """What a checkpoint holds of some kinds of actions. Raises TerminalError where it is none of ours."""
    names = [
        name
        for name in at.names("_delta_log")
        if (match := CHECKPOINT.fullmatch(name)) is not None and int(match[1]) == version
    ]
    if not names:
        raise TerminalError(f"{at.uri}: the log's checkpoint of version {version} is not a classic one, or is gone")
    for name in sorted(names):
        with at.open(f"_delta_log/{name}") as source:
            file = pq.ParquetFile(source)
            wanted = [kind for kind in kinds if kind in file.schema_arrow.names]
            for batch in file.iter_batches(columns=wanted):
                for row in batch.to_pylist():
                    yield {kind: _plain(value) for kind, value in row.items() if value is not None}


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint's row as a commit has it: maps come as lists of pairs."""
    is_map = {name for name, held in value.items() if isinstance(held, list) and name not in _LISTS}
    return {name: dict(held) if name in is_map else held for name, held in value.items()}


def _data_file(added: Mapping[str, Any]) -> DataFile:
    stats = json.loads(added["stats"], parse_float=Decimal) if added.get("stats") else {}
    return DataFile(
        path=unquote(added["path"]),
        size=int(added["size"]),
        rows=stats.get("numRecords"),
        partition=dict(added.get("partitionValues") or {}),
        low=stats.get("minValues") or {},
        high=stats.get("maxValues") or {},
        nulls=stats.get("nullCount") or {},
        modified_ms=int(added.get("modificationTime") or 0),
        raw=stats.get(RAW_BYTES),
    )


def commit_of(version: int, actions: list[dict[str, Any]]) -> Commit:
    """What the actions of one version of the log say."""
    added: list[DataFile] = []
    removed: list[Mapping[str, Any]] = []
    info: Mapping[str, Any] = {}
    for action in actions:
        if (body := action.get("add")) and body.get("dataChange", True):
            added.append(_data_file(body))
        elif body := action.get("remove"):
            removed.append(body)
        elif "commitInfo" in action:
            info = action["commitInfo"]
    try:
        metadata = json.loads(info.get("userMetadata") or "null")
    except ValueError:
        metadata = None
    return Commit(
        version,
        tuple(added),
        metadata if isinstance(metadata, dict) else None,
        int(info.get("timestamp") or 0),
        tuple(
            Removal(
                unquote(body["path"]),
                int(body.get("deletionTimestamp") or 0),
                body.get("dataChange", True) and info.get("operation") != RETENTION,
            )
            for body in removed
        ),
    )
