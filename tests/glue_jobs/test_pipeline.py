"""A second kind of data joins the pipeline by tables, a job and a line: documents, from files in landing/ to gold.

What stands here is all that it takes: refresh, rebuild, status, audit and the locks know of it by the pipeline alone.
"""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit import audit
from glue_jobs.engine import Query, Workspace, delta
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.status import table_status
from tapehouse.lake import Lake
from tapehouse.tables import Column, Table

pytestmark = pytest.mark.spark

DAY_US: Final = 86_400_000_000

# -- tapehouse/tables/{bronze,silver,gold}_documents.py ---------------------------------------------------------------

BRONZE_DOCUMENTS: Final = Table(
    name="bronze.documents",
    grain="one row per line of a landed object",
    columns=(
        Column("object_uri", "STRING", "the landed object", nullable=False),
        Column("payload", "STRING", "the line as it came", nullable=False),
        Column("fetched_us", "BIGINT", "when it was fetched, microseconds UTC", nullable=False),
    ),
    key=("object_uri", "payload"),
    time_us="fetched_us",
)
SILVER_DOCUMENTS: Final = Table(
    name="silver.documents",
    grain="one row per document",
    columns=(
        Column("document_id", "STRING", "canonical URL", nullable=False),
        Column("title", "STRING", "as published", nullable=False),
        Column("published_us", "BIGINT", "when it was published, microseconds UTC", nullable=False),
    ),
    key=("document_id",),
    time_us="published_us",
)
GOLD_DOCUMENTS_DAILY: Final = Table(
    name="gold.documents_daily",
    grain="one row per publication date",
    columns=(
        Column("day_us", "BIGINT", "start of the day, microseconds UTC", nullable=False),
        Column("documents", "BIGINT", "how many were published", nullable=False),
    ),
    key=("day_us",),
    time_us="day_us",
)

# -- glue_jobs/{bronze,silver,gold}/documents.py ----------------------------------------------------------------------


class Appended:
    """Appends what a table does not hold yet, by its key."""

    table: Table

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        pass

    def rows(self, batch: DataFrame) -> DataFrame:
        raise NotImplementedError

    def write(self, batch: DataFrame) -> None:
        base = self._ws.snapshot(self.table)
        rows = self.rows(batch).dropDuplicates(list(self.table.key))
        new = rows.join(self._ws.at(base).select(*self.table.key), on=list(self.table.key), how="left_anti")
        with self._ws.steps.step(self.table.name) as step:
            step.rows = delta.append(new.select(*self.table.column_names), base).rows_written


class LandedDocuments(Appended):
    table = BRONZE_DOCUMENTS

    def source(self) -> DataFrame:
        landing = f"{self._ws.lake.uri}/landing"
        lines = self._ws.spark.readStream.format("text").load(landing)
        return lines.select("value", F.col("_metadata.file_path").alias("path"))

    def rows(self, batch: DataFrame) -> DataFrame:
        fetched = F.get_json_object("value", "$.fetched_us").cast("bigint")
        return batch.select(
            F.col("path").alias("object_uri"), F.col("value").alias("payload"), fetched.alias("fetched_us")
        )

    def rebuild(self, tables: Collection[Table]) -> None:
        raise AssertionError("not asked for here")


class Documents(Appended):
    table = SILVER_DOCUMENTS

    def source(self) -> DataFrame:
        return self._ws.stream(BRONZE_DOCUMENTS)

    def rows(self, batch: DataFrame) -> DataFrame:
        def of(name: str) -> Any:
            return F.get_json_object("payload", f"$.{name}")

        return batch.select(
            of("url").alias("document_id"), of("title").alias("title"), of("published_us").cast("bigint").alias(
                "published_us"
            ),
        )  # fmt: skip

    def rebuild(self, tables: Collection[Table]) -> None:
        rows = self.rows(self._ws.read(BRONZE_DOCUMENTS)).dropDuplicates(["document_id"])
        delta.replace(rows.select(*self.table.column_names), self._ws.snapshot(self.table))


