"""A second kind of data joins the pipeline by tables, a job and a line: filings, from files in landing/ to gold.

What stands here is all that it takes: refresh, rebuild, status, audit and the locks know of it by the pipeline alone.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest

from glue_jobs.audit import audit
from glue_jobs.engine import Batch, Piece, Query, Steps, Workspace
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.status import table_status
from tapehouse.lake import Lake
from tapehouse.tables import Column, Table
from tests.glue_jobs.tables_on_disk import rows_of

pytestmark = pytest.mark.spark

DAY_US: Final = 86_400_000_000

# -- tapehouse/tables/{bronze,silver,gold}_filings.py ---------------------------------------------------------------

BRONZE_FILINGS: Final = Table(
    name="bronze.filings",
    grain="one row per line of a landed object",
    columns=(
        Column("object_uri", "STRING", "the landed object", nullable=False),
        Column("payload", "STRING", "the line as it came", nullable=False),
        Column("fetched_us", "BIGINT", "when it was fetched, microseconds UTC", nullable=False),
    ),
    key=("object_uri", "payload"),
    time_us="fetched_us",
)
SILVER_FILINGS: Final = Table(
    name="silver.filings",
    grain="one row per document",
    columns=(
        Column("document_id", "STRING", "canonical URL", nullable=False),
        Column("title", "STRING", "as published", nullable=False),
        Column("published_us", "BIGINT", "when it was published, microseconds UTC", nullable=False),
    ),
    key=("document_id",),
    time_us="published_us",
)
GOLD_FILINGS_DAILY: Final = Table(
    name="gold.filings_daily",
    grain="one row per publication date",
    columns=(
        Column("day_us", "BIGINT", "start of the day, microseconds UTC", nullable=False),
        Column("documents", "BIGINT", "how many were published", nullable=False),
    ),
    key=("day_us",),
    time_us="day_us",
)

# -- glue_jobs/{bronze,silver,gold}/filings.py ----------------------------------------------------------------------


class LandedFilings:
    """Takes in the lines of landed objects, an object once."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def drain(self) -> int:
        return self.turn().rows

    def turn(self) -> Piece:
        self._ws.ensure([BRONZE_FILINGS])
        base = self._ws.state(BRONZE_FILINGS)
        there = set(self._ws.rows(base, base.files, ["object_uri"]).column("object_uri").to_pylist())
        landed = [path for path in sorted(Path(self._ws.lake.uri, "landing").glob("*")) if str(path) not in there]
        rows = [
            {"object_uri": str(path), "payload": line, "fetched_us": json.loads(line)["fetched_us"]}
            for path in landed
            for line in path.read_text().splitlines()
        ]
        if rows:
            with self._ws.steps.step("bronze.filings"):
                file = self._ws.stage(BRONZE_FILINGS, rows_of(BRONZE_FILINGS, rows))
                self._ws.commit(base, add=[file])
        return Piece(len(rows), wrote=bool(rows), has_more=False)


class Filings:
    """Adds the documents that silver does not hold yet."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        base = self._ws.state(SILVER_FILINGS)
        there = self._ws.rows(base, base.files, ["document_id"]).column("document_id").to_pylist()
        new = filings_of(batch.read(BRONZE_FILINGS, ["payload"]), there)
        if new.num_rows:
            self._ws.commit(base, add=[self._ws.stage(SILVER_FILINGS, new)])

    def more(self) -> bool:
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        base, bronze = self._ws.state(SILVER_FILINGS), self._ws.state(BRONZE_FILINGS)
        rows = filings_of(self._ws.rows(bronze, bronze.files, ["payload"]), ())
        self._ws.commit(base, add=[self._ws.stage(SILVER_FILINGS, rows)], remove=base.files)


def filings_of(landed: pa.Table, there: Collection[str]) -> pa.Table:
    """The documents of lines of bronze, each once, without those that are there."""
    found = {}
    for line in landed.column("payload").to_pylist():
        told = json.loads(line)
        if told["url"] not in there:
            found[told["url"]] = {
                "document_id": told["url"], "title": told["title"], "published_us": told["published_us"]
            }  # fmt: skip
    return rows_of(SILVER_FILINGS, list(found.values()))


class FilingsDaily:
    """Counts all days anew: there are few."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        self.rebuild([GOLD_FILINGS_DAILY])

    def more(self) -> bool:
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        base, silver = self._ws.state(GOLD_FILINGS_DAILY), self._ws.state(SILVER_FILINGS)
        published = self._ws.rows(silver, silver.files, ["published_us"]).column("published_us").to_pylist()
        days = Counter(at_us // DAY_US for at_us in published)
        rows = [{"day_us": day * DAY_US, "documents": count} for day, count in days.items()]
        file = self._ws.stage(GOLD_FILINGS_DAILY, rows_of(GOLD_FILINGS_DAILY, rows))
        self._ws.commit(base, add=[file], remove=base.files)


# -- the lines in glue_jobs/pipeline.py -------------------------------------------------------------------------------

DOCUMENTS: Final = (
    Query(name="filings-bronze", makes={BRONZE_FILINGS: ()}, job=LandedFilings),
    Query(name="filings-silver", makes={SILVER_FILINGS: (BRONZE_FILINGS,)}, job=Filings),
    Query(name="filings-gold", makes={GOLD_FILINGS_DAILY: (SILVER_FILINGS,)}, job=FilingsDaily),
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
        rows = spark.read.format("delta").load(lake.table_uri("gold.filings_daily")).collect()
        return {row.day_us // DAY_US: row.documents for row in rows}

    land(lake, "first.jsonl", [document(1, 20), document(2, 20), document(3, 21)])
    refresh.once()
    assert days() == {20: 2, 21: 1}
    land(lake, "second.jsonl", [document(3, 21), document(4, 22)])
    refresh.once(layer="bronze")
    assert days() == {20: 2, 21: 1}
    refresh.once(table="silver.filings")
    refresh.once(table="gold.filings_daily")
    assert days() == {20: 2, 21: 1, 22: 1}
    status = {each.table: each for each in table_status(spark, lake, queries)}
    assert (status["bronze.filings"].rows, status["silver.filings"].rows) == (5, 4)
    assert status["silver.filings"].newest_event_us == 22 * DAY_US + 4
    assert {path.name for path in (lake.path / "_locks").iterdir()} >= {"bronze", "silver", "gold", "filings-silver"}
    report = refresh.rebuild("silver.filings")
    assert days() == {20: 2, 21: 1, 22: 1}
    assert not any("trades" in step.name for step in report.steps)  # nothing else hangs on documents
    land(lake, "third.jsonl", [document(5, 22)])
    refresh.once()
    assert days() == {20: 2, 21: 1, 22: 2}
    judged = audit(spark, lake, queries)
    assert judged.ok, judged.lines
    workspace = Workspace(spark, lake, Steps())
    base = workspace.state(SILVER_FILINGS)
    again = workspace.rows(base, base.files).slice(0, 1)
    workspace.commit(base, add=[workspace.stage(SILVER_FILINGS, again)])
    judged = audit(spark, lake, queries)
    assert "1 key(s) are in silver.filings more than once:" in judged.lines
