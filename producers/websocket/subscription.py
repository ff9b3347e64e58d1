"""What was asked of a venue on one connection, and what it answered: the key, the markets, the refusals."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from producers.feeds import Feed, Limits, Parsed
from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)

WORDS_KEPT: Final = 10_000
"""Error messages of one connection that are held to be matched with symbols."""


class SubscriptionRefusedError(TerminalError):
    """The venue takes none of the subscriptions."""

    def __init__(self, feed: str, refused: Mapping[str, str]) -> None:
        super().__init__(feed, dict(refused))
        self.feed = feed
        self.refused = dict(refused)

    def __str__(self) -> str:
        said = "; ".join(f"{symbol}: {words!r}" for symbol, words in sorted(self.refused.items()))
        return f"{self.feed} refused every subscription ({said}). Name symbols that the venue lists, as BASE-QUOTE."


class LoginRefusedError(TerminalError):
    """The venue does not take the key. The key itself is no part of this."""

    def __init__(self, feed: str, words: str) -> None:
        super().__init__(feed, words)
        self.feed, self.words = feed, words

    def __str__(self) -> str:
        return f"{self.feed} refused the key: {self.words!r}. Set the right one, and see that the plan allows trades."


class Subscription:
    """One connection's requests and their answers. ``heard`` takes each message, ``run`` does the asking."""

    def __init__(
        self,
        feed: Feed,
        wanted: list[str],
        refused: dict[str, str],
        *,
        limits: Limits,
        finite: bool,
        send: Callable[[str], Awaitable[None]],
        on_confirmed: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]],
        proven: set[str],
    ) -> None:
        """``wanted`` loses, and ``refused`` gains, what the venue refuses, unless it took it before: what is in
        ``proven`` is asked for again and again. ``finite``: a recording answers nothing."""
        self.unconfirmed = set(wanted)
        self.settled = asyncio.Event()
        """Every market is confirmed or given up."""
        self._feed, self._wanted, self._refused = feed, wanted, refused
        self._limits, self._finite = limits, finite
        self._send, self._on_confirmed, self._sleep = send, on_confirmed, sleep
        self._proven = proven
        self._authenticated: bool | None = None
        self._words: list[str] = []
        self._asked: Sequence[str] = ()
        self._answer = asyncio.Event()

    def heard(self, parsed: Parsed) -> None:
        """Take what one message says of the key and the markets."""
        if parsed.refused is not None:
            if len(self._words) < WORDS_KEPT:
                self._words.append(parsed.refused)
            self._answer.set()
            log.warning("venue_error", feed=self._feed.name, words=parsed.refused[:500])
        if parsed.authenticated is not None:
            self._authenticated = parsed.authenticated
            self._answer.set()
        for word in (*parsed.acknowledged, *self._words_of(parsed.acknowledged_request)):
            self.confirm(word)

    def confirm(self, word: str) -> None:
        """This market's trades will come: the venue said so, or one just came."""
        if word not in self.unconfirmed:
            return
        self.unconfirmed.discard(word)
        self._proven.add(word)
        self._refused.pop(word, None)
        self._answer.set()
        if not self._finite:
            self._on_confirmed(word)

    async def run(self) -> str | None:
        """Log in, ask, wait for the answers; why the line must go, or None.

        Raises LoginRefusedError, and SubscriptionRefusedError when no market is left.
        """
        if self._feed.traits.needs_login and not self._finite:
            why = await self._login()
            if why is not None:
                return why
        await self._ask(self._wanted)
        if self._finite:
            return None
        if not self._feed.traits.acknowledges:
            for word in sorted(self.unconfirmed):
                self.confirm(word)
        await self._answers(lambda: not self.unconfirmed or bool(self._words and len(self._wanted) == 1))
        heard = bool(self._words) or len(self.unconfirmed) < len(self._wanted)
        if self.unconfirmed and len(self._wanted) > 1 and heard:
            # One wrong name can sink a whole request: those that are left are asked for one by one.
            for word in sorted(self.unconfirmed):
                await self._ask_alone(word)
        why = self._give_up_unconfirmed()
        if why is not None:
            return why
        self.settled.set()
        await self._ask_again()
        return None

    async def _ask_again(self) -> None:
        """A market that the venue once took and now refuses is not given up: it will be there again. One that it has
        not answered is asked for until it is taken or refused: the answer may have been lost."""
        limits = self._limits
        wait_s = limits.backoff_base_s
        while again := sorted(self.unconfirmed):
            wait_s = min(limits.backoff_cap_s, max(wait_s * 2, 0.05))
            await self._sleep(wait_s)
            for word in again:
                if word not in self.unconfirmed:
                    continue
                said = len(self._words)
                await self._ask_alone(word)
                if word in self.unconfirmed and len(self._words) > said and word not in self._proven:
                    self._give_up(word)

    async def _login(self) -> str | None:
        await self._answers(lambda: self._authenticated is not None)
        if self._authenticated is None:
            return "no answer to the key"
        if not self._authenticated:
            raise LoginRefusedError(self._feed.name, (self._words or ["no reason given"])[-1])
        return None

    async def _ask(self, words: Sequence[str]) -> None:
        self._asked = tuple(words)
        for number, text in enumerate(self._feed.subscribe(words)):
            if number:
                await self._sleep(1 / self._limits.messages_per_s)
            await self._send(text)

    async def _ask_alone(self, word: str) -> None:
        before = len(self._words)
        await self._ask([word])
        await self._answers(lambda: word not in self.unconfirmed or len(self._words) > before)
        if word in self.unconfirmed and len(self._words) > before:
            self._refused[word] = self._words[-1]
        await self._sleep(1 / self._limits.messages_per_s)

    async def _answers(self, enough: Callable[[], bool]) -> None:
        """Wait until the venue has answered enough, at most as long as a confirmation may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.ack_timeout_s):
                while not enough():
                    self._answer.clear()
                    await self._answer.wait()

    def _give_up_unconfirmed(self) -> str | None:
        """Go on without the markets that the venue refused; raise when that is all of them."""
        if not self.unconfirmed:
            return None
        refused = {word: self._refused.get(word) or self._words_about(word) for word in self.unconfirmed}
        self._refused.update({word: words for word, words in refused.items() if words})
        silent = sorted(word for word, words in refused.items() if not words)
        for word in sorted(self.unconfirmed - set(silent)):
            self._give_up(word)
        if silent:
            log.warning("subscription_unanswered", feed=self._feed.name, symbols=",".join(silent))
        if not self._wanted:
            raise SubscriptionRefusedError(self._feed.name, self._refused)
        return "no subscription was confirmed" if self.unconfirmed == set(self._wanted) else None

    def _give_up(self, word: str) -> None:
        """The venue refuses it: told, and not asked for again unless it took it before."""
        log.error("subscription_refused", feed=self._feed.name, symbol=word, words=self._refused[word])
        if word not in self._proven:
            self.unconfirmed.discard(word)
            if word in self._wanted:  # a line that takes over shares the list
                self._wanted.remove(word)

    def _words_about(self, word: str) -> str:
        """What the venue said that names this market in one of the usual spellings; else its last word."""
        base, _, quote = word.rpartition(":")[2].partition("-")
        spellings = {f"{base}-{quote}", f"{base}/{quote}", f"{base}{quote}"}
        naming = [words for words in self._words if any(s in words.upper() for s in spellings)]
        return (naming or self._words or [""])[-1]

    def _words_of(self, request: int | None) -> list[str]:
        """The markets of the n-th subscription message (from 1): the feed alone knows how it divides them."""
        if request is None:
            return []
        if len(self._feed.subscribe(self._asked)) == 1:
            return list(self._asked) if request == 1 else []
        asked = self._asked
        return [word for n, word in enumerate(asked, 1) if len(self._feed.subscribe(asked[:n])) == request]
