"""What was asked of a venue on one connection, and what it answered: the login, the markets, the refusals."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from producers.feeds import Feed, Limits, Parsed
from tapehouse import logs
from tapehouse.backoff import Backoff
from tapehouse.errors import TerminalError

log = logs.of(__name__)

REFUSALS_KEPT: Final = 10_000
"""Error messages of one connection that are held to be matched with symbols."""


class SubscriptionRefusedError(TerminalError):
    """The venue takes none of the subscriptions."""

    def __init__(self, feed: str, refused: Mapping[str, str]) -> None:
        super().__init__(feed, dict(refused))
        self.feed = feed
        self.refused = dict(refused)

    def __str__(self) -> str:
        reasons = "; ".join(f"{symbol}: {reason!r}" for symbol, reason in sorted(self.refused.items()))
        return f"{self.feed} refused every subscription ({reasons}). Name symbols that the venue lists, as BASE-QUOTE."


class LoginRefusedError(TerminalError):
    """The venue does not take the key. The key itself is no part of this."""

    def __init__(self, feed: str, reason: str) -> None:
        super().__init__(feed, reason)
        self.feed, self.reason = feed, reason

    def __str__(self) -> str:
        return f"{self.feed} refused the key: {self.reason!r}. Set the right one, and see that the plan allows trades."


@dataclass(slots=True)
class Wanted:
    """The markets that one source wants, by subscription key, through all its connections."""

    keys: list[str]
    """Those that are asked for."""
    proven: set[str]
    """Those that the venue took before: they are asked for again and again, whatever it says."""
    refused: dict[str, str] = field(default_factory=dict)
    """Key → why the venue refuses it, as it says."""


class Subscription:
    """One connection's requests and their answers. ``heard`` takes each message, ``run`` does the asking."""

    def __init__(
        self,
        feed: Feed,
        wanted: Wanted,
        *,
        limits: Limits,
        finite: bool,
        send: Callable[[str], Awaitable[None]],
        on_confirmed: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """``wanted`` loses what the venue refuses, unless that is proven. ``finite``: a recording answers nothing."""
        self.unconfirmed = set(wanted.keys)
        self.settled = asyncio.Event()
        """Every market is confirmed or given up."""
        self._feed, self._wanted = feed, wanted
        self._limits, self._finite = limits, finite
        self._send, self._on_confirmed, self._sleep = send, on_confirmed, sleep
        self._authenticated: bool | None = None
        self._refusals: list[str] = []
        self._asked: Sequence[str] = ()
        self._answer = asyncio.Event()

    def heard(self, parsed: Parsed) -> None:
        """Take what one message says of the login and the markets."""
        if parsed.refused is not None:
            if len(self._refusals) < REFUSALS_KEPT:
                self._refusals.append(parsed.refused)
            self._answer.set()
            log.warning("venue_error", feed=self._feed.name, reason=parsed.refused[:500])
        if parsed.authenticated is not None:
            self._authenticated = parsed.authenticated
            self._answer.set()
        for key in (*parsed.acknowledged, *self._requested_by(parsed.acknowledged_request)):
            self.confirm(key)

    def confirm(self, key: str) -> None:
        """This market's trades will come: the venue said so, or one just came."""
        if key not in self.unconfirmed:
            return
        self.unconfirmed.discard(key)
        self._wanted.proven.add(key)
        self._wanted.refused.pop(key, None)
        self._answer.set()
        if not self._finite:
            self._on_confirmed(key)

    async def run(self) -> str | None:
        """Log in, ask, wait for the answers; why the connection must go, or None.

        Raises LoginRefusedError, and SubscriptionRefusedError when no market is left.
        """
        if self._feed.traits.needs_login and not self._finite:
            why = await self._login()
            if why is not None:
                return why
        await self._ask(self._wanted.keys)
        if self._finite:
            return None
        if not self._feed.traits.acknowledges:
            for key in sorted(self.unconfirmed):
                self.confirm(key)
        await self._answers(lambda: not self.unconfirmed or bool(self._refusals and len(self._wanted.keys) == 1))
        heard = bool(self._refusals) or len(self.unconfirmed) < len(self._wanted.keys)
        if self.unconfirmed and len(self._wanted.keys) > 1 and heard:
            # One wrong name can sink a whole request: those that are left are asked for one by one.
            for key in sorted(self.unconfirmed):
                await self._ask_alone(key)
        why = self._give_up_unconfirmed()
        if why is not None:
            return why
        self.settled.set()
        await self._ask_again()
        return None

    async def _ask_again(self) -> None:
        """A market that the venue once took and now refuses is not given up: it will be there again. One that it has
        not answered is asked for until it is taken or refused: the answer may have been lost."""
        backoff = Backoff(max(2 * self._limits.backoff_base_s, 0.05), self._limits.backoff_cap_s, least=1)
        failures = 0
        while again := sorted(self.unconfirmed):
            failures += 1
            await self._sleep(backoff.wait_s(failures, dice=0))
            for key in again:
                if key not in self.unconfirmed:
                    continue
                before = len(self._refusals)
                await self._ask_alone(key)
                if key in self.unconfirmed and len(self._refusals) > before and key not in self._wanted.proven:
                    self._give_up(key)

    async def _login(self) -> str | None:
        await self._answers(lambda: self._authenticated is not None)
        if self._authenticated is None:
            return "no answer to the key"
        if not self._authenticated:
            raise LoginRefusedError(self._feed.name, (self._refusals or ["no reason given"])[-1])
        return None

    async def _ask(self, keys: Sequence[str]) -> None:
        self._asked = tuple(keys)
        for number, text in enumerate(self._feed.subscribe(keys)):
            if number:
                await self._sleep(1 / self._limits.messages_per_s)
            await self._send(text)

    async def _ask_alone(self, key: str) -> None:
        before = len(self._refusals)
        await self._ask([key])
        await self._answers(lambda: key not in self.unconfirmed or len(self._refusals) > before)
        if key in self.unconfirmed and len(self._refusals) > before:
            self._wanted.refused[key] = self._refusals[-1]
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
        refused = {key: self._wanted.refused.get(key) or self._refusal_of(key) for key in self.unconfirmed}
        self._wanted.refused.update({key: reason for key, reason in refused.items() if reason})
        silent = sorted(key for key, reason in refused.items() if not reason)
        for key in sorted(self.unconfirmed - set(silent)):
            self._give_up(key)
        if silent:
            log.warning("subscription_unanswered", feed=self._feed.name, symbols=",".join(silent))
        if not self._wanted.keys:
            raise SubscriptionRefusedError(self._feed.name, self._wanted.refused)
        return "no subscription was confirmed" if self.unconfirmed == set(self._wanted.keys) else None

    def _give_up(self, key: str) -> None:
        """The venue refuses it: logged, and not asked for again unless it took it before."""
        log.error("subscription_refused", feed=self._feed.name, symbol=key, reason=self._wanted.refused[key])
        if key not in self._wanted.proven:
            self.unconfirmed.discard(key)
            if key in self._wanted.keys:  # a connection that takes over shares the list
                self._wanted.keys.remove(key)

    def _refusal_of(self, key: str) -> str:
        """What the venue said that names this market in one of the usual spellings; else the last it said."""
        base, _, quote = key.rpartition(":")[2].partition("-")
        spellings = {f"{base}-{quote}", f"{base}/{quote}", f"{base}{quote}"}
        naming = [reason for reason in self._refusals if any(s in reason.upper() for s in spellings)]
        return (naming or self._refusals or [""])[-1]

    def _requested_by(self, request: int | None) -> list[str]:
        """The markets of the n-th subscription message (from 1): the feed alone knows how it divides them."""
        if request is None:
            return []
        if len(self._feed.subscribe(self._asked)) == 1:
            return list(self._asked) if request == 1 else []
        asked = self._asked
        return [key for n, key in enumerate(asked, 1) if len(self._feed.subscribe(asked[:n])) == request]
