import errno
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer, segment
from embedded.kinesis.errors import JournalError

SHARD = "shardId-000000000000"


def put(client: Any, *data: bytes) -> list[str]:
    records = [{"Data": one, "PartitionKey": "k"} for one in data]
    return [one["SequenceNumber"] for one in client.put_records(StreamName="s", Records=records)["Records"]]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.log"))


@pytest.fixture
def begin(serve: Callable[..., KinesisServer], connect: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """(server, client) on the test's journal."""

    def start(**options: Any) -> tuple[KinesisServer, Any]:
        server = serve(journal=tmp_path, **options)
        return server, connect(server)

    return start


def test_restart_changes_nothing_that_a_client_sees(
    begin: Callable[..., Any], read_stream: Callable[..., Any], read: Callable[..., Any], clock: Any
) -> None:
    server, client = begin()
    client.create_stream(StreamName="s", ShardCount=2, Tags={"a": "1"})
    client.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=30)
    put(client, b"a", b"b")
    client.split_shard(StreamName="s", ShardToSplit=SHARD, NewStartingHashKey="1000")
    number = put(client, b"c")[0]
    place = {"ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.get_shard_iterator(StreamName="s", **place)["ShardIterator"]
    before = (
        client.describe_stream(StreamName="s")["StreamDescription"],
        client.list_tags_for_stream(StreamName="s")["Tags"],
        read_stream(client, "s"),
    )
    page = client.get_records(ShardIterator=iterator)["Records"]
    server.stop()
    clock.advance(seconds=1)
    _server, client = begin(seed=7)
    assert before == (
        client.describe_stream(StreamName="s")["StreamDescription"],
        client.list_tags_for_stream(StreamName="s")["Tags"],
        read_stream(client, "s"),
    )
    assert client.get_records(ShardIterator=iterator)["Records"] == page
    assert int(put(client, b"d")[0]) > int(number)


def test_deleted_stream_leaves_no_file(begin: Callable[..., Any], tmp_path: Path) -> None:
    _server, client = begin()
    client.create_stream(StreamName="s", ShardCount=2)
    put(client, b"a")
    client.delete_stream(StreamName="s")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_torn_last_frame_is_cut_off_and_kept_beside(
    begin: Callable[..., Any], tmp_path: Path, cut: int, read_stream: Callable[..., Any], caplog: Any
) -> None:
    server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    put(client, b"a")
    number = put(client, b"b")[0]
    size = segments(tmp_path)[0].stat().st_size
    put(client, b"torn" * 50)
    server.stop()
    whole = segments(tmp_path)[0].stat().st_size
    os.truncate(segments(tmp_path)[0], whole - cut)
    with caplog.at_level(logging.WARNING):
        server, client = begin()
    assert "torn_frame_cut" in caplog.text
    assert [one["Data"] for one in read_stream(client, "s")] == [b"a", b"b"]
    assert segments(tmp_path)[0].stat().st_size == size
    assert next(tmp_path.rglob("*.torn")).stat().st_size == whole - cut - size
    assert int(put(client, b"c")[0]) > int(number)
    server.stop()
    _server, client = begin()
    assert [one["Data"] for one in read_stream(client, "s")] == [b"a", b"b", b"c"]


def test_damage_in_an_older_segment_is_refused(begin: Callable[..., Any], tmp_path: Path) -> None:
    server, client = begin(segment_bytes=1000)
    client.create_stream(StreamName="s", ShardCount=1)
    for _ in range(5):
        put(client, b"x" * 600)
    server.stop()
    assert len(segments(tmp_path)) > 2
    os.truncate(segments(tmp_path)[0], segments(tmp_path)[0].stat().st_size - 1)
    with pytest.raises(JournalError, match="damaged"):
        begin()


def test_trimmed_segments_are_removed_and_numbers_still_grow(
    begin: Callable[..., Any], tmp_path: Path, clock: Any, read_stream: Callable[..., Any]
) -> None:
    server, client = begin(segment_bytes=1000)
    client.create_stream(StreamName="s", ShardCount=1)
    for hour in range(100):
        number = put(client, b"%d" % hour + b"x" * 900)[0]
        clock.advance(hours=1)
    assert len(segments(tmp_path)) < 30
    assert [one["Data"].rstrip(b"x") for one in read_stream(client, "s")] == [b"%d" % n for n in range(77, 100)]
    clock.advance(hours=100)
    client.describe_stream(StreamName="s")
    assert len(segments(tmp_path)) == 1
    server.stop()
    _server, client = begin(segment_bytes=1000)
    assert read_stream(client, "s") == []
    assert int(put(client, b"later")[0]) > int(number)
    assert [one["Data"] for one in read_stream(client, "s")] == [b"later"]


def test_slow_stream_gives_its_room_back_too(begin: Callable[..., Any], tmp_path: Path, clock: Any) -> None:
    _server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    for _ in range(100):
        put(client, b"x")
        clock.advance(hours=1)
    assert 1 < len(segments(tmp_path)) < 12


def test_expired_shard_leaves_no_file(begin: Callable[..., Any], tmp_path: Path, clock: Any) -> None:
    _server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    put(client, b"x")
    client.split_shard(StreamName="s", ShardToSplit=SHARD, NewStartingHashKey="1000")
    clock.advance(hours=25)
    client.describe_stream(StreamName="s")
    assert segments(tmp_path) == []
    assert len(json.loads((tmp_path / "catalog.json").read_bytes())["streams"][0]["shards"]) == 2


def test_what_a_killed_deletion_left_is_removed_at_the_start(begin: Callable[..., Any], tmp_path: Path) -> None:
    server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    put(client, b"x")
    server.stop()
    stream = next(path for path in tmp_path.iterdir() if path.is_dir())
    for orphan in (stream / "000000000009", tmp_path / "000099-gone"):
        orphan.mkdir()
        (orphan / "0.log").write_bytes(b"x")
    begin()
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_dir()) == ["000000000000", stream.name]


