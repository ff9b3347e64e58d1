"""Objects of the landing: written once, read back as they came, the same lines the same object."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from tapehouse.errors import TerminalError
from tapehouse.landing import Key, Landed, Landing, LandingError, key_of, packed, raw_lines

AT_US = 1_795_918_231_000_042  # 2026-11-29T02:10:31.000042Z


def landed(**words: Any) -> Landed:
    given_words = {"kind": "news", "source": "coindesk", "request": "GET https://a.example/rss", "fetched_at_us": AT_US}
    return Landed(**{**given_words, "body": b"<rss/>", **words})


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def landing(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "folder":
        yield Landing(tmp_path / "landing")
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        yield Landing("s3a://lake" if request.param == "bucket" else "s3://lake/demo/_landing/", s3=lambda: s3)


def test_key_says_kind_source_day_and_time() -> None:
    key = key_of([landed()])
    assert key.startswith("news/coindesk/2026-11-29/021031000042-")
    assert Key.of(key) == Key("news", "coindesk", AT_US)
    assert Key("news", "coindesk", AT_US).date == date(2026, 11, 29)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "news/x",
        "news/coindesk/2026-13-29/021031000042-0123456789abcdef.jsonl.gz",
        "news/coindesk/2026-11-29/251031000042-0123456789abcdef.jsonl.gz",
        "news/coindesk/9999-12-31/235959999999-0123456789abcdef.jsonl.gz",
        "news/coindesk/0001-01-01/000000000000-0123456789abcdef.jsonl.gz",
        "../a",
    ],
)
def test_foreign_key_says_nothing(foreign: str) -> None:
    assert Key.of(foreign) is None


def test_what_was_put_is_read_back_as_it_came(landing: Landing) -> None:
    lines = [
        landed(body=b"\xff\xfe\x00latin"),
        landed(body="é\u2028\n".encode(), headers={"etag": '"1"'}),
        landed(body=b""),
    ]
    assert landing.read(landing.put(lines)) == lines


def test_the_same_lines_are_one_object(landing: Landing) -> None:
    assert landing.put([landed()]) == landing.put([landed()])
    assert len(list(landing.keys())) == 1


def test_an_object_is_never_written_over(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    key = landing.put([landed()])
    monkeypatch.setattr("tapehouse.landing.packed", lambda lines: b"other")
    assert landing.put([landed()]) == key
    assert landing.read(key) == [landed()]


def test_keys_come_in_order_by_prefix_and_from_behind_one(landing: Landing) -> None:
    keys = sorted(
        landing.put([landed(kind=kind, source=source, fetched_at_us=AT_US + day * 86_400_000_000)])
        for kind, source, day in [
            ("news", "coindesk", 0),
            ("news", "coindesk", 1),
            ("news", "coin", 0),
            ("score", "own", 0),
        ]
    )
    assert list(landing.keys()) == keys
    assert list(landing.keys("news/coindesk/")) == [key for key in keys if key.startswith("news/coindesk/")]
    assert list(landing.keys("news/", after=keys[0])) == keys[1:3]
    assert list(landing.keys("social/")) == []


def test_keys_of_a_day_and_after_leave_out_those_before(landing: Landing) -> None:
    keys = [
        landing.put([landed(kind=kind, source=source, fetched_at_us=AT_US + day * 86_400_000_000)])
        for kind, source in [("news", "coindesk"), ("score", "scores")]
        for day in (-1, 0, 1)
    ]
    assert sorted(landing.keys_since(date(2026, 11, 29))) == sorted(key for key in keys if "2026-11-28" not in key)
    assert list(landing.keys_since(date(2026, 12, 1))) == []


def test_deleted_is_gone_and_deleting_again_is_no_fault(landing: Landing) -> None:
    key = landing.put([landed()])
    landing.delete(key)
    landing.delete(key)
    assert list(landing.keys()) == []
    with pytest.raises(LandingError, match="cannot be read"):
        landing.read(key)


def test_files_of_others_are_no_objects(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    key = landing.put([landed()])
    (tmp_path / "news" / "note.jsonl.gz").write_bytes(b"")
    (tmp_path / key).with_name(f".{Path(key).name}.draft").write_bytes(b"")
    assert list(landing.keys()) == [key]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-9],
        lambda content: b"plain",
        lambda content: gzip.compress(b"{}\n"),
        lambda content: gzip.compress(b"[1]\n"),
        lambda content: gzip.compress(b"\xff\n"),
        lambda content: gzip.compress(gzip.decompress(content).replace(b"rss/>", b"rss />")),
        lambda content: gzip.compress(gzip.decompress(content).replace(b'"v":1', b'"v":2')),
        lambda content: gzip.compress(gzip.decompress(content).replace(b'"status":200', b'"status":1e999')),
        lambda content: gzip.compress(gzip.decompress(content).replace(str(AT_US).encode(), b"1e18")),
    ],
    ids=[
        *("cut", "no gzip", "no fields", "no object", "no UTF-8", "changed body", "another version"),
        *("endless status", "no time that can be"),
    ],
)
def test_a_spoilt_object_is_told_by_its_place(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    landing = Landing(tmp_path)
    key = landing.put([landed()])
    (tmp_path / key).write_bytes(spoil(packed([landed()])))
    with pytest.raises(LandingError, match=key):
        landing.read(key)


def test_a_bomb_is_refused_before_it_is_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapehouse.landing.MOST_BYTES", 1_000)
    assert raw_lines(gzip.compress(b"x" * 1_000)) == [b"x" * 1_000]
    with pytest.raises(LandingError, match="more than 1,000 bytes"):
        raw_lines(gzip.compress(b"x" * 1_001))


def test_the_same_lines_are_the_same_bytes() -> None:
    assert packed([landed()]) == packed([landed()])


@pytest.mark.parametrize("lines", [[], [landed(), landed(source="other")], [landed(), landed(kind="social")]])
def test_an_object_is_of_one_kind_and_source(lines: list[Landed]) -> None:
    with pytest.raises(ValueError, match="one kind and one source"):
        key_of(lines)


@pytest.mark.parametrize("words", [{"kind": "music"}, {"source": "../x"}, {"source": "A"}, {"source": ""}])
def test_what_cannot_be_part_of_a_key_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(TerminalError, match="nothing lands as"):
        landed(**words)


def test_another_scheme_is_refused() -> None:
    with pytest.raises(TerminalError, match="ftp"):
        Landing("ftp://a.example/x")


@given(
    st.binary(max_size=200), st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
)
def test_a_line_holds_whatever_came(body: bytes, request: str, headers: dict[str, str]) -> None:
    request = request.encode("utf-8", "replace").decode()
    line = landed(body=body, request=request, headers=headers).line()
    assert b"\n" not in line
    assert json.loads(line)
    assert Landed.of_line(line) == landed(body=body, request=request, headers=headers)


def test_lines_in_the_place_of_others_lie_where_they_would_have_landed(landing: Landing) -> None:
    lines = [landed(), landed(body=b"other")]
    key = landing.put(lines)
    beside = landing.put_beside(key, [lines[1].line(), b"no line"])
    assert beside.rpartition("-")[0] == key.rpartition("-")[0]
    assert raw_lines(landing.content(beside)) == [lines[1].line(), b"no line"]
    assert landing.put_beside(key, [lines[1].line()]) == key_of(lines[1:])
    assert landing.put_beside(key, [line.line() for line in lines]) == key
    with pytest.raises(ValueError, match="one line at least"):
        landing.put_beside(key, [])


def test_an_erased_object_is_gone_and_its_neighbours_are_not(landing: Landing) -> None:
    key, other = landing.put([landed()]), landing.put([landed(body=b"other")])
    landing.erase(key)
    landing.erase(key)
    assert list(landing.keys()) == [other]


def test_an_erased_object_is_gone_with_all_its_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        landing = Landing("s3://lake/landing", s3=lambda: s3)
        key = landing.put([landed()])
        landing.delete(key)  # a marker alone
        assert landing.put([landed()]) == key
        landing.erase(key)
        found = s3.list_object_versions(Bucket="lake")
    assert found.get("Versions", []) + found.get("DeleteMarkers", []) == []
