"""What is asked of a venue, and what is done about its answers: without a socket."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from producers.feeds import FEEDS, Limits, Parsed
from producers.websocket.subscription import Subscription, Wanted

LIMITS = Limits(ack_timeout_s=0.05, backoff_base_s=0.1, backoff_cap_s=0.4, messages_per_s=1000)


class Venue:
    """Confirms BTC-USD at once; of ETH-USD it says nothing until it was asked ``silent`` times."""

    def __init__(self, silent: int, answer: Parsed) -> None:
        self.wanted = Wanted(["BTC-USD", "ETH-USD"], proven=set())
        self.asked = 0
        self.waits: list[float] = []
        self._silent, self._answer = silent, answer
        self.subscription = Subscription(
            FEEDS["bitstamp"],
            self.wanted,
            limits=LIMITS,
            finite=False,
            send=self._hear,
            on_confirmed=lambda _: None,
            sleep=self._sleep,
        )

    async def _hear(self, text: str) -> None:
        if "btcusd" in text:
            self.subscription.heard(Parsed(acknowledged=("BTC-USD",)))
            return
        self.asked += 1
        if self.asked > self._silent:
            self.subscription.heard(self._answer)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 30))


def test_new_market_whose_answer_was_lost_is_asked_for_until_the_venue_takes_it() -> None:
    venue = Venue(silent=5, answer=Parsed(acknowledged=("ETH-USD",)))
    assert run(venue.subscription.run()) is None
    assert (venue.asked, venue.subscription.unconfirmed) == (6, set())
    assert venue.wanted.keys == ["BTC-USD", "ETH-USD"]
    assert [wait_s for wait_s in venue.waits if wait_s >= 0.1] == [0.2, 0.4, 0.4, 0.4]


def test_new_market_that_is_refused_when_it_is_asked_for_again_is_given_up_with_the_venues_words() -> None:
    venue = Venue(silent=4, answer=Parsed(refused="Bad subscription string."))
    assert run(venue.subscription.run()) is None
    assert (venue.asked, venue.subscription.unconfirmed) == (5, set())
    assert venue.wanted.keys == ["BTC-USD"]
    assert venue.wanted.refused == {"ETH-USD": "Bad subscription string."}
