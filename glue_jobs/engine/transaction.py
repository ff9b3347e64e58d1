"""Commits of files to a Delta table, through Delta's own transaction in Spark's JVM, or by the log's public protocol.

The one place that calls what Delta does not promise to keep: its log's snapshot and its optimistic transaction. Where
this Delta has other ones, and always on S3, the commit is written by the protocol instead: the next version's file, put
where none may be yet. For Delta's log store on S3 looks whether that file is there and then puts it in any case: a
driver that is paused between the two writes over another's commit. S3's conditional PUT leaves nothing between them.
Either way one writer gets a version, and the other learns that it lost.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark.sql import SparkSession

from glue_jobs.engine.files import dumps
from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import Place, place
from glue_jobs.engine.table_log import TXN_APP
from tapehouse import logs
from tapehouse.errors import TransientError

log = logs.of(__name__)

_CONFLICTS: Final = ("Concurrent", "DELTA_CONCURRENT", "FileAlreadyExists")
_REBASED: Final = 20
"""Versions above its base that a transaction of Delta's is looked for in: it may step over a compaction."""
_missing: set[str] = set()
"""What this Delta turned out not to have, said once."""


class LostRaceError(TransientError):
    """Another writer committed to the table since it was read. Nothing was written; read again and repeat."""

    def __init__(self, table: str, turn: int) -> None:
        super().__init__(table, turn)
        self.table = table
        self.turn = turn

    def __str__(self) -> str:
        return f"{self.table}: another writer committed after turn {self.turn}; nothing was written, try again"


def commit_actions(
    spark: SparkSession | None,
    uri: str,
    actions: Sequence[Mapping[str, Any]],
    *,
    version: int,
    turn: int | None,
    metadata: Mapping[str, Any] | None,
) -> bool:
    """One commit of the log's actions on top of ``version``, with the metadata.

    ``turn``: the number that the transaction gets, one above the table's; None for a commit that counts none. Without
    Spark, and on S3, the commit is written by the protocol. Returns False where another writer was first: nothing was
    written.
    """
    body = json.dumps(metadata, separators=(",", ":")) if metadata is not None else None
    if turn is not None:
        now_ms = time.time_ns() // 1_000_000
        actions = [*actions, {"txn": {"appId": TXN_APP, "version": turn, "lastUpdated": now_ms}}]
    if spark is not None and "transaction" not in _missing and not place(uri).is_bucket:
        try:
            transaction = _begin(spark, uri, actions, version=version, body=body)
        except (Py4JNetworkError, Py4JJavaError):
            raise
        except (Py4JError, TypeError) as error:  # no such class or method: another Delta than the one this was made for
            _missing.add("transaction")
            log.warning("delta_transaction_unknown", error=str(error)[:200], note="committing by the log's protocol")
        else:
            return transaction is not None and transaction.commit()
    return commit_by_protocol(uri, actions, version=version, body=body)


def is_conflict(error: Exception) -> bool:
    """Whether Delta refused a commit because another one was first."""
    text = str(error)
    return any(word in text for word in _CONFLICTS)


@dataclass(frozen=True, slots=True)
class _Transaction:
    """One of Delta's own, with all that it will commit."""

    uri: str
    version: int
    """It was begun on this one."""
    id: str
    """Delta writes it into the commit."""
    run: Callable[[], object]

    def commit(self) -> bool:
        """Raises Py4JError: Delta refused, or the JVM is gone, and nothing was committed."""
        try:
            self.run()
        except Py4JError as error:
            if self._stands():
                # The commit is made before the checkpoint and the clean-up that follow it.
                log.warning(
                    "after_commit_failed", uri=self.uri, error=str(error)[:200], note="the commit itself stands"
                )
                return True
            if isinstance(error, Py4JJavaError) and is_conflict(error):
                return False
            raise
        return True

    def _stands(self) -> bool:
        at = place(self.uri)
        for version in range(self.version + 1, self.version + 1 + _REBASED):
            try:
                text = at.read(f"_delta_log/{version:020d}.json")
            except FileNotFoundError:
                return False
            if self.id.encode() in text:
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Names:
    """What is called in the JVM. Each part of a name that is looked up there costs a search through all jars."""

    gateway: object
    option: Any
    delta_log: Any
    action: Any
    write: Any
    append: Any
    array_list: Any
    converters: Any


