"""gold.manifest from candles and silver, without Spark: held against plain Python, whatever came in which order."""

import hashlib
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from glue_jobs.engine import LostRaceError
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.engine.retention import forget
from glue_jobs.gold import manifest as manifest_job
from glue_jobs.gold.candles import SourceChoice
from glue_jobs.gold.manifest import MAKES, ManifestJob
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.record import Record
from tapehouse.tables import GOLD_MANIFEST, SILVER_TRADES
from tests import oracle
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, MINUTE, T0, closed, covered, lost, sold
from tests.glue_jobs.gold.silver_lake import SilverLake

MIDNIGHT = T0 // DAY * DAY
Key = tuple[str, str, int]


class Vouched(SilverLake):
    """With the manifest behind it."""

    def begin(self) -> None:
        super().begin()
        self.vouching = ManifestJob(self.workspace)
        self.behind = Follower(self.workspace, "manifest", MAKES[GOLD_MANIFEST], BatchLimits())

    def vouch(self, *, hashes: int | None = None) -> None:
        """Take in what is new, and hash so many pieces (None: all)."""
        self.refresh()
        while (batch := self.behind.next()) is not None:
            self.vouching.write(batch)
            self.behind.done(batch)
        done = 0
        while (hashes is None or done < hashes) and self.vouching.more():
            done += 1

    def days(self) -> dict[Key, dict[str, Any]]:
        rows = self.workspace.rows(GOLD_MANIFEST, self.workspace.state(GOLD_MANIFEST).files).to_pylist()
        found = {(row["exchange"], row["symbol"], (row["day"] - datetime(1970, 1, 1).date()).days): row for row in rows}  # noqa: DTZ001
        assert len(found) == len(rows)
        return found

    def check_days(self) -> None:
        """Every row is what plain Python makes of everything that arrived."""
        found, wanted = self.days(), due(self)
        assert found.keys() == wanted.keys()
        for key, values in wanted.items():
            assert {name: found[key][name] for name in values} == values, key


def line(key: tuple[Any, ...], trade: dict[str, Any]) -> str:
    plain = [format(trade[name].normalize(), "f") for name in ("price", "size")]
    return ",".join([str(trade["event_time_us"]), key[3], *plain, trade["side"] or ""]) + "\n"


