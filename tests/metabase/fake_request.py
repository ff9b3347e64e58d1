"""One request to a fake Metabase, and how it is refused."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.metabase.fake_state import Json, State


class AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class Asked:
    """A request, and the state that answers it."""

    def __init__(self, state: State, method: str, target: str, *, body: Any, headers: Any) -> None:
        parts = urlsplit(target)
        self.state, self.method, self.path, self.query = state, method, parts.path, parse_qs(parts.query)
        self.body, self.headers = body, headers

    def _thing(self, kind: str, number: int) -> Json:
        found: Json | None = getattr(self.state, kind).get(number)
        if found is None:
            raise AnswerError(404, "Not found.")
        return found