class DocumentsDaily:
    """Computes the days that a batch touches anew."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        pass

    def source(self) -> DataFrame:
        return self._ws.stream(SILVER_DOCUMENTS)

    def write(self, batch: DataFrame) -> None:
        self.rebuild([GOLD_DOCUMENTS_DAILY])

    def rebuild(self, tables: Collection[Table]) -> None:
        day = F.col("published_us") - F.pmod(F.col("published_us"), F.lit(DAY_US))
        days = self._ws.read(SILVER_DOCUMENTS).groupBy(day.alias("day_us")).agg(F.count("*").alias("documents"))
        delta.replace(days, self._ws.snapshot(GOLD_DOCUMENTS_DAILY))


# -- the lines in glue_jobs/pipeline.py -------------------------------------------------------------------------------

DOCUMENTS: Final = (
    Query(name="documents-bronze", makes={BRONZE_DOCUMENTS: ()}, job=LandedDocuments),
    Query(name="documents-silver", makes={SILVER_DOCUMENTS: (BRONZE_DOCUMENTS,)}, job=Documents),
    Query(name="documents-gold", makes={GOLD_DOCUMENTS_DAILY: (SILVER_DOCUMENTS,)}, job=DocumentsDaily),
)

# ---------------------------------------------------------------------------------------------------------------------


def land(lake: Lake, name: str, documents: Sequence[dict[str, Any]]) -> None:
    folder = Path(lake.uri) / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(document) + "\n" for document in documents))


def document(number: int, day: int) -> dict[str, Any]:
    return {"url": f"https://example.org/{number}", "title": f"Story {number}", "published_us": day * DAY_US + number,
            "fetched_us": 40 * DAY_US}  # fmt: skip


def test_a_new_kind_of_data_is_tables_a_job_and_a_line(spark: Any, lake: Lake, client: Any) -> None:
    queries = (*pipeline(Options(client=client)), *DOCUMENTS)
    refresh = Refresh(spark, lake, queries)

    def days() -> dict[int, int]:
        rows = spark.read.format("delta").load(lake.table_uri("gold.documents_daily")).collect()
        return {row.day_us // DAY_US: row.documents for row in rows}

    land(lake, "first.jsonl", [document(1, 20), document(2, 20), document(3, 21)])
    refresh.once()
    assert days() == {20: 2, 21: 1}
    land(lake, "second.jsonl", [document(3, 21), document(4, 22)])
    refresh.once(layer="bronze")
    assert days() == {20: 2, 21: 1}
    refresh.once(table="silver.documents")
    refresh.once(table="gold.documents_daily")
    assert days() == {20: 2, 21: 1, 22: 1}
    status = {each.table: each for each in table_status(spark, lake, queries)}
    assert (status["bronze.documents"].rows, status["silver.documents"].rows) == (5, 4)
    assert status["silver.documents"].newest_event_us == 22 * DAY_US + 4
    assert {path.name for path in (lake.path / "_locks").iterdir()} >= {"bronze", "silver", "gold", "documents-silver"}
    report = refresh.rebuild("silver.documents")
    assert days() == {20: 2, 21: 1, 22: 1}
    assert not any("trades" in step.name for step in report.steps)  # nothing else hangs on documents
    land(lake, "third.jsonl", [document(5, 22)])
    refresh.once()
    assert days() == {20: 2, 21: 1, 22: 2}
    judged = audit(spark, lake, queries)
    assert judged.ok, judged.lines
    base = delta.snapshot(spark, SILVER_DOCUMENTS, lake.table_uri("silver.documents"))
    delta.append(delta.read(spark, base).limit(1), base)
    judged = audit(spark, lake, queries)
    assert "1 key(s) are in silver.documents more than once:" in judged.lines