def _names(spark: SparkSession) -> _Names:
    """Looked up once a JVM."""
    global _known_names  # noqa: PLW0603
    gateway = spark.sparkContext._gateway  # type: ignore[attr-defined, unused-ignore]
    known = _known_names
    if known is None or known.gateway is not gateway:
        jvm: Any = spark._jvm  # type: ignore[attr-defined, unused-ignore]
        delta: Any = jvm.org.apache.spark.sql.delta
        known = _known_names = _Names(
            gateway,
            jvm.scala.Option,
            delta.DeltaLog,
            delta.actions.Action,
            delta.DeltaOperations.Write,
            jvm.org.apache.spark.sql.SaveMode.valueOf("Append"),
            jvm.java.util.ArrayList,
            jvm.scala.jdk.javaapi.CollectionConverters,
        )
    return known


_known_names: _Names | None = None


def _begin(
    spark: SparkSession,
    uri: str,
    actions: Sequence[Mapping[str, Any]],
    *,
    version: int,
    body: str | None,
) -> _Transaction | None:
    """An ``OptimisticTransaction``: it checks for conflicts, writes checkpoints, and cleans the log.

    None where the table has moved on already.

    Raises:
        Py4JJavaError: an action is not one of Delta's, or the table cannot be read.
        Py4JError, TypeError: this Delta has no such class or method.
    """
    names = _names(spark)
    none = names.option.empty()
    delta_log = names.delta_log.forTable(spark._jsparkSession, uri)
    snapshot = delta_log.update(False, none, none)
    if snapshot.version() != version:
        return None
    transaction = delta_log.startTransaction(none, names.option.apply(snapshot))
    # Having read our number makes Delta see a conflict with any commit of ours that comes first. What the number is we
    # know from the log; asking Delta for it computes its whole state, a Spark job over all files that the log names.
    try:
        transaction.readTxn().addOne(TXN_APP)
    except Py4JNetworkError:
        raise
    except Py4JError:
        transaction.txnVersion(TXN_APP)
    listed = names.array_list()
    for action in actions:
        listed.add(names.action.fromJson(dumps(action)))
    sequence = names.converters.asScala(listed).toSeq()
    told = names.option.apply(body) if body else none
    operation = names.write(names.append, none, none, told, none, none, none)
    return _Transaction(uri, version, transaction.txnId(), lambda: transaction.commit(sequence, operation))


def commit_by_protocol(
    uri: str, actions: Sequence[Mapping[str, Any]], *, version: int, body: str | None, operation: str = "WRITE"
) -> bool:
    """The next version's file, written by us, where none is there.

    *Source*: Delta protocol, "Delta Log Entries": a version belongs to the writer that puts its file first.
    """
    now_ms = time.time_ns() // 1_000_000
    info: dict[str, Any] = {
        "timestamp": now_ms,
        "operation": operation,
        "operationParameters": {"mode": "Append"} if operation == "WRITE" else {},
        "isolationLevel": "Serializable",
        "isBlindAppend": False,
        "engineInfo": "tapehouse",
        "txnId": str(uuid.uuid4()),
    }
    if version >= 0:
        info["readVersion"] = version
    if body is not None:
        info["userMetadata"] = body
    text = "\n".join(dumps(action) for action in ({"commitInfo": info}, *actions))
    return _put_first(place(uri), f"_delta_log/{version + 1:020d}.json", text.encode())


def _put_first(at: Place, name: str, content: bytes) -> bool:
    """Raises LakehouseError where S3 does not take it now, or not at all."""
    if at.is_bucket:
        return Objects(at.uri).put(name, content, replaces=None) is not None
    target = Path(at.path(name))
    written = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    written.write_bytes(content)
    try:
        target.hardlink_to(written)
    except FileExistsError:
        return False
    finally:
        written.unlink()
    return True
