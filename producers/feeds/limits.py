"""What a venue allows and expects, as configuration: each feed brings its venue's values, a setting may change any.

Source of the values: the venues' own documents, as each feed's module names them. Limits move, so none stands in code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, Final

from tapehouse.errors import SettingsError


def _faults(kind: str, values: Any, may_be_zero: frozenset[str]) -> list[str]:
    named = [(each.name, getattr(values, each.name)) for each in fields(values)]
    return [
        f"{kind} {name} is {value!r}; it must be above 0"
        for name, value in named
        if value is not None and (value < 0 or (value == 0 and name not in may_be_zero))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a WebSocket's source waits, how much it sends, and how much it holds."""

    ack_timeout_s: float = 5.0
    """A subscription must be confirmed within this time."""
    keepalive_s: float = 30.0
    """The feed's keepalive text is sent this often."""
    stale_after_s: float = 30.0
    """No byte for this long, though pinged at a third of it: the connection is dead and is dropped."""
    quiet_after_s: float | None = None
    """No message for this long: dropped. Only for venues that send heartbeats: a market may be quiet for hours."""
    connection_age_s: float | None = None
    """The next connection is opened when one is this old, before the venue ends it; None: the venue names no age."""
    coverage_every_s: float = 10.0
    coverage_margin_s: float = 2.0
    """Coverage stays this far behind the venue's clock: trades of the last moments may still be on their way."""
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 60.0
    stable_after_s: float = 30.0
    """A connection that lived this long starts the back-off anew."""
    max_attempts: int | None = None
    """Failed connections in a row before giving up; None tries for ever."""
    open_timeout_s: float = 10.0
    close_timeout_s: float = 5.0
    max_message_bytes: int = 16 * 1024 * 1024
    """Order-book snapshots of 5 MB are real; more than this is refused by dropping the connection."""
    max_symbols: int = 1024
    """Markets that one connection may carry."""
    max_pending_records: int = 10_000
    """Records waiting for the consumer before the socket is read no further; one message may go over it."""
    drop_after_s: float = 30.0
    """The consumer has taken nothing for this long: the connection is dropped on purpose, what was missed is filled."""
    messages_per_s: float = 4.0
    """Messages a second that we send on one connection."""

    def __post_init__(self) -> None:
        faults = _faults("WebSocket", self, _MAY_BE_ZERO)
        if faults:
            raise SettingsError(faults)


_MAY_BE_ZERO: Final = frozenset({"coverage_margin_s", "backoff_base_s", "backoff_cap_s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RestLimits:
    """How the pages of past trades may be asked for."""

    calls_per_s: float = 1.0
    burst: int = 1
    """Calls at once after a pause."""
    timeout_s: float = 10.0
    attempts: int = 6
    """Tries of one page that a throttle, a 5xx, a cut answer or a dropped connection failed, with growing waits."""
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 60.0
    max_pages: int = 500
    """Pages that one hole may take; what is left then stays an open gap."""
    page_rows: int = 1000
    """Trades that one page may hold."""
    history_s: float | None = None
    """How far back the venue's pages reach; None: the venue names no bound."""
    max_body_bytes: int = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        faults = _faults("REST", self, frozenset({"backoff_base_s", "backoff_cap_s"}))
        if faults:
            raise SettingsError(faults)


def changed(limits: Limits, rest: RestLimits, changes: Mapping[str, str]) -> tuple[Limits, RestLimits]:
    """Both with ``changes`` (name → number as text, ``none`` for no bound; a REST limit as ``rest.NAME``).

    Raises SettingsError with every fault.
    """
    faults: list[str] = []
    found: dict[bool, dict[str, float | int | None]] = {True: {}, False: {}}
    for name, text in changes.items():
        is_rest, bare = name.startswith("rest."), name.removeprefix("rest.")
        known = {each.name: each.type for each in fields(rest if is_rest else limits)}
        if bare not in known:
            prefix = "rest." if is_rest else ""
            faults.append(f"{name}: there is no such limit; known are {', '.join(prefix + k for k in sorted(known))}")
            continue
        try:
            found[is_rest][bare] = _number(text, known[bare])
        except ValueError:
            wanted = "whole number" if known[bare] is int else "number"
            faults.append(f"{name}: {text!r} is no {wanted}")
    if faults:
        raise SettingsError(faults)
    return replace(limits, **found[False]), replace(rest, **found[True])  # type: ignore[arg-type]


def _number(text: str, kind: object) -> float | int | None:
    if kind is int:
        return int(text)
    if text.strip().lower() == "none" and kind is not float:
        return None
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
