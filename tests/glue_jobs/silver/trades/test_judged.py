"""judged_rows: bronze as Arrow in, the verdict of ``judge`` beside each row out, whatever the bytes."""

import importlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.engine import schema_of
from glue_jobs.silver.trades import judged_rows
from tapehouse.market import MarketKey
from tapehouse.record import AHEAD_US, EARLIEST_US, LATEST_US, Record, encode, id_number, judge
from tapehouse.tables import BRONZE_TRADES
from tests.factories import NOW_US, coverage, gap, gap_closed, trade

FIELDS: Final = (
    *("exchange", "symbol", "event_time_us", "source", "trade_id", "price", "size", "side", "backfilled", "trader"),
    *("gap_id", "from_id", "to_id", "from_us", "to_us", "reason", "through_us", "last_id", "received_time_us"),
)
SAID: Final = ("kind", "reasons", *FIELDS, "trade_number")
ORDINARY: Final[tuple[Record, ...]] = (
    trade(17),
    trade("a:26129", market=MarketKey("binance", "BTC-USDT", "binance-agg"), side="sell", price="97543.21000000"),
    trade("8b0f3b6e-9d2c-4f0e-a1f5-3d1c", market=MarketKey("bybit", "1000.PEPE-USDC", "bybit_v5"), side=None),
    trade("9" * 38, market=MarketKey("0x", "A-B", "x"), price="0.000000000001", size="9999999999999999.999999999999"),
    trade("9" * 39, trader="Ann-Marie O'Neil, jr. [&]", price="0012.50", backfilled=True),
    trade("a:", price="0.10"),
    trade("a:07", trader="null"),
    trade("!" * 256, trader="~" * 256),
    coverage(NOW_US - 10_000_000, NOW_US),
    coverage(EARLIEST_US, EARLIEST_US + 1, last_id="true", market=MarketKey("a" * 32, "A" * 24 + "-" + "B" * 24, "b")),
)
"""What producers send day in, day out, and the furthest of what still counts as such."""


def bronze(payloads: Sequence[bytes], arrived_us: int | Sequence[int] = NOW_US) -> pa.Table:
    """Rows of bronze.trades that hold these payloads, each its own record of the stream."""
    rows = len(payloads)
    instants = pa.array([arrived_us] * rows if isinstance(arrived_us, int) else arrived_us, pa.int64())
    instants = instants.cast(pa.timestamp("us", "UTC"))
    columns = {
        "payload": pa.array(payloads, pa.binary()),
        "sequence_number": pa.array([str(number) for number in range(rows)], pa.string()),
        "sub_sequence_number": pa.array([0] * rows, pa.int32()),
        "arrival_time": instants,
        "arrival_date": pa.array([0] * rows, pa.int32()).cast(pa.date32()),
    }
    alike = {"stream_created_at": instants, "ingested_at": instants}
    texts = {name: pa.array(["x"] * rows, pa.string()) for name in ("stream_name", "shard_id", "partition_key")}
    schema = schema_of(BRONZE_TRADES)
    return pa.table([{**columns, **alike, **texts}[name] for name in schema.names], schema=schema)


def expected(payload: bytes, arrived_us: int) -> dict[str, Any]:
    """What ``judge`` says of a payload, as the columns of judged_rows."""
    verdict = judge(payload, arrived_us)
    has_trade = verdict.kind == "trade" and verdict.values
    return {
        "kind": verdict.kind,
        "reasons": list(verdict.reasons),
        **{name: (verdict.values or verdict.claimed).get(name) for name in FIELDS},
        "trade_number": id_number(verdict.values["trade_id"]) if has_trade else None,
    }


def assert_judged(payloads: Sequence[bytes], arrived_us: int | Sequence[int] = NOW_US) -> None:
    """Every payload has the verdict and the values that ``judge`` gives it."""
    found = judged_rows(bronze(payloads, arrived_us))
    found.validate(full=True)
    arrivals = [arrived_us] * len(payloads) if isinstance(arrived_us, int) else arrived_us
    rows = found.select(SAID).to_pylist()
    for payload, at, row in zip(payloads, arrivals, rows, strict=True):
        assert row == expected(payload, at), (payload[:2000], at)


def test_the_columns_of_bronze_stay_and_those_of_the_verdict_follow() -> None:
    records = trade(1), coverage(), gap(from_us=NOW_US), gap_closed(), trade(2, price="0")
    payloads = [*(encode(record) for record in records), b"", b"\xff", b"[]"]
    rows = bronze(payloads)
    found = judged_rows(rows)
    assert found.select(rows.column_names).equals(rows)
    assert set(found.column_names[rows.num_columns :]) == set(SAID)
    assert_judged(payloads)


