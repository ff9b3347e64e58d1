"""A venue's feed as the settings want it: its limits, its addresses, its key, and which markets are read."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from producers.feeds import (
    FEEDS,
    Feed,
    SymbolError,
    Traits,
    changed,
    feed,
    key_settings,
    subscription_keys,
)
from tapehouse.errors import SettingsError
from tapehouse.keys import SecretsClient, key
from tapehouse.settings import Settings, variable_of


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
    found = feed(name)
    traits = _traits(settings.feed_limits)
    changes: dict[str, Any] = {"traits": traits[found.name]} if found.name in traits else {}
    if websocket_url:
        changes["websocket_url"] = websocket_url
    if rest_url:
        changes["rest_url"] = rest_url.rstrip("/")
    key_field = found.traits.key_field
    if key_field is not None:
        direct, stored = key_settings(found.name, key_field)
        changes[key_field] = key(
            getattr(settings, direct).get_secret_value(),
            getattr(settings, stored),
            direct_setting=variable_of(direct),
            setting=variable_of(stored),
            client=secrets,
        )
    return cast(Feed, replace(cast(Any, found), **changes))


def symbols_of(found: Feed, wanted: Sequence[str]) -> tuple[str, ...]:
    """The markets to read: ``wanted``, or the feed's own, each once and as the feed itself says it.

    Raises SymbolError for one that the venue cannot have.
    """
    symbols = tuple(wanted) or found.traits.default_keys
    found.subscribe(symbols)
    return subscription_keys(found, symbols)


def takes(name: str, symbol: str) -> bool:
    """Whether a feed has this subscription key: one as ``binance:BTC-USDT`` is a vendor's alone."""
    try:
        feed(name).subscribe([symbol])
    except SymbolError:
        return False
    return True


def _traits(limits: Mapping[str, str]) -> dict[str, Traits]:
    """The traits of the feeds that the settings change. All that is wrong is said at once."""
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