def due(silver: SilverLake) -> dict[Key, dict[str, Any]]:
    layer = oracle.silver(silver.arrived)
    of_market: dict[tuple[str, str], set[str]] = {}
    for key in layer.trades:
        of_market.setdefault(key[:2], set()).add(key[2])
    choice = SourceChoice()
    sources = {market: min(names, key=lambda n: choice.rank(market[0], n)) for market, names in of_market.items()}
    candles = {
        (key[0], key[1], key[3] // DAY): row
        for key, row in oracle.candles(layer, sources).items()
        if key[2] == "1d" and key[0] != "ALL"
    }
    ended = {key[:4] for key in layer.gaps if key[4] != "opened"}
    return {key: _due(layer, sources[key[:2]], key, row, ended) for key, row in candles.items()}


def _due(layer: oracle.Silver, source: str, key: Key, candle: dict[str, Any], ended: set[Any]) -> dict[str, Any]:
    start, end = key[2] * DAY, (key[2] + 1) * DAY
    own = {k: t for k, t in layer.trades.items() if k[:3] == (*key[:2], source)}
    newest = max(t["event_time_us"] for t in own.values())
    trades = sorted(
        ((k, t) for k, t in own.items() if start <= t["event_time_us"] < end),
        key=lambda each: (each[1]["event_time_us"], int(each[0][3]), each[0][3]),
    )
    spans = [(s["from_us"], s["through_us"]) for s in layer.coverage
             if (s["exchange"], s["symbol"], s["source"]) == (*key[:2], source)]  # fmt: skip
    spans += [(g["from_us"], g["to_us"] + 1) for k, g in layer.gaps.items()
              if k[:3] == (*key[:2], source) and k[4] == "filled" and g.get("from_us") and g.get("to_us")]  # fmt: skip
    whole = joined(spans)
    day = [(low, high) for low, high in whole if low <= end and high >= start]
    has_ended = newest >= end or any(low < end <= high for low, high in day)
    until = end if has_ended else min(end, max([newest + 1, *(high for _, high in day)]))
    seen = sum(max(0, min(high, until) - max(low, start)) for low, high in day)
    gaps = [
        g for k, g in layer.gaps.items()
        if k[4] == "opened" and k[:4] not in ended
        and (k[:3] == (*key[:2], source) or k[0] == "*")
        and (g["from_us"] if g["from_us"] is not None else g["to_us"]) is not None
        and (g["from_us"] if g["from_us"] is not None else g["to_us"]) < end
        and (math.inf if g["to_us"] is None else g["to_us"] + 1) > start
    ]  # fmt: skip
    text = "".join(line(*each) for each in trades)
    return {
        "source": source if trades else candle.get("source") or source,
        "trade_count": len(trades),
        "volume": sum((t["size"] for _, t in trades), Decimal(0)),
        "first_trade_id": trades[0][0][3] if trades else None,
        "last_trade_id": trades[-1][0][3] if trades else None,
        "open_time_us": trades[0][1]["event_time_us"] if trades else None,
        "close_time_us": trades[-1][1]["event_time_us"] if trades else None,
        "open_gaps": len(gaps),
        "coverage": pytest.approx(seen / (until - start) if until > start else 0, abs=1e-12),
        "complete": candle["complete"],
        "trades_sha256": hashlib.sha256(text.encode()).hexdigest() if has_ended else None,
    }


def joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def some(dice: random.Random, number: int) -> list[Record]:
    """A few records of anything, anywhere in five days."""
    exchange, symbol = dice.choice(["kraken", "coinbase"]), dice.choice(["BTC-USD", "ETH-USD"])
    at = T0 - dice.randrange(dice.choice([MINUTE, HOUR, DAY, 4 * DAY]))
    kind = dice.random()
    if kind < 0.65:
        source = dice.choice([exchange, exchange, "finnhub"])
        price, size = (dice.choice(["1", "100", "0.000001230000", "99999.5", "0.000000000001"]) for _ in range(2))
        instant = at // HOUR * HOUR if dice.random() < 0.3 else at  # ties
        return [sold(number, instant, exchange=exchange, symbol=symbol, source=source, price=price, size=size,
                     side=dice.choice(["buy", "sell", None]))]  # fmt: skip
    if kind < 0.85:
        return [covered(at, at + dice.randrange(dice.choice([MINUTE, HOUR, 2 * DAY])), exchange, symbol)]
    if kind < 0.95:
        return [lost(at, dice.choice([None, at + dice.randrange(DAY)]), gap_id=f"g{number % 5}-{number}")]
    return [closed(f"g{number % 5}-{number}")]


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_through_any_restart_it_is_what_plain_python_makes(
    lake: Lake, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(manifest_job, "PIECE_ROWS", dice.choice([1, 5, 500_000]))
    silver = Vouched(lake)
    number = 1000
    opened: list[str] = []
    for _ in range(4):
        records: list[Record] = []
        for _ in range(dice.randrange(1, 40)):
            number += 1
            made = some(dice, number)
            opened += [each.gap_id for each in made if each.kind == "gap"]  # type: ignore[union-attr]
            if made[0].kind == "gap_closed" and opened:
                made = [closed(dice.choice(opened))]
            records += made
        if not any(each.kind == "trade" for each in records):
            records.append(sold(number + 500, T0))
        silver.arrive(records, split=dice.choice([0, 3]))
        if dice.random() < 0.4:
            silver.vouch(hashes=dice.randrange(3))  # killed in the middle
            silver.begin()
        silver.vouch()
        silver.check_days()
    before = silver.days()
    silver.vouching.rebuild([GOLD_MANIFEST])
    assert silver.days() == before
    files = [each.path for each in silver.workspace.state(GOLD_MANIFEST).files]
    silver.begin()
    silver.behind = Follower(silver.workspace, "manifest-again", MAKES[GOLD_MANIFEST], BatchLimits())
    silver.vouch()
    assert silver.days() == before
    assert [each.path for each in silver.workspace.state(GOLD_MANIFEST).files] == files  # the same: nothing is written


def test_the_running_day_has_a_row_and_no_hash_until_it_has_ended(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(7, MIDNIGHT + 5), sold(6, MIDNIGHT + 5), covered(MIDNIGHT, MIDNIGHT + 10)])
    silver.vouch()
    (row,) = silver.days().values()
    assert (row["first_trade_id"], row["last_trade_id"], row["trades_sha256"], row["coverage"]) == ("6", "7", None, 1.0)
    silver.arrive([covered(MIDNIGHT + 10, MIDNIGHT + DAY)], arrival_us=MIDNIGHT + DAY)
    silver.vouch()
    (row,) = silver.days().values()
    assert row["trades_sha256"] is not None
    silver.check_days()


def test_a_late_trade_takes_the_hash_back_until_it_is_made_anew(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(1, MIDNIGHT - HOUR), sold(2, MIDNIGHT + HOUR)])
    silver.vouch()
    yesterday = ("kraken", "BTC-USD", MIDNIGHT // DAY - 1)
    first = silver.days()[yesterday]["trades_sha256"]
    silver.arrive([sold(3, MIDNIGHT - 2 * HOUR)])
    silver.vouch(hashes=0)
    assert (silver.days()[yesterday]["trades_sha256"], silver.days()[yesterday]["trade_count"]) == (None, 2)
    silver.vouch()
    assert silver.days()[yesterday]["trades_sha256"] not in (None, first)
    silver.check_days()


def test_trades_that_are_not_yet_in_the_candle_are_not_vouched_for(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(1, MIDNIGHT - HOUR), sold(2, MIDNIGHT + HOUR)])
    silver.refresh()
    silver.arrive([sold(3, MIDNIGHT - 2 * HOUR)])
    while (batch := silver.behind.next()) is not None:  # silver is ahead of gold.candles
        silver.vouching.write(batch)
        silver.behind.done(batch)
    assert not silver.vouching.more()
    assert silver.days()["kraken", "BTC-USD", MIDNIGHT // DAY - 1]["trades_sha256"] is None
    silver.vouch()
    silver.check_days()


def test_newest_days_are_hashed_first_and_a_lost_race_is_run_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_job, "PIECE_ROWS", 1)
    silver = Vouched(lake)
    silver.arrive([sold(n, MIDNIGHT - n * DAY + HOUR) for n in range(6)])
    silver.vouch(hashes=0)

    def lose(*_: Any, **__: Any) -> None:
        raise LostRaceError("gold.manifest", 1)

    with monkeypatch.context() as held:
        held.setattr(type(silver.workspace), "commit", lose)
        assert silver.vouching.more()
    order = []
    while silver.vouching.more():
        order.append({key[2] for key, row in silver.days().items() if row["trades_sha256"]})
    newest = [max(now - was) for was, now in zip([set(), *order], order, strict=False)]
    assert newest == [MIDNIGHT // DAY - n for n in range(1, 6)]
    silver.check_days()


def test_a_source_that_takes_over_makes_other_days(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(n, MIDNIGHT - n * DAY, source="finnhub") for n in range(3)])
    silver.vouch()
    silver.arrive([sold(77, MIDNIGHT - DAY)])
    silver.vouch()
    assert {key[2] for key in silver.days()} == {MIDNIGHT // DAY - 1}
    silver.check_days()


def test_what_changes_in_one_day_rewrites_its_file_alone(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(n, MIDNIGHT - n * DAY + HOUR) for n in range(9)])
    silver.vouch()
    before = {each.path for each in silver.workspace.state(GOLD_MANIFEST).files}
    silver.arrive([sold(90, MIDNIGHT - 4 * DAY)])
    silver.vouch()
    assert len(before - {each.path for each in silver.workspace.state(GOLD_MANIFEST).files}) == 1