def test_no_rows_give_no_rows_of_the_same_columns() -> None:
    assert judged_rows(bronze([])).schema == judged_rows(bronze([encode(trade())])).schema


def test_ordinary_records_are_judged_without_asking_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else all is right and slow."""
    payloads = [encode(record) for record in ORDINARY]
    due = [expected(payload, NOW_US) for payload in payloads]
    assert [row["reasons"] for row in due] == [[]] * len(due)
    module = importlib.import_module("glue_jobs.silver.trades.one_by_one")

    def asked(payload: bytes, _: int) -> None:
        pytest.fail(f"{payload!r} was judged by itself")

    monkeypatch.setattr(module, "judge", asked)
    assert judged_rows(bronze(payloads)).select(SAID).to_pylist() == due


@pytest.mark.parametrize(
    ("record", "step"), [(trade(17, trader="Ann"), 1), (ORDINARY[9], 3)], ids=["trade", "coverage"]
)
def test_any_byte_may_be_any_other(record: Record, step: int) -> None:
    """``step``: of coverage, every byte becomes one in three of the others, each place another third of them."""
    sound = encode(record)
    for byte in range(256):
        places = range(byte % step, len(sound), step)
        assert_judged([sound[:at] + bytes([byte]) + sound[at + 1 :] for at in places])


@pytest.mark.parametrize("record", [*ORDINARY[:3], ORDINARY[8]], ids=["number", "aggregate", "uuid", "coverage"])
def test_any_byte_may_be_lost_or_changed_or_have_another_before_it(record: Record) -> None:
    sound = encode(record)
    assert_judged([sound[:at] for at in range(len(sound))])
    assert_judged([sound[:at] + sound[at + 1 :] for at in range(len(sound))])
    for other in b' \n\r\t\0",:{}[]\\-+.0189eEaAntfu\x7f\x80\xc3\xed\xff':
        assert_judged([sound[:at] + bytes([other]) + sound[at:] for at in range(len(sound) + 1)])
        assert_judged([sound[:at] + bytes([other]) + sound[at + 1 :] for at in range(len(sound))])


NUMBERS: Final = (
    *(
        '"0"',
        '"-0"',
        '"0.0"',
        '"-1"',
        '"+1"',
        '" 1"',
        '"1 "',
        '"1\\n"',
        '"1\n"',
        '"1."',
        '".5"',
        '"1e5"',
        '"1E5"',
        '""',
    ),
    *('"00.10"', '"007"', '"0x10"', '"1_0"', '"1,5"', '"NaN"', '"nan"', '"Infinity"', '"inf"', "NaN", "-Infinity"),
    *("1.5", "1", "null", "true", '"１"', '"٣.٥"', '"1.５"', '"\\u0031"', "[]", '"0b1"', '"1.5.5"', '"1..5"', '"-"'),
    *(f'"{"9" * digits}"' for digits in (15, 16, 17, 28, 29, 64, 65, 400)),
    *(f'"{"0" * 10}{"9" * digits}"' for digits in (5, 6, 7, 54, 55)),
    *(f'"0.{"1" * digits}"' for digits in (11, 12, 13, 28, 64, 65)),
    *(f'"1.{"5" * 12}{"0" * zeros}"' for zeros in (0, 1, 52, 53)),
    *(f'"0.{"0" * zeros}1"' for zeros in (10, 11, 12)),
    *('"999999999999.999999999999"', '"1000000000000"', '"1000000000000.000000000001"', '"999999999999"', '"1000000"'),
)
INSTANTS: Final = (
    *(str(edge + step) for edge in (EARLIEST_US, NOW_US + AHEAD_US, LATEST_US) for step in (-1, 0, 1)),
    *("0", "-1", "-0", "null", "true", '"1760000400000000"', "1760000400000000.0", "1.76e15", "0x6540000000000", "[]"),
    *("0176000040000000", "01760000400000000", "+176000040000000", " 1760000400000000", "1760000400000000 "),
    *("-176000040000000", "176000040000000.", "17600004000000e2", "1_76000040000000", "１７６００００４０００００００"),
    *("9999999999999999", "10000000000000000", "9" * 19, "9" * 40, "9" * 5000, "NaN"),
)
TEXTS: Final = (
    *(
        '""',
        '"a"',
        '"null"',
        "null",
        '"a:7"',
        '"a:"',
        '"a:a:7"',
        '"A:7"',
        '"a:-7"',
        '"-7"',
        '"+7"',
        '" 7"',
        '"7 "',
        '"7.0"',
    ),
    *(f'"{"7" * digits}"' for digits in (18, 19, 38, 39, 255, 256, 257)),
    *(f'"a:{"0" * digits}7"' for digits in (36, 37, 38)),
    *(f'"{"é" * length}"' for length in (1, 128, 129, 256, 257)),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"😀"', '"\\u0000"', '"\\""', '"\\\\"', '"\\/"', '"\\u0041"', '"\\n"', '"\\x"'),
    *(
        '"a\nb"',
        '"\x7f"',
        '"\x1f"',
        '"\u0085"',
        '"\u2028"',
        '"٣"',
        '"７"',
        "17",
        "1.5",
        "true",
        "{}",
        '"a"b"',
        '"a","x":"b"',
    ),
    *(
        '"a"',
        '"A"',
        '"0"',
        '"-a"',
        '"a-"',
        '".a"',
        '"a b"',
        '"a/b"',
        f'"{"a" * 32}"',
        f'"{"a" * 32}-"',
        f'"{"a" * 33}"',
        '"kraken\\n"',
    ),
    *('"BTC-USD"', '"BTC-USD-X"', '"BTC"', '"BTC-"', '"-USD"', '"btc-usd"', '"BTC/USD"', '"B.T-1.2"', '"ВТС-USD"'),
    f'"{"A" * 24}-{"B" * 24}A"',
    *(f'"{"A" * left}-{"B" * right}"' for left in (24, 25) for right in (24, 25)),
    *('"buy"', '"sell"', '"BUY"', '"Sell"', '"buys"', '"buy "', '"buysell"'),
)
FLAGS: Final = ("true", "false", "null", "True", "1", "0", '"true"', "tru", "truefalse", "falsetrue", "nulltrue")
MORE: Final = {
    **dict.fromkeys(("price", "size"), NUMBERS),
    **dict.fromkeys(("event_time_us", "received_time_us", "from_us", "through_us"), INSTANTS),
    "backfilled": FLAGS,
    "v": ("1", "2", "0", "-1", "1.0", "01", "true", '"1"', "null", "1e0", "11"),
    "kind": (
        '"trade"',
        '"coverage"',
        '"gap"',
        '"gap_closed"',
        '"unparsed"',
        '"Trade"',
        '"quote"',
        "null",
        "1",
        '"trade "',
    ),
}
"""What stands in for the value of each field; texts where nothing is said. JSON and what is nearly JSON."""


def tokens(record: Record) -> list[tuple[str, str]]:
    """The fields of a record as it is written: name and value, in their order."""
    return [(name, json.dumps(value, ensure_ascii=False)) for name, value in json.loads(encode(record)).items()]


def written(pairs: Iterable[tuple[str, str]], comma: str = ",", colon: str = ":") -> bytes:
    body = comma.join(f'"{name}"{colon}{value}' for name, value in pairs)
    return f"{{{body}}}".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("record", [trade(17, trader="Ann"), ORDINARY[2], coverage(NOW_US - 5), ORDINARY[9]], ids=str)
def test_a_value_may_be_anything(record: Record) -> None:
    pairs = tokens(record)
    assert written(pairs) == encode(record)
    payloads = [
        written([*pairs[:at], (name, other), *pairs[at + 1 :]])
        for at, (name, _) in enumerate(pairs)
        for other in (*MORE.get(name, TEXTS), "\ud800", '"\ud800"')
    ]
    assert_judged(payloads)


def test_what_a_notional_may_be() -> None:
    pairs = [
        *(("1000000", other) for other in ("1000000", "999999.999999999999", "1000000.000000000001", "999998")),
        *(("999999999999.999999999999", other) for other in ("1", "0.999999999999", "1.000000000001", "0.5")),
        *(("0.000000000001", other) for other in ("0.000000000001", "9999999999999999.999999999999", "0")),
        *(("9999999999999999", other) for other in ("9999999999999999", "0.0001", "0.00010001", "0.000100000000")),
    ]
    assert_judged([encode(trade(price=price, size=size)) for a, b in pairs for price, size in ((a, b), (b, a))])


def test_a_span_of_coverage_may_be_empty_or_backwards() -> None:
    assert_judged([encode(coverage(NOW_US + step, NOW_US)) for step in (-1, 0, 1, 5)])


@pytest.mark.parametrize("record", [trade(17, trader="Ann"), coverage(NOW_US - 5)], ids=str)
def test_a_record_may_be_written_otherwise(record: Record) -> None:
    pairs, sound = tokens(record), encode(record)
    swapped = [[*pairs[:at], pairs[at + 1], pairs[at], *pairs[at + 2 :]] for at in range(len(pairs) - 1)]
    moved = [[*pairs[:at], *pairs[at + 1 :], pairs[at]] for at in range(len(pairs))]
    fewer = [[*pairs[:at], *pairs[at + 1 :]] for at in range(len(pairs))]
    twice = [[*pairs[:at], pair, *pairs[at:]] for pair in pairs for at in range(len(pairs) + 1)]
    more = [[*pairs[:at], ("more", '"x"'), *pairs[at:]] for at in range(len(pairs) + 1)]
    renamed = [[*pairs[:at], (name.upper(), value), *pairs[at + 1 :]] for at, (name, value) in enumerate(pairs)]
    other_last = [[*pairs, (name, other)] for name, _ in pairs for other in MORE.get(name, TEXTS)[:12]]
    assert_judged([written(each) for each in (*swapped, *moved, *fewer, *twice, *more, *renamed, *other_last)])
    assert_judged([written(pairs, comma, colon) for comma in (", ", " ,", ",\n") for colon in (": ", ":", " :", ":\t")])
    assert_judged([before + sound + after for before in EDGES for after in EDGES])


EDGES: Final = (
    b"",
    b" ",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"[",
    b"]",
    b"}",
    b",",
    b"{}",
    b'"',
    encode(trade(5)),
)


@pytest.mark.parametrize(
    "arrived_us",
    [0, -(2**63), 2**63 - 1, EARLIEST_US - AHEAD_US - 1, LATEST_US, LATEST_US - AHEAD_US, 2**63 - AHEAD_US],
)
def test_a_record_may_arrive_at_any_time(arrived_us: int) -> None:
    near = [arrived_us + AHEAD_US + step for step in (-1, 0, 1)]
    times = [EARLIEST_US, NOW_US, LATEST_US, 9_999_999_999_999_999, *near]
    records = [record for at in times for record in (trade(event_time_us=at), coverage(EARLIEST_US, at))]
    assert_judged([encode(record) for record in records], arrived_us)


def test_each_record_is_held_against_its_own_arrival() -> None:
    """Wherever it stands among records that are not read by columns, too long ones among them."""
    payloads, arrivals = [], []
    for number in range(40):
        at = NOW_US + number * AHEAD_US
        record = trade(number, event_time_us=at) if number % 3 else coverage(at, at + 5)
        others = (encode(gap(from_us=at)), b"", encode(trade(number, trader="x" * 5_000)))
        for step in (-6, -5, -4, -1, 0, 1):
            payloads += [others[(number + step) % 3], encode(record)]
            arrivals += [0, at - AHEAD_US - step]
    assert_judged(payloads, arrivals)


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Records with some bytes changed, moved or taken from others, many of them twice over."""
    chosen = random.Random(seed)
    sound = [encode(record) for record in (*ORDINARY, gap(from_us=NOW_US), gap_closed())]
    for _ in range(count):
        payload = bytearray(chosen.choice(sound))
        for _ in range(chosen.choice((0, 1, 1, 1, 2, 3))):
            other = chosen.choice(sound)
            start, size = chosen.randrange(len(payload) + 1), chosen.choice((0, 1, 1, 2, 8, 40))
            at = chosen.choice((start, chosen.randrange(len(other))))
            taken = chosen.choice((other[at : at + size], chosen.randbytes(size), bytes(payload[at : at + size])))
            payload[start : start + chosen.choice((0, size))] = taken
        yield bytes(payload)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_mutants_of_records_are_judged_as_judge_does(seed: int) -> None:
    assert_judged(list(mutants(seed, 300)))


@settings(max_examples=150, deadline=None)
@given(payloads=st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=20))
def test_any_bytes_are_judged_as_judge_does(payloads: list[bytes]) -> None:
    assert_judged(payloads)


def test_a_big_batch_in_pieces_keeps_its_order() -> None:
    """More rows than are judged at once, cut anywhere, with rows before and behind that are not asked for."""
    payloads = list(mutants(1, 20_000))
    payloads[7] = b'{"v":1,"kind":"trade",' + b'"' * 3_000_000
    payloads[8_191] = encode(trade(8_191, trader="x" * 100_000))
    rows = bronze(payloads)
    pieces = [rows.slice(0, 1), rows.slice(1, 9_000), rows.slice(9_001, 0), rows.slice(9_001, 5), rows.slice(9_006)]
    found = judged_rows(pa.concat_tables(pieces))
    assert found.column("sequence_number").to_pylist() == [str(number) for number in range(20_000)]
    assert found.select(SAID).to_pylist() == [expected(payload, NOW_US) for payload in payloads]
    part = judged_rows(rows.slice(8_000, 500))
    assert part.select(SAID).equals(found.slice(8_000, 500).select(SAID))
    assert np.mean([reasons == [] for reasons in found.column("reasons").to_pylist()]) > 0.2
