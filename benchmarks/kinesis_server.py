"""Records a second in and out of the embedded Kinesis and of moto's server, side by side.

``python benchmarks/kinesis_server.py [--seconds 3] [--clients 2]`` starts each server as a process of its own on
loopback, with one stream of four shards; each client is a process too. Records are 250 random bytes, PutRecords takes
500 of them, GetRecords as many as the server gives.

Not comparable: the embedded Kinesis writes a journal that outlives a kill, moto keeps all in memory. *boto3* is what a
program gets, and mostly the cost of boto3 itself (the clients share the machine's cores with the server); *bare* sends
requests made ready beforehand over keep-alive and looks at the answer's length only: that is the server.
"""

import argparse
import base64
import http.client
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

STREAM: Final = "bench"
SHARDS: Final = 4
RECORDS: Final = 500
RECORD_BYTES: Final = 250
MARKETS: Final = 40
SCOPE: Final = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
Worker = Callable[[int, int, float], tuple[int, float]]
"""(port, number of the client, seconds) → (records, seconds taken)"""


def boto_client(port: int) -> Any:
    """A client that tries once."""
    return boto3.client(
        "kinesis",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


def records() -> list[dict[str, Any]]:
    return [{"Data": os.urandom(RECORD_BYTES), "PartitionKey": f"market-{n % MARKETS}"} for n in range(RECORDS)]


def put_by_boto3(port: int, number: int, seconds: float) -> tuple[int, float]:
    del number
    client, batch, count = boto_client(port), records(), 0
    client.list_streams()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        answer = client.put_records(StreamName=STREAM, Records=batch)
        count += RECORDS - answer["FailedRecordCount"]
    return count, time.perf_counter() - began


def iterators(client: Any, number: int, clients: int) -> list[str]:
    """The start of each shard that falls to this client."""
    shards = [shard["ShardId"] for shard in client.list_shards(StreamName=STREAM)["Shards"]]
    start = {"StreamName": STREAM, "ShardIteratorType": "TRIM_HORIZON"}
    return [client.get_shard_iterator(ShardId=shard, **start)["ShardIterator"] for shard in shards[number::clients]]


def get_by_boto3(port: int, number: int, seconds: float) -> tuple[int, float]:
    client, count = boto_client(port), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for first in iterators(client, number % SHARDS, SHARDS):
            iterator: str | None = first
            while iterator and time.perf_counter() - began < seconds:
                page = client.get_records(ShardIterator=iterator)
                count += len(page["Records"])
                iterator = page.get("NextShardIterator") if page["Records"] else None
    return count, time.perf_counter() - began


def bare_call(connection: http.client.HTTPConnection, operation: str, body: bytes) -> bytes:
    """The body of an answer, unread."""
    headers = {
        "X-Amz-Target": f"Kinesis_20131202.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": SCOPE,
    }
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    raw = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{operation}: HTTP {answer.status} {raw[:200]!r}")
    return raw


def put_bare(port: int, number: int, seconds: float) -> tuple[int, float]:
    del number
    listed = [{**record, "Data": base64.b64encode(record["Data"]).decode()} for record in records()]
    body = json.dumps({"StreamName": STREAM, "Records": listed}).encode()
    connection, count = http.client.HTTPConnection("127.0.0.1", port), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        bare_call(connection, "PutRecords", body)
        count += RECORDS
    return count, time.perf_counter() - began


def get_bare(port: int, number: int, seconds: float) -> tuple[int, float]:
    """Asks for the first page of a shard again and again; the records are counted from one answer read beforehand."""
    body = json.dumps({"ShardIterator": iterators(boto_client(port), number % SHARDS, SHARDS)[0]}).encode()
    connection, count = http.client.HTTPConnection("127.0.0.1", port), 0
    page = len(json.loads(bare_call(connection, "GetRecords", body))["Records"])
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        bare_call(connection, "GetRecords", body)
        count += page
    return count, time.perf_counter() - began


WORKERS: Final[dict[str, Worker]] = {
    "in, boto3": put_by_boto3,
    "out, boto3": get_by_boto3,
    "in, bare": put_bare,
    "out, bare": get_bare,
}


def rate(worker: Worker, port: int, clients: int, seconds: float) -> float:
    """Records a second of all clients together."""
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        done = pool.starmap(worker, [(port, number, seconds) for number in range(clients)], chunksize=1)
    return sum(count / taken for count, taken in done)


@contextmanager
def running(arguments: list[str], health: str) -> Iterator[int]:
    """A server's process, by its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, *[argument.replace("{port}", str(port)) for argument in arguments]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def measured(arguments: Callable[[str], list[str]], health: str, clients: int, seconds: float) -> dict[str, float]:
    """The rates of one server: a fresh process for each kind of client, so that none finds the others' records."""
    rates: dict[str, float] = {}
    for kind in ("boto3", "bare"):
        with tempfile.TemporaryDirectory() as folder, running(arguments(folder), health) as port:
            boto_client(port).create_stream(StreamName=STREAM, ShardCount=SHARDS)
            for name in (f"in, {kind}", f"out, {kind}"):
                rates[name] = rate(WORKERS[name], port, clients, seconds)
    return rates


def embedded(folder: str) -> list[str]:
    return ["-m", "embedded.kinesis", "--port", "{port}", "--journal", str(Path(folder) / "journal")]


def moto(folder: str) -> list[str]:
    del folder
    return ["-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="s a measurement (default 3)")
    parser.add_argument("--clients", type=int, default=2, help="client processes (default 2)")
    options = parser.parse_args()
    own = measured(embedded, "/_tapehouse/health", options.clients, options.seconds)
    rival = measured(moto, "/moto-api/data.json", options.clients, options.seconds)
    print(
        f"{options.clients} client processes, {os.cpu_count()} cores, {RECORDS} records of {RECORD_BYTES} bytes a call"
    )
    print(f"{'records/s':<12}{'embedded':>12}{'moto':>12}{'ratio':>9}")
    for name in WORKERS:
        print(f"{name:<12}{own[name]:>12,.0f}{rival[name]:>12,.0f}{own[name] / rival[name]:>8.1f}x")


if __name__ == "__main__":
    main()
