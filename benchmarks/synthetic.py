"""How fast the synthetic market is made, encoded and judged on one core, beside the plain way of doing each.

``python benchmarks/synthetic.py [--trades 200000] [--rounds 5]``: each pair is measured in turn, round by round, in
one process and in CPU seconds, and the best round counts, so that what else the machine does weighs little.
The plain ways: a generator step a trade with ``random``'s own distributions and ``Trade(...)``; a name made by Mimesis
for each trade instead of a pool; ``json.dumps`` of the fields; ``dataclasses.asdict`` before it. Judging has no other
way: it stands beside its JSON parser alone. ``ratio`` is how many times faster the first of a table is than the row.
Then, what one trade's time is made of: each part alone, as a share of the whole.
"""

import argparse
import asyncio
import gc
import itertools
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from random import Random
from typing import Any, Final

from mimesis import Person
from mimesis.locales import Locale

from producers.synthetic import SyntheticConfig, SyntheticSource
from producers.synthetic.market import trader_names
from tapehouse.distributions import CELLS, exponential
from tapehouse.price_walk import plain
from tapehouse.record import VERSION, Trade, encode, judge, new_trade

START_US: Final = 1_760_000_000_000_000
FAULTS: Final = {"duplicates": 0.01, "late": 0.01, "out_of_order": 0.01, "malformed": 0.01, "gaps": 0.001}
FIELDS: Final[dict[str, Any]] = {
    **{"exchange": "synthetic", "symbol": "BTC-USD", "source": "synthetic", "trade_id": "1760000000000123"},
    **{"price": "64000.12", "size": "0.00781250", "side": "buy", "trader": "Ann Ng"},
    **{"event_time_us": START_US, "received_time_us": START_US + 500, "backfilled": False},
}
Work = Callable[[int], object]
"""Does a thing so many times."""


def made(count: int, **changes: Any) -> None:
    """The whole source, as the sink reads it."""

    async def read() -> None:
        async for _ in SyntheticSource(SyntheticConfig(count=count, start_us=START_US, **changes)):
            pass

    asyncio.run(read())


def made_plainly(count: int, name: Callable[[Random], str]) -> None:
    """The same kind of market as one would first write it."""
    random, elapsed_s, prices = Random(1), 0.0, [6_400_000, 320_000, 15_000]

    def trades() -> Iterator[Trade]:
        nonlocal elapsed_s
        for number in range(count):
            elapsed_s += random.expovariate(1000)
            market = random.randrange(3)
            prices[market] = max(100, prices[market] + round(random.gauss(0, 1) * 10))
            event_us = START_US + int(elapsed_s * 1_000_000)
            yield Trade(
                exchange="synthetic",
                symbol=("BTC-USD", "ETH-USD", "SOL-USD")[market],
                source="synthetic",
                trade_id=str(START_US + number),
                price=plain(prices[market], 2),
                size=plain(max(1, int(random.lognormvariate(0, 1) * 781_250)), 8),
                side=random.choice(("buy", "sell")),
                event_time_us=event_us,
                received_time_us=event_us + random.randrange(500, 20_500),
                trader=name(random),
            )

    for _ in trades():
        pass


def from_pool(count: int) -> None:
    names = trader_names(1000, 1)
    made_plainly(count, lambda random: random.choice(names))


def from_mimesis(count: int) -> None:
    person = Person(Locale.EN, seed=1)
    made_plainly(count, lambda _: person.full_name())


def by_json(trade: Trade) -> bytes:
    body = {"v": VERSION, "kind": "trade", **{name: getattr(trade, name) for name in FIELDS}}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def by_asdict(trade: Trade) -> bytes:
    body = {"v": VERSION, "kind": "trade", **asdict(trade)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def over(things: Sequence[Any], each: Callable[[Any], object]) -> Work:
    def work(count: int) -> None:
        for thing in itertools.islice(itertools.cycle(things), count):
            each(thing)

    return work


def repeated(each: Callable[[], object]) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            each()

    return work


def best(works: dict[str, Work], count: int, rounds: int) -> dict[str, float]:
    """Times a CPU second, the best of the rounds, taken in turn."""
    rates = dict.fromkeys(works, 0.0)
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            began = time.process_time()
            work(count)
            rates[name] = max(rates[name], count / (time.process_time() - began))
    return rates


def table(title: str, rates: dict[str, float], own: str) -> None:
    print(f"\n{title:<44}{'a second':>12}{'ratio':>9}")
    for name, rate in rates.items():
        print(f"  {name:<42}{rate:>12,.0f}{rates[own] / rate:>8.1f}x")


def parts() -> dict[str, Work]:
    """What is done for each trade, one by one."""
    uniform, pauses = Random(1).random, exponential()
    text = str(6_400_012)
    return {
        "seven draws": lambda count: repeated(lambda: pauses[int(uniform() * CELLS)])(7 * count),
        "the Trade": repeated(lambda: new_trade(**FIELDS)),
        "texts of id and price": repeated(lambda: (str(START_US), str(6_400_012), f"{text[:-2]}.{text[-2:]}")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=200_000, help="trades a measurement (default 200,000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the best counts (default 5)")
    options = parser.parse_args()
    config = SyntheticConfig(count=5000, start_us=START_US)
    trades = [each for each in SyntheticSource(config).records(START_US) if isinstance(each, Trade)]
    payloads = [encode(trade) for trade in trades]
    print(f"Python {platform.python_version()}, one core, {sum(map(len, payloads)) / len(payloads):.0f} bytes a trade")

    making: dict[str, Work] = {
        "the source": made,
        "the source with faults (4 %, and holes)": lambda count: made(count, **FAULTS),
        "plainly, names from a pool": from_pool,
        "plainly, a name by Mimesis for each": from_mimesis,
    }
    rates = best(making, options.trades, options.rounds)
    table("making trades", rates, "the source")
    encoding = {"encode": over(trades, encode), "json.dumps": over(trades, by_json), "asdict": over(trades, by_asdict)}
    table("encoding trades", best(encoding, options.trades, options.rounds), "encode")
    judging = {"judge": over(payloads, lambda payload: judge(payload, START_US + 10**12))}
    judging["json.loads alone"] = over(payloads, json.loads)
    table("judging trades", best(judging, options.trades // 4, options.rounds), "judge")

    print(f"\n{'what a made trade takes':<44}{'ns':>12}{'share':>9}")
    whole = 1e9 / rates["the source"]
    for name, rate in best(parts(), options.trades // 4, options.rounds).items():
        print(f"  {name:<42}{1e9 / rate:>12,.0f}{1e9 / rate / whole:>9.0%}")
    print(f"  {'the whole':<42}{whole:>12,.0f}{1:>9.0%}")


if __name__ == "__main__":
    main()
