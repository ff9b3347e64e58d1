"""A venue's feed as the settings want it: its limits, its addresses, its key, and which markets are read."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, cast

from producers.feeds import FEEDS, Feed, SymbolError, Traits, changed, feed, subscription_keys
from producers.run.keys import SecretsClient, key
from tapehouse.errors import SettingsError
from tapehouse.settings import Settings, variable_of

_IN_USDT: Final = ("BTC-USDT", "ETH-USDT")
DEFAULT_SYMBOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "binance": _IN_USDT,
    "okx": _IN_USDT,
    "finnhub": ("binance:BTC-USDT", "binance:ETH-USDT", "us:AAPL-USD"),
}
"""By feed; every other one has BTC-USD and ETH-USD."""
AGGREGATES: Final = "binance-agg"
"""Binance's feed, asked for its aggregated trades: the limits are those of binance."""
_KEYS: Final = {"token": ("finnhub_token", "finnhub_secret"), "key": ("polygon_key", "polygon_secret")}
"""A feed's field → the settings that fill it."""


def venue(
    name: str,
    settings: Settings,
    *,
    websocket_url: str | None = None,
    rest_url: str | None = None,
    secrets: Callable[[], SecretsClient],
) -> Feed:
    """The feed of this name. ``secrets`` is called only where its key is stored in Secrets Manager.

    Raises UnknownFeedError, SettingsError for limits of any feed or a key that are wrong, SecretUnavailableError.
    """
    found = named(name)
    traits = _traits(settings.feed_limits)
    changes: dict[str, Any] = {"traits": traits[found.name]} if found.name in traits else {}
    if websocket_url:
        changes["websocket_url"] = websocket_url
    if rest_url:
        changes["rest_url"] = rest_url.rstrip("/")
    for held in fields(cast(Any, found)):
        if held.name in _KEYS:
            direct, stored = _KEYS[held.name]
            changes[held.name] = key(
                getattr(settings, direct),
                getattr(settings, stored),
                direct_setting=variable_of(direct),
                setting=variable_of(stored),
                client=secrets,
            )
    return cast(Feed, replace(cast(Any, found), **changes))


def named(name: str) -> Feed:
    """The feed of this name as it comes, without settings. Raises UnknownFeedError."""
    if name == AGGREGATES:
        return cast(Feed, replace(cast(Any, feed("binance")), aggregate=True))
    return feed(name)


def name_of_source(source: str) -> str | None:
    """The name of the feed that files its trades under this source; None where none does."""
    return next((name for name in (*FEEDS, AGGREGATES) if named(name).source == source), None)


def symbols_of(found: Feed, wanted: Sequence[str]) -> tuple[str, ...]:
    """The markets to read: ``wanted``, or the feed's own, each once and as the feed itself says it.

    Raises SymbolError for one that the venue cannot have.
    """
    symbols = tuple(wanted) or DEFAULT_SYMBOLS.get(found.name, ("BTC-USD", "ETH-USD"))
    found.subscribe(symbols)
    return subscription_keys(found, symbols)


def takes(name: str, symbol: str) -> bool:
    """Whether a feed can be asked for this word: one as ``binance:BTC-USDT`` is a vendor's alone."""
    try:
        named(name).subscribe([symbol])
    except SymbolError:
        return False
    return True


def _traits(limits: Mapping[str, str]) -> dict[str, Traits]:
    """The traits of the feeds that the settings change. All that is wrong is told at once."""
    asked: dict[str, dict[str, str]] = defaultdict(dict)
    for name, number in limits.items():
        feed_name, _, limit = name.partition(".")
        asked[feed_name][limit] = number
    found: dict[str, Traits] = {}
    faults: list[str] = []
    for name, changes in asked.items():
        if name not in FEEDS:
            faults.append(f"feed_limits: there is no feed {name}; known are {', '.join(sorted(FEEDS))}")
            continue
        traits = FEEDS[name].traits
        try:
            websocket, rest = changed(traits.limits, traits.rest, changes)
        except SettingsError as error:
            faults.extend(f"feed_limits, {name}: {fault}" for fault in error.faults)
        else:
            found[name] = replace(traits, limits=websocket, rest=rest)
    if faults:
        raise SettingsError(faults)
    return found
