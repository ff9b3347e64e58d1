"""Bring the lake up to date: Kinesis → bronze → silver → gold, once or layer by layer.

Bronze is the loop of ``bronze_loop``; silver and gold are streaming queries over the layer before, run until nothing
is left (``availableNow``). One writer a layer at a time: a lock in the lake says so at home, on Glue
``max_concurrent_runs = 1`` does. Whatever a killed refresh left half done, the next one finishes.
"""

import fcntl
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.bronze import BronzeLoop, StreamClient, Turn, TurnLimits, position_in
from glue_jobs.engine import Step, Steps, delta
from glue_jobs.gold.candles import GoldBatch, touches
from glue_jobs.silver.trades import SilverBatch
from tapehouse import aws, logs, tables
from tapehouse.errors import LakehouseError, TerminalError, TransientError
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES, LAYERS, Table

log = logs.of(__name__)

_LOST_RACES: Final = 8
"""Tries of one batch against other writers before the refresh gives up for now."""
_FILES_A_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What one pass did."""

    steps: tuple[Step, ...]
    rows: int
    """Rows that bronze took from the stream."""
    seconds: float


class Refresh:
    """Passes over one lake and one stream."""

    def __init__(
        self,
        spark: SparkSession,
        lake: Lake,
        *,
        stream_name: str,
        client: StreamClient | None = None,
        limits: TurnLimits | None = None,
        preferred_source: Mapping[str, str] | None = None,
        on_step: Callable[[Step], None] = lambda step: None,
        on_point: Callable[[str], None] = lambda point: None,
        on_turn: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        """``preferred_source``: exchange → the source that gold counts; ``on_point`` is where tests kill a process."""
        self._spark = spark
        self._lake = lake
        self._steps = Steps(on_step=on_step, on_point=on_point)
        self._stream_name = stream_name
        self._client = client
        self._limits = limits
        self._on_turn = on_turn
        self._silver = SilverBatch(spark, self._uri, self._steps)
        self._gold = GoldBatch(spark, self._uri, self._steps, preferred_source=preferred_source)
        self._passes: Mapping[str, Callable[[], int]] = {
            "bronze": self._bronze_pass,
            "silver": self._silver_pass,
            "gold": self._gold_pass,
        }

    def once(self, layer: str | None = None, table: str | None = None) -> RefreshReport:
        """One pass: every layer, or one, or the one that owns ``table`` (tables of a layer are written together).

        Raises:
            TerminalError: an unknown layer or table, or a stream that cannot be read.
            TransientError: a pass did not get through; what it left is finished by the next.
        """
        if table is not None:
            layer = tables.table(table).layer
        if layer is not None and layer not in LAYERS:
            raise TerminalError(f"no layer is named {layer!r}: the layers are {', '.join(LAYERS)}")
        began, rows = time.monotonic(), 0
        for name in LAYERS if layer is None else (layer,):
            with self._only_writer(name):
                rows += self._passes[name]()
        return RefreshReport(self._steps.taken(), rows, time.monotonic() - began)

    def rebuild(self, table: str) -> RefreshReport:
        """Compute a table and what hangs on it anew from its inputs, in one overwrite each.

        Raises:
            TerminalError: an unknown table, or bronze, whose input is a stream that forgets.
        """
        layer = tables.table(table).layer
        if layer == "bronze":
            raise TerminalError(f"{table} cannot be rebuilt: its input is the stream. Rebuild silver.trades instead")
        began = time.monotonic()
        with ExitStack() as locks:
            for name in ("silver", "gold") if layer == "silver" else ("gold",):
                locks.enter_context(self._only_writer(name))
            if layer == "silver":
                # Gold's query cannot go on over a rewritten input: first it forgets, and then it is made anew.
                self._forget("gold")
                self._silver.ensure()
                self._silver.rebuild(self._read(BRONZE_TRADES))
            self._gold.ensure()
            self._gold.rebuild()
        return RefreshReport(self._steps.taken(), 0, time.monotonic() - began)

    def _uri(self, table: Table) -> str:
        return self._lake.table_uri(table.name)

    def _read(self, table: Table) -> DataFrame:
        return self._spark.read.format("delta").load(self._uri(table))

    def _bronze_pass(self) -> int:
        client = self._client or aws.client("kinesis")
        loop = BronzeLoop(
            self._spark,
            self._uri(BRONZE_TRADES),
            self._stream_name,
            client=client,
            limits=self._limits,
            steps=self._steps,
        )
        return loop.drain(on_turn=self._on_turn)

    def _silver_pass(self) -> int:
        delta.ensure(self._spark, BRONZE_TRADES, self._uri(BRONZE_TRADES))
        self._silver.ensure()
        position = position_in(delta.snapshot(self._spark, BRONZE_TRADES, self._uri(BRONZE_TRADES)))
        _until_won(lambda: self._silver.note_stream_gaps(position))
        bronze = self._spark.readStream.format("delta").option("maxFilesPerTrigger", _FILES_A_BATCH)
        self._run("silver", bronze.load(self._uri(BRONZE_TRADES)), self._silver.write)
        return 0

    def _gold_pass(self) -> int:
        self._silver.ensure()
        self._gold.ensure()
        self._run("gold", touches(self._spark, self._uri), self._gold.write)
        return 0

    def _run(self, layer: str, news: DataFrame, write: Callable[[DataFrame], None]) -> None:
        failed: list[Exception] = []

        def batch(frame: DataFrame, batch_id: int) -> None:
            log.debug("batch", layer=layer, batch_id=batch_id)
            try:
                _until_won(lambda: write(frame))
            except Exception as error:
                failed.append(error)  # Spark would only hand on its text
                raise

        with self._steps.step(f"{layer} query"):
            try:
                (
                    news.writeStream.foreachBatch(batch)
                    .queryName(f"tapehouse-{layer}")
                    .option("checkpointLocation", self._lake.checkpoint_uri(layer))
                    .trigger(availableNow=True)
                    .start()
                    .awaitTermination()
                )
            except (StreamingQueryException, Py4JJavaError) as error:
                # The second: where another refresh took the checkpoint's files while this one was starting.
                cause = failed[-1] if failed else error
                if isinstance(cause, LakehouseError):
                    raise cause from error
                raise TransientError(
                    f"the {layer} refresh stopped and will go on where it was: {_first_line(cause)}"
                ) from cause

    def _forget(self, layer: str) -> None:
        """Throw a layer's checkpoint away: only time is lost."""
        jvm: Any = self._spark._jvm
        path = jvm.org.apache.hadoop.fs.Path(self._lake.checkpoint_uri(layer))
        path.getFileSystem(self._spark._jsparkSession.sessionState().newHadoopConf()).delete(path, True)

    @contextmanager
    def _only_writer(self, layer: str) -> Iterator[None]:
        """Wait until no other process refreshes the layer. The system lets go of the lock of a killed one."""
        if not self._lake.is_local:
            yield  # on AWS one Glue job owns a layer, and runs once at a time
            return
        folder = self._lake.path / "_locks"
        folder.mkdir(parents=True, exist_ok=True)
        with Path(folder / layer).open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.info("refresh_waits", layer=layer, note="another refresh of this lake is at work")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _until_won(write: Callable[[], None]) -> None:
    for number in range(_LOST_RACES):
        try:
            return write()
        except delta.LostRaceError as error:
            log.info("batch_lost_race", table=error.table, turn=error.turn)
            time.sleep(random.uniform(0, 0.1 * 2**number))
    return write()


def _first_line(error: Exception) -> str:
    if isinstance(error, Py4JJavaError):
        return str(error.java_exception.toString()).splitlines()[0]
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
