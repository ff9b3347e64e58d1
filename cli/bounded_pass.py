"""One bounded pass (``ONCE=1 make run-app``): what its simulated sources trade, and whether all of it came.

The synthetic market is spoiled in it as it is in a live run, and goes on until what its newest forecast said of the
shortest horizon can be held against the price that came: a lake of one pass has something of everything to show.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from tapehouse.intervals import SECOND_US, instant_of
from tapehouse.query.port import QueryPort
from tapehouse.settings import Settings

TRADES: Final = 1_000
"""What each simulated venue, and the synthetic source, trades."""
RATE_PER_S: Final = 500.0
"""The venues' rate, and the synthetic source's at most."""
LONGEST_US: Final = 60 * SECOND_US
"""Forecasts that are made less often are not waited for."""
_IDS: Final = "SELECT exchange, symbol, source, trade_id FROM silver.trades WHERE event_time_us >= {since_us}"
_GAPS: Final = "SELECT gap_id FROM silver.gaps WHERE event = 'opened' AND to_us >= {since_us}"
_REPEATS: Final = """
    SELECT from_utf8(b.payload) AS payload
    FROM silver.rejected r JOIN bronze.trades b ON r.stream_name = b.stream_name AND r.shard_id = b.shard_id
        AND r.sequence_number = b.sequence_number AND r.sub_sequence_number = b.sub_sequence_number
    WHERE r.verdict = 'duplicate' AND r.exchange = 'synthetic'
        AND r.arrival_time >= {since} AND b.arrival_time >= {since}"""
_QUARANTINED: Final = """
    SELECT to_hex(payload) AS payload
    FROM silver.rejected WHERE verdict = 'quarantined' AND arrival_time >= {since}"""
_MARGIN_US: Final = 3_600 * SECOND_US
"""So long before the first trade's time a record may have arrived, by a clock that was set back meanwhile."""
_Trade: TypeAlias = tuple[str, str, str, str]


def synthetic_words(settings: Settings, start_us: int) -> tuple[str, ...]:
    """How ``tapehouse produce`` is told what the synthetic market trades from ``start_us`` on.

    ``settings``: with the forecasts' as the refresh has them.
    """
    rate_per_s = TRADES * SECOND_US / (ends_us(settings, start_us) - start_us)
    start = instant_of(start_us).isoformat()
    return ("--start", start, "--rate", f"{rate_per_s:g}", "--count", str(TRADES))


def ends_us(settings: Settings, start_us: int) -> int:
    """When a market that begins at ``start_us`` has traded enough, µs UTC.

    Only the newest forecast that is due is made. So the end is where the shortest horizon of one is over and the next
    one is not due, and half way between the two, since trades come at random. Where forecasts are made too seldom for
    that, or one is due before the horizon of the last is over, the market ends as soon as it can.
    """
    soonest_us = start_us + round(TRADES / RATE_PER_S * SECOND_US)
    every_us = round(settings.forecast_every_s * SECOND_US)
    shortest_us = round(min(settings.forecast_horizons_s) * SECOND_US)
    if not shortest_us < every_us <= LONGEST_US:
        return soonest_us
    return soonest_us + ((shortest_us + every_us) // 2 - soonest_us) % every_us


def missing(port: QueryPort, truth: Path) -> Iterator[str]:
    """What a source made and the lake does not know, a sentence each.

    ``truth``: the trades that it made as JSON lines, what it did to them beside (``producers.synthetic.truth``).
    """
    made = dict(_made(truth))
    if not made:
        yield f"{truth.name} names no trade: what was made is not known"
        return
    faults = _faults(truth)
    holes = [fault for fault in faults if fault["fault"] == "gap"]
    never_sent = {
        ("synthetic", hole["symbol"], "synthetic", str(number))
        for hole in holes
        for number in range(int(hole["from_id"]), int(hole["to_id"]) + 1)
    }
    since_us = min(made.values())
    gone = sorted(made.keys() - never_sent - set(port.run(_IDS.format(since_us=since_us)).rows))
    if gone:
        exchange, symbol, _, trade_id = gone[0]
        yield f"{len(gone)} trades of {truth.name}, the first of them {exchange}:{symbol}:{trade_id}"
    if not faults:
        return
    known = {gap_id for (gap_id,) in port.run(_GAPS.format(since_us=since_us)).rows}
    untold = [hole["gap_id"] for hole in holes if hole["gap_id"] not in known]
    if untold:
        yield f"{len(untold)} gaps of {truth.name}, the first of them {untold[0]}"
    since = f"TIMESTAMP '{instant_of(since_us - _MARGIN_US):%Y-%m-%d %H:%M:%S} UTC'"
    repeats = Counter(
        (fault["symbol"], fault["trade_id"]) for fault in faults if fault["fault"] == "duplicate"
    ) - Counter(_trades_in(row[0] for row in port.run(_REPEATS.format(since=since)).rows))
    if repeats:
        symbol, trade_id = min(repeats)
        yield f"{repeats.total()} repeats of {truth.name} in silver.rejected, one of synthetic:{symbol}:{trade_id}"
    malformed = Counter(fault["payload"] for fault in faults if fault["fault"] == "malformed")
    malformed -= Counter(row[0].lower() for row in port.run(_QUARANTINED.format(since=since)).rows)
    if malformed:
        yield f"{malformed.total()} malformed records of {truth.name} in silver.rejected, one of them {min(malformed)}"


def _trades_in(payloads: Iterable[str]) -> Iterator[tuple[str, str]]:
    for payload in payloads:
        trade = json.loads(payload)
        yield trade["symbol"], trade["trade_id"]


def _made(truth: Path) -> Iterator[tuple[_Trade, int]]:
    """Each trade's key, and its event time, µs UTC."""
    with truth.open(encoding="utf-8") as lines:
        for line in lines:
            trade = json.loads(line)
            yield (trade["exchange"], trade["symbol"], trade["source"], trade["trade_id"]), trade["event_time_us"]


def _faults(truth: Path) -> list[dict[str, Any]]:
    """Nothing where the source spoils none."""
    from producers.synthetic import faults_path

    path = faults_path(truth)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
