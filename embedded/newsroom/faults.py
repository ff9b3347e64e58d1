"""What can be made to go wrong at the sources, while they run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from embedded.newsroom.alphavantage import REFUSALS, refused
from embedded.newsroom.page import Page, as_json


@dataclass(slots=True)
class NewsFaults:
    """Every switch off: well-behaved sources."""

    at: set[str] = field(default_factory=set)
    """Sources where they are; none named: at all."""
    information: str = ""
    """Alpha Vantage refuses in this way (too-fast, day-over, invalid) …"""
    information_times: int = 0
    """… this many times."""
    status: int = 0
    """An answer has this status …"""
    status_times: int = 0
    """… this many times."""
    half_body: int = 0
    """This many answers break off in the middle."""

    def taken(self, source: str, key: str) -> Page | None:
        """What the next answer of a source is in the place of its own; None for its own."""
        if self._is_elsewhere(source):
            return None
        if self.status and self.status_times > 0:
            self.status_times -= 1
            return as_json({"error": self.status}, self.status, retry_after="0")
        if source == "alphavantage" and self.information and self.information_times > 0:
            self.information_times -= 1
            return refused(self.information, key)
        return None

    def take_half(self, source: str) -> bool:
        """Whether the next answer of a source breaks off."""
        if self.half_body <= 0 or self._is_elsewhere(source):
            return False
        self.half_body -= 1
        return True

    def _is_elsewhere(self, source: str) -> bool:
        return bool(self.at) and source not in self.at

    def set(self, wishes: Mapping[str, str]) -> None:
        """Switches from text, as a query string has them. Raises ValueError naming what is not understood."""
        for name, text in wishes.items():
            if name == "at":
                self.at = {each for each in text.split(",") if each}
            elif name == "information":
                if text and text not in REFUSALS:
                    raise ValueError(f"information={text!r}: {', '.join(REFUSALS)} are known")
                self.information = text
            elif name in ("information_times", "status", "status_times", "half_body"):
                if not text.isdigit():
                    raise ValueError(f"{name}={text!r}: a whole number is wanted")
                setattr(self, name, int(text))
            else:
                raise ValueError(f"{name!r} is no fault; there are {', '.join(asdict(self))}")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": sorted(self.at)}
