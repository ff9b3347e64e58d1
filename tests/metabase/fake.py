"""A Metabase that keeps what it is told, on loopback: as strict as the contract, and with the habits of the real one.

It holds every request against ``api.json``, and answers as Metabase does where that is a trap: 503 until it has
started, the token of the set-up once only, a cookie that wins over a header, pages, secrets that come back masked, tags
as a map or a list in turn, dashboards' cards in any order and all replaced, a query that failed with 202.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.metabase.fake_answers import Request
from tests.metabase.fake_request import AnswerError
from tests.metabase.fake_state import EMAIL, PASSWORD, State


class FakeMetabase:
    """The server. ``reset`` makes it a new one."""

    def __init__(self) -> None:
        self.state = State()
        self._one = threading.Lock()  # one request after another, each with its number
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["FakeMetabase"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def reset(self, *, is_set_up: bool = True) -> State:
        self.state = State()
        if is_set_up:
            self.state.users[EMAIL] = PASSWORD
            self.state.token = None
        return self.state

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: in two, the second would wait for the first one's receipt
            disable_nagle_algorithm = True

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                with fake._one:
                    fake._serve(self, body)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _serve(self, handler: Any, body: Any) -> None:
        state, number = self.state, len(self.state.requests)
        path = urlsplit(handler.path).path
        state.requests.append(f"{handler.command} {path}")
        state.asked.append(dict(handler.headers))
        if number == state.forgets_at:
            state.sessions.clear()
        if number in state.answers:
            status, kind, text = state.answers[number]
            _send(handler, status, text, kind=kind)
            return
        try:
            answer = Request(state, handler.command, handler.path, body=body, headers=handler.headers).answer()
            status = 202 if path.endswith("/query") else 204 if handler.command == "DELETE" else 200
        except AnswerError as error:
            status, answer = error.status, error.body
        if state.lost_at == number:
            handler.close_connection = True
            return
        _send(handler, status, answer)


def _send(handler: Any, status: int, answer: Any, *, kind: str = "") -> None:
    is_text = isinstance(answer, str)
    content = b"" if status == 204 else answer.encode() if is_text else json.dumps(answer).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind or ("text/plain" if is_text else "application/json"))
    handler.send_header("Content-Length", str(len(content)))
    handler.send_header("Set-Cookie", "metabase.SESSION=somebody-else; Path=/; HttpOnly")
    if status in (301, 302):
        handler.send_header("Location", "https://elsewhere.invalid/")
    handler.end_headers()
    handler.wfile.write(content)
