"""What a query works with: one lake's tables through one Spark session, and the steps that say what it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine import delta
from glue_jobs.engine.steps import Steps
from tapehouse.lake import Lake
from tapehouse.tables import Table


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tables of a lake, by their declarations."""

    spark: SparkSession
    lake: Lake
    steps: Steps

    def uri(self, table: Table) -> str:
        return self.lake.table_uri(table.name)

    def ensure(self, tables: Iterable[Table]) -> None:
        """Create those that are not there yet, and add columns that were declared since."""
        for table in tables:
            delta.ensure(self.spark, table, self.uri(table))

    def snapshot(self, table: Table) -> delta.Snapshot:
        """What the table is now: the base of a commit."""
        return delta.snapshot(self.spark, table, self.uri(table))

    def at(self, snapshot: delta.Snapshot) -> DataFrame:
        """The table as of a snapshot, whatever others commit meanwhile."""
        return delta.read(self.spark, snapshot)

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.read.format("delta").load(self.uri(table))

    def stream(self, table: Table, **options: str) -> DataFrame:
        """What is added to the table, as a stream."""
        return self.spark.readStream.format("delta").options(**options).load(self.uri(table))

    def frame(self, rows: Sequence[object], ddl: str) -> DataFrame:
        """Rows of the driver's own."""
        return self.spark.createDataFrame(list(rows), ddl)  # type: ignore[type-var, unused-ignore]
