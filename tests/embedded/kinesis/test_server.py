import http.client
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from tapehouse import aws
from tapehouse.errors import TerminalError


def raw_call(server: KinesisServer, sent: bytes) -> bytes:
    """Everything that comes back for some bytes on a connection that is then closed by the server or by us."""
    with socket.create_connection((server.host, server.port), timeout=5) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        got = b""
        while piece := wire.recv(65536):
            got += piece
    return got


def test_endpoint_variable_leads_the_project_s_own_client_here(
    server: KinesisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", server.endpoint)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = aws.client("kinesis")
    client.create_stream(StreamName="s", ShardCount=1)
    assert client.list_streams()["StreamNames"] == ["s"]
    client.close()


def test_health_is_told(server: KinesisServer) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
    for _ in range(2):
        connection.request("GET", "/_tapehouse/health")
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["status"]) == (200, "ok")
    connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "example.com"])
def test_only_loopback_is_served(host: str) -> None:
    with pytest.raises(TerminalError, match=r"use 127\.0\.0\.1"):
        KinesisServer(host=host)


def test_port_in_use_is_one_sentence(server: KinesisServer) -> None:
    with pytest.raises(TerminalError, match=rf"^Port {server.port} on 127\.0\.0\.1 cannot be used .*choose another\.$"):
        KinesisServer(port=server.port)


def test_port_belongs_to_the_first_server_before_it_is_started() -> None:
    first = KinesisServer()
    with pytest.raises(TerminalError, match="cannot be used"):
        KinesisServer(port=first.port)
    first.stop()


def test_stopped_server_frees_port_and_journal(tmp_path: Path, connect: Callable[..., Any]) -> None:
    with KinesisServer(journal=tmp_path) as first:
        connect(first).create_stream(StreamName="s", ShardCount=1)
    with KinesisServer(journal=tmp_path, port=first.port) as second:
        assert connect(second).list_streams()["StreamNames"] == ["s"]
    second.stop()


def test_server_never_started_can_be_stopped(tmp_path: Path) -> None:
    KinesisServer(journal=tmp_path).stop()
    KinesisServer(journal=tmp_path).stop()


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Kinesis_20131202.ListStreams\r\n"


def test_body_may_come_in_chunks_and_wait_for_a_go_ahead(server: KinesisServer) -> None:
    chunked = raw_call(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
    assert chunked.startswith(b"HTTP/1.1 200 OK")
    assert b'"StreamNames":[]' in chunked
    waiting = raw_call(server, HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    assert waiting.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_calls_sent_ahead_are_answered_in_order(server: KinesisServer) -> None:
    one = HEAD + b"Content-Length: 2\r\n\r\n{}"
    unknown = one.replace(b"ListStreams", b"Nonsense")
    got = raw_call(server, one + unknown + one)
    statuses = [line for line in got.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [b"200" in status for status in statuses] == [True, False, True]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_body_that_is_no_object_is_a_serialization_exception(server: KinesisServer, body: bytes) -> None:
    got = raw_call(server, HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert got.startswith(b"HTTP/1.1 400")
    assert b"SerializationException" in got


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutRecords", {"StreamName": "s", "Records": [{"Data": "no base64!", "PartitionKey": "k"}]}),
        ("PutRecords", {"StreamName": "s", "Records": [{"Data": 3, "PartitionKey": "k"}]}),
        ("PutRecords", {"StreamName": "s", "Records": ["x"]}),
        ("PutRecords", {"StreamName": "s", "Records": [{"Data": "", "PartitionKey": "\ud800"}]}),
        ("PutRecords", {"StreamName": "s"}),
        ("PutRecord", {"StreamName": "s", "Data": "QQ=="}),
        ("PutRecord", {"StreamName": 5}),
        ("GetShardIterator", {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "HERE"}),
        ("GetRecords", {"ShardIterator": None}),
        ("GetRecords", {"ShardIterator": "x", "Limit": "many"}),
        ("ListShards", {"StreamName": "s", "ShardFilter": 3}),
        ("ListShards", {"StreamName": "s", "StreamCreationTimestamp": "noon"}),
        ("CreateStream", {"StreamName": "t", "ShardCount": True}),
        ("AddTagsToStream", {"StreamName": "s", "Tags": {"a": 1}}),
        ("UntagResource", {"ResourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/s", "TagKeys": "a"}),
        ("SplitShard", {"StreamName": "s", "ShardToSplit": "shardId-x", "NewStartingHashKey": "-1"}),
    ],
)
def test_foreign_shapes_are_refused_and_break_nothing(
    server: KinesisServer, client: Any, operation: str, body: object
) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    raw = json.dumps(body).encode()
    head = HEAD.replace(b"ListStreams", operation.encode())
    got = raw_call(server, head + b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw))
    assert got.startswith(b"HTTP/1.1 400")
    assert "errors.InternalFailure" not in server.faults.counters


def test_bytes_that_are_no_http_get_400_and_a_closed_connection(server: KinesisServer, client: Any) -> None:
    assert raw_call(server, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw_call(server, b"GET /elsewhere HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404")
    client.list_streams()
