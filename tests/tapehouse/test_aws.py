"""Clients: boto3's own settings say where they go, and no call waits or tries for ever."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from embedded.kinesis import KinesisServer
from tapehouse import aws
from tapehouse.kinesis import time_us


class _Failing(BaseHTTPRequestHandler):
    """Answers every call with a fault of the service, and counts them."""

    calls: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append(self.headers["User-Agent"])
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def failing() -> Iterator[tuple[str, list[str]]]:
    """The address of a service that always fails, and the calls that it had."""
    calls: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Failing", (_Failing,), {"calls": calls}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_environment_says_where_a_client_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:10")
    assert aws.client("kinesis").meta.endpoint_url == "http://127.0.0.1:10"
    assert aws.client("s3").meta.endpoint_url == "http://127.0.0.1:9"


def test_without_an_endpoint_setting_a_client_goes_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert aws.client("kinesis").meta.endpoint_url == "https://kinesis.eu-central-1.amazonaws.com"


def test_an_address_that_is_handed_over_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:10")
    client = aws.client("kinesis", endpoint_url="http://127.0.0.1:11", region="eu-west-3")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:11", "eu-west-3")


def test_a_client_made_from_another_s_address_goes_where_that_one_goes() -> None:
    first = aws.client("kinesis")
    second = aws.client("kinesis", endpoint_url=first.meta.endpoint_url, region=first.meta.region_name)
    assert (second.meta.endpoint_url, second.meta.region_name) == (first.meta.endpoint_url, first.meta.region_name)


def test_waits_are_bounded() -> None:
    config = aws.client("s3", connect_timeout_s=1.5, read_timeout_s=7).meta.config
    assert (config.connect_timeout, config.read_timeout) == (1.5, 7)
    default = aws.client("s3").meta.config
    assert 0 < default.connect_timeout <= 10
    assert 0 < default.read_timeout <= 60


@pytest.mark.parametrize("attempts", [1, 2])
def test_attempts_count_the_first_try(failing: tuple[str, list[str]], attempts: int) -> None:
    address, calls = failing
    client = aws.client("kinesis", max_attempts=attempts, endpoint_url=address)
    with pytest.raises(ClientError):
        client.list_streams()
    client.close()
    assert len(calls) == attempts
    assert all("tapehouse" in agent for agent in calls)


def test_where_nobody_listens_the_call_fails() -> None:
    client = aws.client("kinesis", max_attempts=1, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(EndpointConnectionError):
        client.list_streams()
    client.close()


def test_times_are_left_as_they_come_where_asked() -> None:
    with KinesisServer() as server:
        plain, usual = (
            aws.client("kinesis", endpoint_url=server.endpoint, region="us-east-1", plain_times=plain)
            for plain in (True, False)
        )
        plain.create_stream(StreamName="s", ShardCount=1)
        seconds, moment = (
            client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamCreationTimestamp"]
            for client in (plain, usual)
        )
    assert isinstance(seconds, float)
    assert time_us(seconds) == time_us(moment)
