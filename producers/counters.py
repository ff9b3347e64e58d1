"""What went through one source since it was made."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

NAMES_COUNTED: Final = 256
"""Different names of ignored messages that are counted apart; a venue that invents more lands in ``other``."""


@dataclass(slots=True)
class Counters:
    """The counts of one source; its own, never shared."""

    messages: int = 0
    bytes: int = 0
    trades: int = 0
    """Live and filled."""
    repeats: int = 0
    """Trades that had been seen before: those of replays are dropped, live ones passed on."""
    gaps: int = 0
    """Gaps reported."""
    open_gaps: int = 0
    """Gaps reported, or left by an earlier run, that are not closed."""
    filled: int = 0
    """Trades read back over REST."""
    unparsed: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    """By the venue's name of the message type."""
    lost_messages: int = 0
    """Jumps of the connection's own message number; the trades' ids show which market lost any."""
    connections: int = 0
    reconnects: int = 0
    """Connections lost, and tries to open one that failed."""
    switches: int = 0
    """Connections replaced before the venue ended them."""
    last_message_us: int | None = None

    def ignore(self, name: str) -> None:
        """Count a message that carries no trade."""
        known = name in self.ignored or len(self.ignored) < NAMES_COUNTED
        self.ignored[name if known else "other"] += 1

    def last_message_age_s(self, now_us: int) -> float | None:
        """Seconds since the last message; None before the first."""
        return None if self.last_message_us is None else (now_us - self.last_message_us) / 1e6
