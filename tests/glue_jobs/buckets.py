"""Buckets to write to on a condition: one in memory, with faults on demand, and moto's, with one request at a time."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from glue_jobs.engine.objects import Found
from tapehouse.errors import TransientError


@dataclass
class Bucket:
    """What S3 promises of conditional writes, in memory."""

    objects: dict[str, Found] = field(default_factory=dict)
    puts: int = 0
    is_down: bool = False
    lose_answers: int = 0
    """So many of the next writes are made and not answered."""
    before_put: Callable[[], None] | None = None
    """Done once, before the next write is looked at: what another process does in that moment."""
    _etags: Iterator[int] = field(default_factory=itertools.count)

    def get(self, name: str) -> Found | None:
        self._reached()
        return self.objects.get(name)

    def put(self, name: str, content: bytes, *, replaces: str | None) -> str | None:
        self._reached()
        if (act := self.before_put) is not None:
            self.before_put = None
            act()
        self.puts += 1
        there = self.objects.get(name)
        if (there.etag if there is not None else None) != replaces:
            return None
        self.objects[name] = Found(content, f'"{next(self._etags)}"')
        if self.lose_answers:
            self.lose_answers -= 1
            raise TransientError("the answer was lost")
        return self.objects[name].etag

    def _reached(self) -> None:
        if self.is_down:
            raise TransientError("S3 cannot be reached")


class _OneAtATime:
    """moto looks at a condition and writes in two steps: two requests at once would both pass. S3's is one step."""

    def __init__(self, app: Any) -> None:
        self._app, self._lock = app, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._lock:
            return list(self._app(environ, start_response))


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


@contextmanager
def moto_s3() -> Iterator[str]:
    """moto's S3 on loopback; gives its endpoint."""
    app = _OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
