"""A feed as the settings want it."""

from dataclasses import replace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from producers.feeds import FEEDS, Feed, SymbolError, UnknownFeedError, feed, name_of_source
from producers.run.venue import symbols_of, takes, venue
from producers.websocket import WebSocketSource
from tapehouse.errors import SettingsError
from tapehouse.settings import Settings


class Secrets:
    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        return {"SecretString": f"key of {SecretId}"}


def made(name: str, urls: dict[str, str] | None = None, **settings: Any) -> Feed:
    return venue(name, Settings(**settings), secrets=Secrets, **(urls or {}))


def no_secrets() -> Secrets:
    raise AssertionError("nobody asked for Secrets Manager")


def test_nothing_set_gives_the_venue_s_own() -> None:
    assert made("kraken") == FEEDS["kraken"]


def test_limits_of_the_settings_replace_the_venue_s() -> None:
    limits = {"kraken.rest.calls_per_s": "0.5", "kraken.connection_age_s": "80000", "binance.max_symbols": "3"}
    kraken = made("kraken", feed_limits=limits)
    assert (kraken.traits.rest.calls_per_s, kraken.traits.limits.connection_age_s) == (0.5, 80_000)
    assert kraken.traits.rest.page_rows == FEEDS["kraken"].traits.rest.page_rows
    assert made("coinbase", feed_limits=limits) == FEEDS["coinbase"]
    bare = made("binance", feed_limits={"binance.connection_age_s": "none"})
    assert bare.traits.limits.connection_age_s is None


def test_all_wrong_limits_of_all_feeds_are_said() -> None:
    limits = {
        "krakken.stale_after_s": "3",
        "binance.nosuch": "3",
        "okx.max_symbols": "0.5",
        "kraken.stale_after_s": "0",
    }
    with pytest.raises(SettingsError) as caught:
        made("coinbase", feed_limits=limits)
    faults = caught.value.faults
    assert len(faults) == 4
    assert "there is no feed krakken" in faults[0]
    assert "feed_limits, binance: nosuch: there is no such limit; known are ack_timeout_s" in faults[1]
    assert "feed_limits, okx: max_symbols: '0.5' is no" in faults[2]
    assert "feed_limits, kraken: WebSocket stale_after_s is 0" in faults[3]


def test_other_addresses_take_the_place_of_the_venue_s() -> None:
    found = made("kraken", {"websocket_url": "ws://127.0.0.1:9/kraken/v2", "rest_url": "http://127.0.0.1:9/kraken/"})
    assert found.address() == "ws://127.0.0.1:9/kraken/v2"
    request = found.backfill("BTC-USD", from_id=None, to_id=None, from_us=0, to_us=1)
    assert request.url.startswith("http://127.0.0.1:9/kraken/0/public/Trades")


def test_a_key_goes_into_its_feed_alone_and_into_no_repr() -> None:
    keys: dict[str, Any] = {"finnhub_token": "hunter2", "polygon_key": "hunter3"}
    finnhub, polygon = made("finnhub", **keys), made("polygon", **keys)
    assert finnhub.address().endswith("token=hunter2")
    assert polygon.address() == polygon.websocket_url
    assert "hunter" not in repr((finnhub, polygon, finnhub.websocket_url))
    assert made("kraken", **keys) == FEEDS["kraken"]


def test_an_address_of_the_settings_still_carries_the_key() -> None:
    found = made("finnhub", {"websocket_url": "ws://127.0.0.1:9"}, finnhub_token="hunter2")
    assert found.address() == "ws://127.0.0.1:9?token=hunter2"


def test_a_stored_key_is_asked_for_only_where_its_feed_is_used() -> None:
    settings = Settings(finnhub_secret="keys#finnhub")
    assert venue("kraken", settings, secrets=no_secrets) == FEEDS["kraken"]
    with pytest.raises(AssertionError, match="nobody asked"):
        venue("finnhub", settings, secrets=no_secrets)
    assert made("polygon", polygon_secret="the/secret").address()


def test_a_key_that_cannot_be_one_is_said_by_its_setting() -> None:
    with pytest.raises(SettingsError, match="TAPEHOUSE_POLYGON_KEY is no key") as caught:
        venue("polygon", Settings.model_construct(polygon_key=SecretStr("sec\u2026ret")), secrets=no_secrets)
    assert "sec\u2026ret" not in str(caught.value)


def test_a_feed_that_wants_a_key_says_so_where_none_is_set() -> None:
    with pytest.raises(SettingsError, match="TAPEHOUSE_FINNHUB_TOKEN is not set"):
        made("finnhub").address()


def test_an_unknown_feed_is_said_with_those_that_there_are() -> None:
    with pytest.raises(UnknownFeedError, match="there is no feed 'krakken'; the feeds are coinbase"):
        made("krakken")


@pytest.mark.parametrize("name", FEEDS)
def test_every_feed_has_markets_of_its_own_by_default(name: str) -> None:
    found = symbols_of(FEEDS[name], ())
    others: dict[str, tuple[str, ...]] = dict.fromkeys(("binance", "okx", "bybit"), ("BTC-USDT", "ETH-USDT"))
    others["finnhub"] = ("binance:BTC-USDT", "binance:ETH-USDT", "us:AAPL-USD")
    assert found == others.get(name, ("BTC-USD", "ETH-USD"))
    assert symbols_of(FEEDS[name], found[:1]) == found[:1]


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [
        ("finnhub", ["AAPL-USD", "us:AAPL-USD"], ("us:AAPL-USD",)),
        ("coinbase-advanced", ["BTC-USDC", "ETH-USD", "BTC-USD"], ("BTC-USD", "ETH-USD")),
        ("coinbase", ["BTC-USDC"], ("BTC-USDC",)),
        ("polygon", ["BTC-USD"], ("BTC-USD",)),
    ],
)
def test_markets_are_named_as_the_source_that_reads_them_names_them(
    name: str, typed: list[str], read: tuple[str, ...]
) -> None:
    found = replace(cast(Any, FEEDS[name]), token="k") if name == "finnhub" else FEEDS[name]
    assert symbols_of(found, typed) == read
    source = WebSocketSource(found, typed, url="ws://127.0.0.1:1")
    assert source.unconfirmed == set(read)


def test_a_symbol_that_a_venue_cannot_have_is_refused_before_anything_starts() -> None:
    with pytest.raises(SymbolError, match="binance:BTC-USDT"):
        symbols_of(FEEDS["coinbase"], ["BTC-USD", "binance:BTC-USDT"])


def test_vendors_keys_are_vendors_alone() -> None:
    assert {name for name in FEEDS if takes(name, "binance:BTC-USDT")} == {"finnhub"}
    assert takes("coinbase", "BTC-USD")


def test_aggregated_trades_of_binance_have_a_name_of_their_own() -> None:
    found = made("binance-agg", feed_limits={"binance.max_symbols": "3"})
    assert (found.source, found.traits.limits.max_symbols) == ("binance-agg", 3)
    assert "aggTrade" in found.subscribe(symbols_of(found, ()))[0]


def test_every_source_leads_to_its_feed() -> None:
    assert {name_of_source(feed(name).source) for name in (*FEEDS, "binance-agg")} == {*FEEDS, "binance-agg"}
    assert name_of_source("synthetic") is None
