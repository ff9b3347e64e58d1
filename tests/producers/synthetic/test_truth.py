"""The truth beside the synthetic market equals what was sent and what was not."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from producers.source import Item, Raw
from producers.synthetic import SyntheticConfig, SyntheticSource
from producers.synthetic.truth import UnwritableTruthError
from tapehouse.record import Gap, Trade, encode

START_US = 1_760_000_000_000_000
ALL = {"duplicates": 0.04, "late": 0.03, "late_s": 4.0, "out_of_order": 0.05, "malformed": 0.02, "gaps": 0.01}


def source_of(path: Path, **changes: Any) -> SyntheticSource:
    config = SyntheticConfig(
        **{"count": 3000, "rate_per_s": 40, "start_us": START_US, "truth_path": path, **ALL, **changes}
    )
    return SyntheticSource(config)


async def read(source: SyntheticSource, *, stop_after: int | None = None) -> list[Item]:
    found: list[Item] = []
    async for batch in source:
        found += batch
        if stop_after is not None and len(found) >= stop_after:
            source.stop()
    return found


def trades_of(items: list[Item]) -> list[Trade]:
    return [item for item in items if isinstance(item, Trade)]


def lines(path: Path) -> list[bytes]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert not data or data.endswith(b"\n")
    return data.splitlines()


def check(folder: Path, items: list[Item], ending: str = "") -> dict[str, Any]:
    """The files against what was sent; the summary."""
    truth = [json.loads(line) for line in lines(folder / f"trades.jsonl{ending}")]
    faults = [json.loads(line) for line in lines(folder / f"trades.faults.jsonl{ending}")]
    summary: dict[str, Any] = json.loads((folder / "trades.summary.json").read_text())
    sent = [(trade.symbol, trade.trade_id) for trade in trades_of(items)]
    gaps = [item for item in items if isinstance(item, Gap)]
    never = [
        (gap.symbol, str(number)) for gap in gaps for number in range(int(gap.from_id or ""), int(gap.to_id or "") + 1)
    ]
    assert sorted([*set(sent), *never]) == sorted((each["symbol"], each["trade_id"]) for each in truth)
    assert summary["trades"] == len(truth)
    assert (summary["sent"], summary["missing"]) == (len(set(sent)), len(never))
    by_fault = {name: [each for each in faults if each["fault"] == name] for name in {each["fault"] for each in faults}}
    for name in ("duplicate", "late", "out_of_order", "malformed", "gap"):
        assert summary[name] == len(by_fault.get(name, []))
    assert summary["duplicate"] == len(sent) - len(set(sent))
    assert summary["malformed"] == sum(isinstance(item, Raw) for item in items)
    assert sum(summary["malformed_forms"].values()) == summary["malformed"]
    assert [each["gap_id"] for each in by_fault.get("gap", [])] == [gap.gap_id for gap in gaps]
    newest: dict[str, int] = {}
    behind = []
    for symbol, trade_id in dict.fromkeys(sent):
        if int(trade_id) < newest.get(symbol, -1):
            behind.append((symbol, trade_id))
        newest[symbol] = max(int(trade_id), newest.get(symbol, -1))
    disordered = [each for each in faults if each["fault"] in ("late", "out_of_order")]
    assert sorted(behind) == sorted((each["symbol"], each["trade_id"]) for each in disordered)
    for symbol, market in summary["markets"].items():
        ids = [int(each["trade_id"]) for each in truth if each["symbol"] == symbol]
        assert ids == list(range(int(market["first_id"]), int(market["last_id"]) + 1))
        assert len(ids) == market["trades"]
    return summary


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_truth_is_what_was_sent_and_what_was_not(ending: str, tmp_path: Path) -> None:
    source = source_of(tmp_path / f"trades.jsonl{ending}")
    items = asyncio.run(read(source))
    summary = check(tmp_path, items, ending)
    assert all(summary[name] > 10 for name in ("duplicate", "late", "out_of_order", "malformed", "gap"))
    assert (summary["seed"], summary["start_us"], summary["stopped"]) == (1, START_US, False)
    assert {name: summary[name] for name in source.summary} == source.summary


def test_the_truth_is_the_market_in_its_canonical_bytes_whatever_is_done_to_it(tmp_path: Path) -> None:
    asyncio.run(read(source_of(tmp_path / "spoiled.jsonl")))
    plain = source_of(tmp_path / "plain.jsonl", **dict.fromkeys(ALL.keys() - {"late_s"}, 0.0))
    asyncio.run(read(plain))
    expected = [encode(each) for each in plain.records(START_US) if isinstance(each, Trade)]
    assert lines(tmp_path / "spoiled.jsonl") == lines(tmp_path / "plain.jsonl") == expected
    assert lines(tmp_path / "plain.faults.jsonl") == []


def test_the_same_run_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        asyncio.run(read(source_of(tmp_path / name / "trades.jsonl.gz")))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("seed", range(4))
def test_a_stop_leaves_a_whole_truth(seed: int, tmp_path: Path) -> None:
    source = source_of(tmp_path / "trades.jsonl", seed=seed, count=None, gaps=0.1, late=0.2, late_s=3600)
    items = asyncio.run(read(source, stop_after=2500))
    summary = check(tmp_path, items)
    assert summary["stopped"]
    assert 2000 < summary["trades"] < 6000
    assert summary["late"] > 200


def test_a_run_that_breaks_off_leaves_whole_lines_and_no_summary(tmp_path: Path) -> None:
    (tmp_path / "trades.summary.json").write_text("an earlier run's")

    async def work() -> list[Item]:
        batches = aiter(source_of(tmp_path / "trades.jsonl"))
        first = list(await anext(batches))
        assert len(lines(tmp_path / "trades.jsonl")) >= 900  # there already: a kill would not lose it
        await batches.aclose()  # type: ignore[attr-defined]
        return first

    asyncio.run(work())
    assert not (tmp_path / "trades.summary.json").exists()


def test_without_a_path_the_sums_are_known_all_the_same(tmp_path: Path) -> None:
    beside, written = source_of(tmp_path / "trades.jsonl"), source_of(tmp_path / "trades.jsonl", truth_path=None)
    assert written.summary["trades"] == 0
    asyncio.run(read(beside))
    asyncio.run(read(written))
    assert written.summary == beside.summary
    assert written.summary["trades"] == 3000


def test_a_path_that_cannot_be_written_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "none" / "trades.jsonl"
    with pytest.raises(UnwritableTruthError, match=r"none/trades.jsonl cannot be written: .*folder that exists"):
        asyncio.run(read(source_of(path)))