def test_journal_serves_one_server(begin: Callable[..., Any]) -> None:
    begin()
    with pytest.raises(JournalError, match="in use by another server"):
        begin()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}'])
def test_foreign_catalog_is_refused(begin: Callable[..., Any], tmp_path: Path, text: str) -> None:
    (tmp_path / "catalog.json").write_text(text)
    with pytest.raises(JournalError, match="move the journal away"):
        begin()


def test_full_disk_fails_the_records_and_stores_none_of_them(
    begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, read_stream: Callable[..., Any]
) -> None:
    server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    put(client, b"a")

    class FullDisk:
        """The os module, whose writes stop half way."""

        def __init__(self) -> None:
            self.room = 40

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def write(self, descriptor: int, raw: bytes) -> int:
            if not self.room:
                raise OSError(errno.ENOSPC, "no space")
            written = os.write(descriptor, raw[: self.room])
            self.room -= written
            return written

    with monkeypatch.context() as patch:
        patch.setattr(segment, "os", FullDisk())
        answer = client.put_records(StreamName="s", Records=[{"Data": b"b", "PartitionKey": "k"}] * 2)
        assert [one["ErrorCode"] for one in answer["Records"]] == ["InternalFailure"] * 2
    put(client, b"c")
    assert [one["Data"] for one in read_stream(client, "s")] == [b"a", b"c"]
    server.stop()
    _server, client = begin()
    assert [one["Data"] for one in read_stream(client, "s")] == [b"a", b"c"]


def test_unwritten_catalog_takes_the_change_back(
    begin: Callable[..., Any], tmp_path: Path, refusal: Callable[..., str]
) -> None:
    _server, client = begin()
    client.create_stream(StreamName="s", ShardCount=1)
    before = client.describe_stream(StreamName="s")["StreamDescription"]
    (tmp_path / "catalog.json.new").mkdir()
    split = {"StreamName": "s", "ShardToSplit": SHARD, "NewStartingHashKey": "1000"}
    assert refusal(client.split_shard, **split) == "InternalFailure"
    assert refusal(client.create_stream, StreamName="t", ShardCount=1) == "InternalFailure"
    assert refusal(client.add_tags_to_stream, StreamName="s", Tags={"a": "1"}) == "InternalFailure"
    assert client.describe_stream(StreamName="s")["StreamDescription"] == before
    assert client.list_streams()["StreamNames"] == ["s"]
    assert client.list_tags_for_stream(StreamName="s")["Tags"] == []
    (tmp_path / "catalog.json.new").rmdir()
    client.split_shard(**split)
    put(client, b"x")


def test_more_shards_than_open_files(
    begin: Callable[..., Any], read_stream: Callable[..., Any], tmp_path: Path
) -> None:
    _server, client = begin()
    client.create_stream(StreamName="s", ShardCount=300)
    records = [{"Data": b"%d" % n, "PartitionKey": "k", "ExplicitHashKey": str(2**128 * n // 300)} for n in range(300)]
    for _ in range(2):
        assert client.put_records(StreamName="s", Records=records)["FailedRecordCount"] == 0
    assert len(read_stream(client, "s")) == 600
    opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    # Only this server's: the process may hold other files of that ending.
    segments = [target for target in opened if target.startswith(str(tmp_path)) and target.endswith(".log")]
    assert 0 < len(segments) <= segment.OPEN_FILES
