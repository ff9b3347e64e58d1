"""Where things are in a lake, and which trades may go into it."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tapehouse.errors import TerminalError
from tapehouse.lake import MARKER, Lake


def test_places_of_a_local_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "a lake")
    assert lake.table_uri("silver.trades") == f"{tmp_path}/a lake/silver/trades"
    assert lake.path == tmp_path / "a lake"
    assert not lake.path.exists()


def test_a_file_uri_names_the_same_lake_as_its_path(tmp_path: Path) -> None:
    assert Lake((tmp_path / "ä lake").as_uri()) == Lake(tmp_path / "ä lake")


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Lake(".lake/demo").uri == str(tmp_path / ".lake/demo")


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_the_scheme_of_a_bucket_is_kept(scheme: str) -> None:
    lake = Lake(f"{scheme}://bucket/some/lake/")
    assert lake.table_uri("gold.candles") == f"{scheme}://bucket/some/lake/gold/candles"
    with pytest.raises(TerminalError, match="is on S3"):
        _ = lake.path


@pytest.mark.parametrize("uri", ["gs://bucket/x", "https://example.com/x"])
def test_another_scheme_is_refused(uri: str) -> None:
    with pytest.raises(TerminalError, match="a lake is a folder"):
        Lake(uri)


@pytest.mark.parametrize("name", ["trades", "iron.trades", "silver.", "silver.trades/../x", "silver.Trades"])
def test_a_name_that_is_no_table_is_refused(name: str) -> None:
    with pytest.raises(TerminalError, match=r"layer\.name"):
        Lake("x").table_uri(name)


def test_existing_tables_are_those_with_a_delta_log(tmp_path: Path) -> None:
    for folder in ("silver/trades/_delta_log", "bronze/trades/_delta_log", "gold/half_made"):
        (tmp_path / folder).mkdir(parents=True)
    assert Lake(tmp_path).existing_tables() == ["bronze.trades", "silver.trades"]


def test_a_new_lake_takes_the_origin_and_keeps_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "new")
    assert lake.origin() is None
    lake.check_origin("demo", clock=lambda: 1_700_000_000.9)
    lake.check_origin("demo")
    assert json.loads((lake.path / MARKER).read_text()) == {"version": 1, "origin": "demo", "created_s": 1_700_000_000}
    assert [p.name for p in lake.path.iterdir()] == [MARKER]


def test_a_lake_of_another_origin_is_refused_in_one_sentence(tmp_path: Path) -> None:
    Lake(tmp_path).check_origin("demo")
    with pytest.raises(TerminalError, match="holds demo trades, and this run would add live ones") as caught:
        Lake(tmp_path).check_origin("live")
    assert "\n" not in str(caught.value)


def test_of_two_that_open_a_new_lake_at_once_the_first_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, other = Lake(tmp_path), Lake(tmp_path)
    monkeypatch.setattr(lake, "_refuse_foreign", lambda: other.check_origin("recorded"))
    with pytest.raises(TerminalError, match="holds recorded trades"):
        lake.check_origin("demo")


@pytest.mark.parametrize("text", ["", "{", '{"origin": "elsewhere"}', "[]", "\ud800".encode("utf-16", "surrogatepass")])
def test_an_unreadable_marker_is_refused_and_left_alone(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / MARKER).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TerminalError, match="cannot be read"):
        Lake(tmp_path).check_origin("demo")


def test_a_folder_of_documents_does_not_become_a_lake(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("x")
    with pytest.raises(TerminalError, match="no lake and not empty"):
        Lake(tmp_path).check_origin("demo")
    assert not (tmp_path / MARKER).exists()


def test_a_lake_that_lost_its_marker_gets_one_again(tmp_path: Path) -> None:
    (tmp_path / "silver/trades/_delta_log").mkdir(parents=True)
    (tmp_path / "_aws").mkdir()
    Lake(tmp_path).check_origin("live")
    assert Lake(tmp_path).origin() == "live"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="lake")
        yield "s3a://lake/of/mine"


def test_the_marker_and_the_tables_of_a_lake_on_s3(bucket: str) -> None:
    lake = Lake(bucket)
    lake.check_origin("demo")
    lake.check_origin("demo")
    with pytest.raises(TerminalError, match="holds demo trades"):
        Lake(bucket).check_origin("live")
    s3 = boto3.client("s3", region_name="us-east-1")
    for key in ("silver/trades/_delta_log/0.json", "gold/half_made/x.parquet"):
        s3.put_object(Bucket="lake", Key=f"of/mine/{key}", Body=b"{}")
    assert lake.existing_tables() == ["silver.trades"]


def test_of_two_that_open_a_new_lake_on_s3_at_once_the_first_decides(bucket: str) -> None:
    lake = Lake(bucket)
    lake._write_marker({"version": 1, "origin": "recorded"})
    lake._write_marker({"version": 1, "origin": "demo"})
    assert lake.origin() == "recorded"
