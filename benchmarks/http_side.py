"""Requests a second through an HTTP server that does nothing else: the embedded Kinesis' own side, aiohttp, uvicorn.

``python benchmarks/http_side.py [--python INTERPRETER] [--seconds 3] [--rounds 3] [--clients 2]``. Each server is a
process of its own on loopback and answers every POST with the same few bytes; each client is a process too, and sends
requests made ready beforehand over keep-alive. *PutRecords* is the body of 500 records of 250 bytes, *GetRecords* one
of some 250 bytes. *µs CPU* is what the server took of a core for one, which other programs disturb less. *all of it* is
the whole embedded Kinesis, which stores the records: what the HTTP side is a part of.

The rivals run by an interpreter that has them, by default that of ``.venv-rivals``; where they are not there their
rows say so: ``python3 -m venv FOLDER && FOLDER/bin/pip install aiohttp uvicorn uvloop httptools starlette``, then
``--python FOLDER/bin/python``.
"""

import argparse
import asyncio
import base64
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from embedded.kinesis.http_server import Connection, Site
from embedded.kinesis.message import Head
from embedded.kinesis.operations import CONTENT_TYPE, Answer

ANSWER: Final = b'{"FailedRecordCount":0,"Records":[]}'
ROOT: Final = Path(__file__).resolve().parent.parent
RIVALS: Final = ROOT / ".venv-rivals" / "bin" / "python"
SERVERS: Final = ROOT / "benchmarks" / "rivals" / "http_servers.py"
WHOLE: Final = "all of it"
IMPORTS: Final = {"aiohttp": "aiohttp", "uvicorn": "uvicorn, uvloop, httptools, starlette"}
SCOPE: Final = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
RECORD: Final = {"Data": base64.b64encode(os.urandom(250)).decode(), "PartitionKey": "kraken:BTC-USD"}
BODIES: Final = {
    "PutRecords": json.dumps({"StreamName": "bench", "Records": [RECORD] * 500}).encode(),
    "GetRecords": json.dumps({"ShardIterator": "A" * 220, "Limit": 1000}).encode(),
}


class _Constant(Site):
    """Answers everything alike."""

    def __init__(self) -> None:
        pass

    def answer(self, head: Head, body: bytes) -> tuple[Answer, str]:
        del head, body
        return Answer(200, ANSWER), CONTENT_TYPE


async def serve(port: int) -> None:
    """The embedded Kinesis' HTTP side alone, as ``embedded/kinesis/server.py`` runs it."""
    connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(_Constant(), connections), "127.0.0.1", port
    )
    await server.serve_forever()


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """A server's process id, as soon as it answers."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def core_s(pid: int) -> float:
    """What the process took of a core until now; NaN where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post(port: int, body: bytes, seconds: float) -> float:
    """Requests a second of one client."""
    connection, count = http.client.HTTPConnection("127.0.0.1", port), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        call(connection, "PutRecords", body)
        count += 1
    return count / (time.perf_counter() - began)


def call(connection: http.client.HTTPConnection, operation: str, body: bytes) -> None:
    headers = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": CONTENT_TYPE, "Authorization": SCOPE}
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    raw = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"HTTP {answer.status} {raw[:200]!r}")


def measured(command: list[str], port: int, body: bytes, clients: int, seconds: float) -> tuple[float, float]:
    """(requests a second, µs of the server's core a request)"""
    with running(command, port) as pid, multiprocessing.get_context("spawn").Pool(clients) as pool:
        call(http.client.HTTPConnection("127.0.0.1", port), "CreateStream", b'{"StreamName":"bench","ShardCount":4}')
        pool.starmap(post, [(port, body, 0.2)] * clients, chunksize=1)
        before = core_s(pid)
        rates = pool.starmap(post, [(port, body, seconds)] * clients, chunksize=1)
        return sum(rates), (core_s(pid) - before) / (sum(rates) * seconds) * 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(python: str) -> dict[str, list[str]]:
    """Server → what starts it, without its port; empty where it is not installed."""
    found = {"tapehouse": [sys.executable, __file__, "--serve"]}
    found[WHOLE] = [sys.executable, "-m", "embedded.kinesis", "--port"]
    for name, needed in IMPORTS.items():
        try:
            done = subprocess.run([python, "-I", "-c", f"import {needed}"], stderr=subprocess.DEVNULL, check=False)
            there = done.returncode == 0
        except OSError:
            there = False
        found[name] = [python, "-I", str(SERVERS), name] if there else []
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=str(RIVALS), help="the rivals' interpreter (default that of .venv-rivals)")
    parser.add_argument("--seconds", type=float, default=3, help="s a measurement (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--clients", type=int, default=2, help="client processes (default 2)")
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
        return
    print(f"{options.clients} client processes, {os.cpu_count()} cores; medians of {options.rounds} rounds")
    print(f"{'':<12}" + "".join(f"{f'{name}/s':>14}{'µs CPU':>8}" for name in BODIES))
    runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    servers = commands(options.python)
    for _ in range(options.rounds):
        for name, command in servers.items():
            for body in () if not command else ("PutRecords",) if name == WHOLE else BODIES:
                port = free_port()
                words = [*command, str(port), *([ANSWER.decode()] if name in IMPORTS else [])]
                figures = measured(words, port, BODIES[body], options.clients, options.seconds)
                runs.setdefault((name, body), []).append(figures)
    for name, command in servers.items():
        if not command:
            print(f"{name:<12}not installed: see the top of this script")
            continue
        done = [runs[name, body] for body in BODIES if (name, body) in runs]
        found = [[statistics.median(each) for each in zip(*figures, strict=True)] for figures in done]
        print(f"{name:<12}" + "".join(f"{rate:>14,.0f}{cpu:>8.0f}" for rate, cpu in found))


if __name__ == "__main__":
    main()
