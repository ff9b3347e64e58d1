"""Stands between a process and an emulator, and writes down what IAM would be asked for each of its requests.

boto3, Hadoop's S3A and Arrow's S3 client have nothing in common but HTTP, and Spark's workers are processes of their
own: so the calls are seen where all of them pass.
"""

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import unescape

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
_OF_OBJECT = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "POST": "s3:PutObject",  # the parts of an upload
    "DELETE": "s3:DeleteObject",
}


@dataclass(frozen=True, order=True)
class Call:
    """One call as IAM names it."""

    who: str
    """The job."""
    action: str
    resource: str
    """The ARN, in the emulator's account."""


@dataclass
class Recorder:
    """One server of the emulator, seen through."""

    upstream: str
    """http://host:port of the server."""
    who: str = ""
    """Whose the next calls are."""
    calls: set[Call] = field(default_factory=set)
    last: str = ""

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address to use instead of the server's."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"recorder": self}))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def note(self, method: str, path: str, headers: "Message[str, str]", body: bytes) -> None:
        for action, resource in asked(method, path, headers, body):
            if not resource.endswith("/"):
                self.last = resource
            # An iterator and a token name no stream: they are of the one that was asked for before.
            self.calls.add(Call(self.who, action, self.last if resource.endswith(":stream/") else resource))


def asked(method: str, path: str, headers: "Message[str, str]", body: bytes) -> Iterator[tuple[str, str]]:
    """The actions, each with its resource, that a request needs."""
    target = headers.get("X-Amz-Target", "")
    if target:
        service, _, operation = target.partition(".")
        api = service.partition("_")[0].removeprefix("AWS").removeprefix("Amazon").lower()
        # Of a batch of messages IAM asks as of each.
        yield f"{api}:{operation.removesuffix('Batch')}", _named(api, json.loads(body or b"{}"))
        return
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    bucket, _, key = parts.path.lstrip("/").partition("/")
    if not key:
        if method == "POST" and "delete" in query:
            for deleted in re.findall(rb"<Key>(.*?)</Key>", body):
                yield "s3:DeleteObject", f"arn:aws:s3:::{bucket}/{unescape(deleted.decode())}"
        else:
            yield ("s3:GetBucketLocation" if "location" in query else "s3:ListBucket"), f"arn:aws:s3:::{bucket}"
        return
    action = _OF_OBJECT[method]
    if method == "DELETE" and "uploadId" in query:
        action = "s3:AbortMultipartUpload"
    elif action == "s3:GetObject" and "versionId" in query:
        action = "s3:GetObjectVersion"
    yield action, f"arn:aws:s3:::{bucket}/{key}"
    if source := headers.get("x-amz-copy-source"):
        yield "s3:GetObject", f"arn:aws:s3:::{source.lstrip('/')}"


def _named(api: str, told: Mapping[str, Any]) -> str:
    """The ARN of what a call in JSON is about; of a secret, without the six letters behind its name."""
    here = f"arn:aws:{api}:us-east-1:123456789012"
    if api == "sqs":
        return f"{here}:{told['QueueUrl'].rpartition('/')[2]}"
    if api == "secretsmanager":
        return f"{here}:secret:{told['SecretId']}"
    kind, field_name = ("stream", "StreamName") if api == "kinesis" else ("job", "JobName")
    return str(told.get("StreamARN") or f"{here}:{kind}/{told.get(field_name, '')}")


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on, and its answer back."""

    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def _pass_on(self) -> None:
        body = self._body()
        self.recorder.note(self.command, self.path, self.headers, body)
        there = http.client.HTTPConnection(urlsplit(self.recorder.upstream).netloc, timeout=60)
        try:
            kept = {n: v for n, v in self.headers.items() if n.lower() not in {"expect", "transfer-encoding"}}
            there.request(self.command, self.path, body or None, {**kept, "Content-Length": str(len(body))})
            answer = there.getresponse()
            content = answer.read()
        finally:
            there.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP or (name.lower() == "content-length" and self.command == "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return content

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815 - the names that the server looks for

    def log_message(self, *_: Any) -> None:
        pass
