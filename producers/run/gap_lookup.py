"""What the lake knows of a market's holes: the gaps that are open, and the trades on both sides of a span."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tapehouse.query.port import QueryPort
from tapehouse.record import Gap
from tapehouse.tables import OPENED


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A trade beside a span."""

    trade_id: str
    event_time_us: int


def _text(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


class GapLookup:
    """Questions on one market, in Athena's dialect."""

    def __init__(
        self,
        port: QueryPort,
        exchange: str,
        symbol: str,
        *,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._port, self._exchange, self._symbol, self._now_us = port, exchange, symbol, now_us

    def open_gaps(
        self, *, source: str | None = None, gap_id: str | None = None, span_us: tuple[int, int] | None = None
    ) -> list[Gap]:
        """The market's gaps that are open, from the earliest on: of this source, of this id, overlapping this span."""
        wanted = [
            f"o.event = {_text(OPENED)}",
            "c.gap_id IS NULL",
            f"o.exchange = {_text(self._exchange)}",
            f"o.symbol = {_text(self._symbol)}",
        ]
        if source is not None:
            wanted.append(f"o.source = {_text(source)}")
        if gap_id is not None:
            wanted.append(f"o.gap_id = {_text(gap_id)}")
        if span_us is not None:
            wanted.append(f"(o.from_us IS NULL OR o.from_us < {span_us[1]})")
            wanted.append(f"(o.to_us IS NULL OR o.to_us > {span_us[0]})")
        found = self._port.run(
            "SELECT o.source, o.gap_id, o.from_id, o.to_id, o.from_us, o.to_us, o.reason"  # noqa: S608 - see _text
            " FROM silver.gaps o LEFT JOIN silver.gaps c ON c.exchange = o.exchange AND c.symbol = o.symbol"
            f" AND c.source = o.source AND c.gap_id = o.gap_id AND c.event <> {_text(OPENED)}"
            f" WHERE {' AND '.join(wanted)} ORDER BY o.from_us, o.gap_id"
        )
        return [
            Gap(
                exchange=self._exchange,
                symbol=self._symbol,
                source=source_,
                gap_id=gap_id_,
                from_id=from_id,
                to_id=to_id,
                from_us=from_us,
                to_us=to_us,
                reason=reason,
                received_time_us=self._now_us(),
            )
            for source_, gap_id_, from_id, to_id, from_us, to_us, reason in found.rows
        ]

    def before(self, source: str, from_us: int) -> Neighbour | None:
        """The source's last trade before the instant."""
        return self._nearest(source, f"event_time_us < {from_us}", "DESC")

    def after(self, source: str, to_us: int) -> Neighbour | None:
        """The source's first trade after the instant."""
        return self._nearest(source, f"event_time_us > {to_us}", "ASC")

    def _nearest(self, source: str, side: str, order: str) -> Neighbour | None:
        """Of trades of one instant the one with the lowest (or highest) number: a longer number is a higher one."""
        found = self._port.run(
            "SELECT trade_id, event_time_us FROM silver.trades"  # noqa: S608 - see _text
            f" WHERE exchange = {_text(self._exchange)} AND symbol = {_text(self._symbol)}"
            f" AND source = {_text(source)} AND {side}"
            f" ORDER BY event_time_us {order}, length(trade_id) {order}, trade_id {order} LIMIT 1"
        )
        return Neighbour(*found.rows[0]) if found.rows else None
