"""The maintain job forgets a document in a bucket that keeps versions: it is the one whose role may erase those."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from glue_jobs.engine import Steps, Workspace
from glue_jobs.jobs import maintain
from glue_jobs.jobs.arguments import Given, parse
from glue_jobs.silver.stories import Forgot
from tapehouse import aws
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.landing import Landing
from tapehouse.tables import BRONZE_DOCUMENTS, GOLD_NEWS, SILVER_DOCUMENTS
from tests.glue_jobs.silver.stories.test_forget import ADA, SECRET, hers, rss
from tests.tapehouse.documents import bodies


@pytest.fixture
def lake(bucket_name: str) -> Lake:
    aws.client("s3").put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    return Lake(f"s3://{bucket_name}/lake")


def given(lake: Lake) -> Given:
    return parse("maintain", ["--lake", lake.uri, "--region", "us-east-1", "--forget", ADA])


def versions(bucket: str) -> Iterator[bytes]:
    """What the landing holds in all of its versions."""
    s3: Any = aws.client("s3")
    found = s3.list_object_versions(Bucket=bucket, Prefix="lake/_landing/")
    for each in found.get("Versions", ()):
        content = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read()
        yield gzip.decompress(content)
    yield from (each["Key"].encode() for each in found.get("DeleteMarkers", ()))


def test_no_version_and_no_table_has_it_any_more_and_all_others_stay(lake: Lake, bucket_name: str) -> None:
    landing, s3 = Landing(lake.landing_uri), aws.client("s3")
    key = landing.put([rss(hers(), bodies.story())])
    whole, content = f"lake/_landing/{key}", landing.content(key)
    s3.delete_object(Bucket=bucket_name, Key=whole)
    s3.put_object(Bucket=bucket_name, Key=whole, Body=content)  # somebody restored it
    assert sum(SECRET.encode() in each for each in versions(bucket_name)) == 2
    done = maintain.work(None, given(lake))  # type: ignore[arg-type]
    assert (done.more["forgot"]["lines"], done.more["forgot"]["objects"]) == (1, 1)
    (left,) = versions(bucket_name)
    assert SECRET.encode() not in left
    assert b"Solana's week" in left
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    for table in (BRONZE_DOCUMENTS, SILVER_DOCUMENTS, GOLD_NEWS):
        rows = workspace.rows(table, workspace.state(table).files).to_pylist()
        assert len(rows) == 1
        assert SECRET not in repr(rows)


def test_a_run_that_could_not_take_it_out_everywhere_fails(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refresh:
        def forget(self, document_id: str) -> Any:
            return Forgot(document_id, left=["news/x#1"])

    monkeypatch.setattr(maintain, "refresh_of", lambda spark, given: Refresh())
    with pytest.raises(TerminalError, match=f"{ADA} is still in news/x#1"):
        maintain.work(None, given(lake))  # type: ignore[arg-type]
