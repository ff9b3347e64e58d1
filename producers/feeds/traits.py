"""What kind of feed it is: facts that decide how it is driven, set up and named, and what its trades' ids prove."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from producers.feeds import symbols
from producers.feeds.candles import Klines
from producers.feeds.limits import Limits, RestLimits

Paging: TypeAlias = Literal["up", "down", "time", "recent"]
"""How a venue's pages of past trades follow on each other:

- ``up``: ascending by id from ``from_id``
- ``down``: the page that ends with ``to_id``, then the one below it
- ``time``: ascending by time from ``from_us``; a row's id, where it is real, tells which of an instant are known
- ``recent``: one page that reaches back a fixed time from now, and no further
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The facts of one feed; a setting may change its limits, and nothing else."""

    default_keys: tuple[str, ...] = ("BTC-USD", "ETH-USD")
    """The subscription keys that are read where none are asked for."""
    read_symbol: Callable[[str], str] = symbols.from_dash
    """A symbol as the venue's requests write it → the canonical one. Raises SymbolError."""
    aliases: tuple[str, ...] = ()
    """Other names of its messages, which ``tapehouse parse`` takes beside the feed's own."""
    key_field: str | None = None
    """The feed's field for the key of an account; None for a public feed. ``key_settings`` names what fills it."""
    contiguous_ids: bool = True
    """A market's numeric ids count up by one: a jump is a hole with two known ends."""
    paging: Paging | None = None
    """How holes are read back; None: they cannot be, and stay gaps."""
    klines: Klines | None = None
    """Its venue's own candles; None: there are none to compare with."""
    acknowledges: bool = True
    """The venue confirms subscriptions; where it does not, sending one counts."""
    needs_login: bool = False
    """Subscriptions wait until a message has said ``authenticated``."""
    limits: Limits = field(default_factory=Limits)
    rest: RestLimits = field(default_factory=RestLimits)


def key_settings(name: str, key_field: str) -> tuple[str, str]:
    """The settings that fill a feed's key: that of the key itself, and that of the secret which holds it."""
    return f"{name}_{key_field}", f"{name}_secret"
