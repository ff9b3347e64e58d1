"""What can be made to go wrong at the simulated venues, while they run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from embedded.venues.exchange import Fill


@dataclass(slots=True)
class VenueFaults:
    """Every switch off: a well-behaved venue."""

    refuse: set[str] = field(default_factory=set)
    """Canonical symbols whose subscription is refused in the venue's words."""
    withhold_acks: bool = False
    """Subscriptions take effect, but no confirmation is sent."""
    skip: int = 0
    """This many of the next trades are made, and reported over REST, but not over the WebSocket."""
    skip_at: set[str] = field(default_factory=set)
    """Exchanges where they are; none named: at all."""
    repeat: int = 0
    """This many of the next trades are reported twice."""
    reorder: int = 0
    """This many of the next reports come in the wrong order."""
    silent: bool = False
    """Connections stay open and dead: nothing is sent, no pong either."""
    rest_status: int = 0
    """REST answers with this status (429 as each venue says it) …"""
    rest_times: int = 0
    """… this many times."""
    rest_half_body: int = 0
    """This many REST answers break off in the middle."""

    def take_skipped(self) -> bool:
        """Whether the next trade is one of the skipped."""
        if self.skip <= 0:
            return False
        self.skip -= 1
        return True

    def disturbed(self, fills: Sequence[Fill], exchange: str) -> list[Fill]:
        """What is reported of trades just made: some twice, some newest first, some not at all."""
        skips = not self.skip_at or exchange in self.skip_at
        reported = [one for one in fills if not (skips and self.take_skipped())]
        again = reported[: self.repeat]
        self.repeat -= len(again)
        reported += again
        if self.reorder > 0 and len(reported) > 1:
            self.reorder -= 1
            reported.reverse()
        return reported

    def take_rest_status(self) -> int | None:
        """The status to fail the next REST answer with, or None."""
        if self.rest_times <= 0 or not self.rest_status:
            return None
        self.rest_times -= 1
        return self.rest_status

    def set(self, wishes: Mapping[str, str]) -> None:
        """Switches from text, as a query string has them. Raises ValueError naming what is not understood."""
        for name, text in wishes.items():
            if name in ("refuse", "skip_at"):
                setattr(self, name, {one for one in text.split(",") if one})
            elif name in ("withhold_acks", "silent"):
                setattr(self, name, _flag(name, text))
            elif name in ("skip", "repeat", "reorder", "rest_status", "rest_times", "rest_half_body"):
                if not text.isdigit():
                    raise ValueError(f"{name}={text!r}: a whole number is wanted")
                setattr(self, name, int(text))
            else:
                raise ValueError(f"{name!r} is no fault; there are {', '.join(asdict(self))}, cut")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "refuse": sorted(self.refuse), "skip_at": sorted(self.skip_at)}


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{name}={text!r}: 0 or 1 is wanted")
    return text == "1"
