"""The embedded Kinesis: in this process, or in one with a journal that is killed and started again, faults and all."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded.kinesis import KinesisServer
from tapehouse import aws
from tests.chaos.processes import Spawned


class KinesisProcess:
    """One stream on one port, over all its lives."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        stream: str,
        shards: int,
        seed: int,
        faults: Sequence[Mapping[str, Any]],
        environ: Mapping[str, str],
    ) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.stream = stream
        self.lives = 0
        self._folder, self._port, self._shards, self._seed = folder, port, shards, seed
        self._faults, self._environ = faults, environ
        self.process = self.start()

    def start(self) -> Spawned:
        """Begin the next life; returns when it answers."""
        self.lives += 1
        words = ["--port", str(self._port), "--journal", str(self._folder / "journal")]
        # Every life throws its own dice: the same ones would fail the same calls of every life.
        words += ["--stream", f"{self.stream}:{self._shards}", "--seed", str(self._seed + self.lives)]
        log = self._folder / f"kinesis-{self.lives}.log"
        self.process = Spawned("embedded.kinesis", words, log, environ=self._environ)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.running and time.monotonic() < deadline, self.process.tail()
            time.sleep(0.05)
        self._admin("POST", json.dumps(self._faults).encode())
        return self.process

    def end_faults(self) -> None:
        self._faults = ()
        self._admin("DELETE")

    def client(self) -> Any:
        return aws.client("kinesis", max_attempts=8, endpoint_url=self.endpoint, region="us-east-1")

    def created_us(self) -> int:
        """The stream's creation time."""
        found = self.client().describe_stream_summary(StreamName=self.stream)["StreamDescriptionSummary"]
        created_s: float = found["StreamCreationTimestamp"].timestamp()
        return round(created_s * 1_000_000)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_tapehouse/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _admin(self, method: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(f"{self.endpoint}/_tapehouse/faults", data=body, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200


def stream_client(server: KinesisServer) -> Any:
    """A boto3 client of a server in this process."""
    return aws.client("kinesis", endpoint_url=server.endpoint, region="us-east-1")


def put_all(client: Any, payloads: Sequence[tuple[bytes, str]]) -> None:
    """Put these into the stream ``trades`` once; the server must be without faults."""
    records = [{"Data": data, "PartitionKey": key} for data, key in payloads]
    answer = client.put_records(StreamName="trades", Records=records)
    assert answer["FailedRecordCount"] == 0


def put_surely(client: Any, stream: str, payloads: Sequence[tuple[bytes, str]]) -> None:
    """Put these at least once, whatever fails."""
    waiting = [{"Data": data, "PartitionKey": key} for data, key in payloads]
    while waiting:
        answer = client.put_records(StreamName=stream, Records=waiting)
        waiting = [entry for entry, told in zip(waiting, answer["Records"], strict=True) if "ErrorCode" in told]