def recipe() -> str:
    """The Python of docs/operations.md."""
    from tests.test_docs import ROOT

    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return text.partition("<!-- manifest recipe -->\n```python\n")[2].partition("```")[0]


def test_the_documented_recipe_makes_the_same_hash(lake: Lake) -> None:
    silver = Vouched(lake)
    dice = random.Random(1)
    silver.arrive([record for number in range(300) for record in some(dice, number + 1000)])
    silver.arrive([sold(1, T0 + 2 * DAY, exchange=e, symbol=s) for e in ("kraken", "coinbase")
                   for s in ("BTC-USD", "ETH-USD")], arrival_us=T0 + 2 * DAY)  # fmt: skip
    silver.vouch()
    port = DuckdbPort(lake)
    checked = 0
    for row in silver.days().values():
        if row["trades_sha256"] is not None:
            day = row["day"].isoformat()
            names: dict[str, Any] = {"run": port.run, "exchange": row["exchange"], "symbol": row["symbol"],
                                     "source": row["source"], "day": day}  # fmt: skip
            exec(recipe(), names)
            assert names["sha256"] == row["trades_sha256"], day
            checked += 1
    assert checked > 3


def test_a_volume_holds_to_its_last_digit(lake: Lake) -> None:
    silver = Vouched(lake)
    size = "9999999999999999.123456789012"
    silver.arrive([sold(number, T0 - DAY, price="0.00001", size=size) for number in (1, 2)])
    silver.arrive([sold(3, T0 + DAY)], arrival_us=T0 + DAY)
    silver.vouch()
    hashed = [row for row in silver.days().values() if row["trades_sha256"] is not None]
    assert [row["volume"] for row in hashed] == [Decimal("19999999999999998.246913578024")]


def test_the_oracles_join_is_sane() -> None:
    assert joined([(5, 7), (1, 3), (3, 4), (9, 9)]) == [(1, 4), (5, 7)]
    assert datetime.fromtimestamp(MIDNIGHT // 10**6, UTC).hour == 0


def test_a_day_of_which_silver_keeps_no_trades_keeps_its_hash(lake: Lake) -> None:
    silver = Vouched(lake)
    silver.arrive([sold(number, T0 - number * DAY) for number in range(30)])
    silver.vouch()
    silver.check_days()
    before = silver.days()
    while forget(silver.workspace, SILVER_TRADES, 14, unread=(), most_bytes=1):
        pass
    silver.vouch()
    assert silver.days() == before
    silver.vouching.rebuild([GOLD_MANIFEST])
    assert silver.days() == before
    silver.behind.forget()
    silver.begin()
    silver.arrive([sold(100, T0 + 1)])
    silver.vouch()
    silver.check_days()
