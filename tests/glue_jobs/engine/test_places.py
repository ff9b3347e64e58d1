"""A place is the same in a folder and in a bucket: what is written is listed, read and deleted alike."""

from pathlib import Path

import boto3
import pytest

from glue_jobs.engine.places import Place, place


@pytest.fixture(params=["folder", "bucket", "whole bucket"])
def at(request: pytest.FixtureRequest, tmp_path: Path, moto: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "folder":
        return place(str(tmp_path / "table"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    name = f"places-{request.param.replace(' ', '-')}"
    boto3.client("s3").create_bucket(Bucket=name)
    return place(f"s3a://{name}/lake/table" if request.param == "bucket" else f"s3://{name}")


def test_what_is_written_is_listed_and_deleted(at: Place) -> None:
    assert list(at.listing(recursive=True)) == []
    names = ["a.parquet", "day=1/b.parquet", "_delta_log/0.json"]
    for name in names:
        at.write(name, b"four")
    assert at.read("day=1/b.parquet") == b"four"
    found = list(at.listing(recursive=True))
    assert sorted(each.path for each in found) == sorted(names)
    assert {each.size for each in found} == {4}
    assert min(each.modified_ms for each in found) > 1_600_000_000_000
    assert [each.path for each in at.listing("_delta_log")] == ["_delta_log/0.json"]
    assert list(at.listing("nothing")) == []
    at.delete_all(["a.parquet", "not there", "day=1/b.parquet"])
    assert [each.path for each in at.listing(recursive=True)] == ["_delta_log/0.json"]
    at.delete_folder("_delta_log")
    at.delete_folder("_delta_log")
    assert list(at.listing(recursive=True)) == []


def test_more_files_than_one_call_takes_are_deleted(at: Place) -> None:
    names = [f"{number}.parquet" for number in range(25)]
    for name in names:
        at.write(name, b"")
    with pytest.MonkeyPatch.context() as small:
        small.setattr("glue_jobs.engine.places._DELETED_AT_ONCE", 10)
        at.delete_all(names)
    assert list(at.listing(recursive=True)) == []
