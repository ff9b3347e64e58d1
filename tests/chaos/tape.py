"""A seeded stream in portions, with everything in it that a refresh must tell apart."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode, partition_key

MINUTE = 60_000_000
BASE_US = 1_760_000_400_000_000  # 2025-10-09T09:00:00Z
MARKETS = (("kraken", "BTC-USD"), ("coinbase", "BTC-USD"), ("coinbase", "ETH-USD"))
GARBAGE = (b"\xff\xfe", b"{", b"[]", b'{"v":2,"kind":"trade"}', b'{"v":1,"kind":"trade","price":NaN}')


class Tape:
    """A seeded stream in portions: new and late trades, repeats, contradictions, gaps, coverage, garbage."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._told: list[Record] = []
        self._number = 0

    def portion(self, number: int) -> list[tuple[bytes, str]]:
        """The payloads of one portion with their partition keys."""
        rng = self._random
        start_us = BASE_US + number * MINUTE
        new: list[Record] = [self._trade(start_us) for _ in range(40)]
        new += [self._trade(BASE_US - rng.choice((3, 90, 13_000)) * MINUTE) for _ in range(3)]
        again = [record for record in self._told if isinstance(record, Trade)]
        repeats: list[Record] = rng.sample(again, min(5, len(again)))
        repeats += [replace(trade, price="1.5") for trade in rng.sample(again, min(2, len(again)))]
        whole = [record for record in self._told if not isinstance(record, Trade)]
        repeats += [record for record in rng.sample(whole, min(1, len(whole))) if isinstance(record, Gap | GapClosed)]
        claims = [*self._gaps(number, start_us), *(self._coverage(market, start_us) for market in MARKETS)]
        self._told += [*new, *claims]
        records = [*new, *repeats]
        rng.shuffle(records)
        payloads = [(encode(record), partition_key(record)) for record in (*records, *claims)]
        # A repeat that comes another way stands in another shard.
        payloads += [(encode(trade), f"relay {number}") for trade in rng.sample(again, min(2, len(again)))]
        payloads += [(rng.choice(GARBAGE), str(rng.random())) for _ in range(4)]
        return payloads

    def _trade(self, start_us: int) -> Trade:
        rng = self._random
        exchange, symbol = rng.choice(MARKETS)
        self._number += 1
        return Trade(
            exchange=exchange, symbol=symbol, source=exchange, trade_id=str(self._number),
            price=f"{rng.randint(1, 10**7)}.{rng.randint(0, 10**12 - 1):012d}",
            size=f"{rng.randint(0, 99)}.{rng.randint(1, 10**8):09d}", side=rng.choice(("buy", "sell", None)),
            event_time_us=start_us + rng.randint(0, 3 * MINUTE // 2), received_time_us=start_us,
        )  # fmt: skip

    def _gaps(self, number: int, start_us: int) -> Sequence[Record]:
        """A portion opens a gap, the one after the next closes it; every third stays open."""
        exchange, symbol = MARKETS[number % len(MARKETS)]
        market: dict[str, Any] = {"exchange": exchange, "symbol": symbol, "source": exchange}
        opened = Gap(
            **market, gap_id=f"g{number}", from_id=None, to_id=None, from_us=start_us + 10_000_000,
            to_us=start_us + 10_000_000 + 3 * MINUTE, reason="dropped", received_time_us=start_us,
        )  # fmt: skip
        closing = [
            GapClosed(exchange=gap.exchange, symbol=gap.symbol, source=gap.source, gap_id=gap.gap_id, reason="filled",
                      received_time_us=start_us)
            for gap in self._told
            if isinstance(gap, Gap) and gap.gap_id == f"g{number - 2}" and number % 3
        ]  # fmt: skip
        return [opened, *closing]

    def _coverage(self, market: tuple[str, str], start_us: int) -> Coverage:
        exchange, symbol = market
        return Coverage(
            exchange=exchange, symbol=symbol, source=exchange, from_us=start_us, through_us=start_us + MINUTE,
            last_id=None, received_time_us=start_us,
        )  # fmt: skip
