"""The feeds by name."""

import dataclasses
import pickle
from typing import Any

import pytest

from producers.feeds import FEEDS, UnknownFeedError, feed
from tapehouse.errors import TerminalError


def test_each_feed_is_found_by_its_own_name() -> None:
    assert tuple(FEEDS) == ("coinbase", "coinbase-advanced", "kraken", "binance")
    for name, found in FEEDS.items():
        assert feed(name) is found
        assert found.name == name


def test_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(
        UnknownFeedError, match="'krakn'; the feeds are coinbase, coinbase-advanced, kraken, binance"
    ) as e:
        feed("krakn")
    assert isinstance(e.value, TerminalError)
    assert str(pickle.loads(pickle.dumps(e.value))) == str(e.value)


@pytest.mark.parametrize("name", FEEDS)
def test_addresses_can_be_replaced_and_requests_follow(name: str) -> None:
    found: Any = FEEDS[name]
    local = dataclasses.replace(found, rest_url="http://127.0.0.1:1", websocket_url="ws://127.0.0.1:2")
    request = local.backfill("BTC-USDT", from_id="5", to_id="9", from_us=1, to_us=2)
    assert request.url.startswith("http://127.0.0.1:1/")
    assert local.websocket_url.startswith("ws://127.0.0.1:2")
    assert found.websocket_url.startswith("wss://")
    assert found.rest_url.startswith("https://")
