"""How a producer does: one flat set of numbers, for the live view, the metrics lines and the heartbeat."""

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from producers.run.runner import Progress

WINDOW_S: Final = 10.0
"""Rates and lag are those of the last so many seconds."""


class Readout:
    """Takes each progress; ``numbers`` is what it comes to. No text of a key can get into it."""

    def __init__(
        self,
        feed: str,
        symbols: Sequence[str],
        *,
        producer: str = "",
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """``producer``: what tells it from others of its feed; the feed's name where there is none."""
        self._feed, self._symbols, self._now_us = feed, tuple(symbols), now_us
        self._producer = producer or feed
        self._window: deque[tuple[float, int, float]] = deque()
        self._connected_s = self._moved_s = 0.0
        self._confirmed = 0
        self._now: Progress | None = None

    def take(self, now: Progress) -> None:
        """Remember how far it is; to be called every second or oftener."""
        sink, elapsed_s = now.sink, now.elapsed_s
        if sink.confirmed > self._confirmed or not sink.buffered:
            self._moved_s = elapsed_s
        if self._markets(now) != 0:
            self._connected_s = elapsed_s
        self._confirmed = sink.confirmed
        self._window.append((elapsed_s, sink.confirmed, sink.mean_lag_s * sink.confirmed))
        while len(self._window) > 2 and elapsed_s - self._window[1][0] >= WINDOW_S:
            self._window.popleft()
        self._now = now

    def numbers(self) -> dict[str, Any]:
        """The names and values of a metrics line. Raises ValueError before the first progress."""
        if self._now is None:
            raise ValueError("nothing was taken yet")
        now, sink, now_us = self._now, self._now.sink, self._now_us()
        began, latest = self._window[0], self._window[-1]
        fresh, seconds = latest[1] - began[1], latest[0] - began[0]
        at = dt.datetime.fromtimestamp(now_us / 1e6, dt.UTC).isoformat(timespec="milliseconds")
        return {
            "time": at.replace("+00:00", "Z"),
            "producer": self._producer,
            "feed": self._feed,
            "symbols": list(self._symbols),
            "elapsed_s": round(now.elapsed_s, 3),
            **self._connection(now, now_us),
            "read": now.read,
            "confirmed": sink.confirmed,
            "confirmed_per_s": round(fresh / seconds, 1) if seconds > 0 else 0.0,
            "waiting": sink.buffered,
            "waiting_bytes": sink.buffered_bytes,
            "oldest_s": round(sink.oldest_s, 3),
            "unmoved_s": round(now.elapsed_s - self._moved_s, 3),
            "lag_s": round((latest[2] - began[2]) / fresh, 3) if fresh else None,
            "refused": sink.refused,
            "retried": sink.retried,
            "throttled": sink.throttled,
            "paced_s": round(sink.paced_s, 3),
            "calls": sink.calls,
            "failed_calls": sink.failed_calls,
            "kinesis_records": sink.entries,
            "sent_bytes": sink.sent_bytes,
            "put_units": sink.put_units,
            "shards": sink.shards,
        }

    def _connection(self, now: Progress, now_us: int) -> dict[str, Any]:
        if now.watch is None:
            return {}
        counters, age_s = now.watch.counters, now.watch.counters.last_message_age_s(now_us)
        return {
            "connected": self._markets(now) != 0,
            "markets": self._markets(now),
            "unconnected_s": round(now.elapsed_s - self._connected_s, 3),
            "refused_symbols": sorted(now.watch.refused),
            "reconnects": counters.reconnects,
            "switches": counters.switches,
            "last_message_s": None if age_s is None else round(age_s, 3),
            "messages": counters.messages,
            "lost_messages": counters.lost_messages,
            "received_bytes": counters.bytes,
            "trades": counters.trades,
            "repeats": counters.repeats,
            "unparsed": counters.unparsed,
            "gaps": counters.gaps,
            "open_gaps": counters.open_gaps,
            "filled": counters.filled,
        }

    def _markets(self, now: Progress) -> int | None:
        """How many markets a connection brings now; None for a source without one."""
        if now.watch is None:
            return None
        return len(set(self._symbols) - now.watch.refused - now.watch.unconfirmed)
