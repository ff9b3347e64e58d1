"""JSON that is written back with its numbers as they came: 1.50 stays 1.50, and thirty digits stay thirty."""

import hashlib
import json
import re
from typing import Any

from tapehouse.documents.item import UnfitError


class Verbatim:
    """A body of JSON, to be changed in ``said``. Spaces between its parts are not kept; of a name that an object has
    twice the last one counts, as it does for the parsers.

    Raises UnfitError for what is no JSON.
    """

    def __init__(self, body: bytes) -> None:
        mark = hashlib.sha256(body).hexdigest()  # no text within the body begins with that
        self._number = re.compile(f'"{mark}([^"]*)"')

        def kept(text: str) -> str:
            return mark + text

        try:
            self.said: Any = json.loads(body, parse_float=kept, parse_int=kept, parse_constant=kept)
        except (ValueError, RecursionError) as error:
            raise UnfitError("body", f"no JSON ({type(error).__name__})") from error

    def written(self) -> bytes:
        """``said`` as UTF-8. Raises UnfitError where it is too deep."""
        try:
            try:
                return self._text(ascii_only=False).encode("utf-8")
            except UnicodeEncodeError:  # half of a pair: only an escape can tell it
                return self._text(ascii_only=True).encode("ascii")
        except RecursionError as error:
            raise UnfitError("body", "too deep") from error

    def _text(self, *, ascii_only: bool) -> str:
        text = json.dumps(self.said, ensure_ascii=ascii_only, separators=(",", ":"))
        return self._number.sub(r"\1", text)
