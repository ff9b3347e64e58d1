"""The file of holdings, read and saved by a reader of the portfolio: whole or not at all, and only what can be read."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapehouse.errors import TerminalError
from tapehouse.write_once import write_over

EMPTY: Final = """holdings:
  - symbol: BTC-USD
    transactions:
      - {buy: 0.5, at: 2026-11-27T09:30:00Z, price: 61250.00}
"""
MOST_BYTES: Final = 512 * 1024
"""More than a person writes, less than what one message of the page's socket may carry."""


class HoldingsChangedError(TerminalError):
    """Somebody else saved the file since it was opened here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path} was changed since it was opened here: close this, open it again, and make your change there."
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """The file as it was when it was opened."""

    text: str
    digest: str
    """Empty where there is no file yet."""


class HoldingsFile:
    """``check`` is the reader of the one who computes with the file: it raises LakehouseError for what is wrong."""

    def __init__(self, path: Path, *, check: Callable[[bytes], object]) -> None:
        self.path, self._check = path, check

    def open(self) -> Opened:
        """Raises TerminalError for a file that is no text or too large."""
        content = self._content()
        if content is None:
            return Opened(EMPTY, "")
        if len(content) > MOST_BYTES:
            raise TerminalError(f"{self.path} has more than {MOST_BYTES // 1024} KB: edit it by an editor.")
        try:
            return Opened(content.decode("utf-8-sig"), _digest(content))
        except UnicodeDecodeError as error:
            raise TerminalError(f"{self.path} is not UTF-8: mend it by an editor.") from error

    def save(self, text: str, opened: Opened) -> Opened:
        """What is there now. Raises LakehouseError, and then nothing was written."""
        content = text.replace("\r\n", "\n").encode()
        if len(content) > MOST_BYTES:
            raise TerminalError(f"This has more than {MOST_BYTES // 1024} KB: save it by an editor.")
        self._check(content)
        before = self._content()
        if ("" if before is None else _digest(before)) != opened.digest:
            raise HoldingsChangedError(self.path)
        try:
            write_over(self.path.resolve(), content, new_mode=0o600)
        except OSError as error:
            raise TerminalError(f"{self.path} cannot be written: {error.strerror}.") from error
        return Opened(text, _digest(content))

    def _content(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TerminalError(f"{self.path} cannot be read: {error.strerror}.") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
