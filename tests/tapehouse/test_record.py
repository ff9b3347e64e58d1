"""The stream record: every rule, every reason, and no payload that makes the judge raise or breaks a column."""

import copy
import json
import pickle
from collections.abc import Collection, Mapping
from dataclasses import FrozenInstanceError, asdict, replace
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tapehouse.record as record_module
from tapehouse.record import (
    AHEAD_US,
    EARLIEST_US,
    KINDS,
    LATEST_US,
    VERSION,
    Coverage,
    Gap,
    GapClosed,
    Judged,
    Record,
    Trade,
    Unparsed,
    encode,
    id_number,
    judge,
    new_trade,
    partition_key,
)

NOW_US: Final = 1_760_000_000_000_000
INT64_MAX: Final = 2**63 - 1
TRADE: Final = Trade(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    trade_id="17",
    price="101.5",
    size="0.25",
    side="buy",
    event_time_us=NOW_US - 5,
    received_time_us=NOW_US,
    trader="Ann Ng",
)
GAP: Final = Gap(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    gap_id="kraken:18",
    from_id="18",
    to_id="20",
    from_us=NOW_US - 100,
    to_us=NOW_US - 50,
    reason="socket dropped",
    received_time_us=NOW_US,
)
CLOSED: Final = GapClosed(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    gap_id="kraken:18",
    reason="filled",
    received_time_us=NOW_US,
)
COVERAGE: Final = Coverage(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    from_us=NOW_US - 100,
    through_us=NOW_US - 50,
    last_id="17",
    received_time_us=NOW_US,
)
UNPARSED: Final = Unparsed(
    exchange="kraken",
    source="kraken",
    raw='{"price":',
    raw_bytes=9,
    raw_sha256="0" * 64,
    error="price: missing",
    received_time_us=NOW_US,
)
ACCEPTABLE: Final[tuple[Record, ...]] = (TRADE, GAP, CLOSED, COVERAGE)
BY_KIND: Final = {record.kind: record for record in ACCEPTABLE}


def body(record: Record, **changes: Any) -> dict[str, Any]:
    """The record as a JSON object with some fields changed; Ellipsis leaves a field out."""
    whole = {"v": VERSION, "kind": record.kind, **asdict(record), **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def judged(record: Record, **changes: Any) -> Judged:
    return judge(json.dumps(body(record, **changes)).encode(), NOW_US)


def test_factories_are_accepted() -> None:
    for record in ACCEPTABLE:
        assert judged(record).reasons == ()


# --- one bad field: its reason, and nothing else

NOT_TEXT: Final[tuple[Any, ...]] = (5, 1.5, True, [], {}, ["x"])
NAMES: Final = ("", "Kraken", "-kraken", ".kraken", "kra ken", "kraken\n", "k" * 33, "кракен", "\ud800", "k\x00")
SYMBOLS: Final = (
    *(
        "",
        "BTCUSD",
        "BTC/USD",
        "btc-usd",
        "BTC-",
        "-USD",
        "BTC-USD-X",
        "BTC-USD\n",
        "A" * 25 + "-USD",
        "BTC-" + "A" * 25,
    ),
    *("ВТС-USD", "BTC-US\ud800", "BTC - USD"),
)
TEXTS: Final = ("", "x" * 257, "a\nb", "a\tb", "a\x00b", "a\x7fb", "\ud800", "ok\udfff", "x" * 2**20)
QUANTITIES: Final[tuple[tuple[Any, str], ...]] = (
    *(("", "format"), (" 1", "format"), ("1 ", "format"), ("1\n", "format"), ("+1", "format"), (".5", "format")),
    *(("5.", "format"), ("1e3", "format"), ("1E-3", "format"), ("NaN", "format"), ("Infinity", "format")),
    *(
        ("0x10", "format"),
        ("1_000", "format"),
        ("1,5", "format"),
        ("１２", "format"),
        ("١", "format"),
        ("--1", "format"),
    ),
    *(("\ud800", "format"), ("1" * 65, "format"), ("1." + "1" * 65, "format"), ("9" * 2**20, "format")),
    *(("0.0000000000001", "scale"), ("1.1234567890123", "scale"), ("-0.0000000000001", "scale")),
    *(("0", "range"), ("-0", "range"), ("0.000", "range"), ("-1", "range"), ("-0.5", "range")),
    *(("1" + "0" * 16, "range"), ("9" * 64, "range"), ("-" + "9" * 17, "range")),
    *((value, "type") for value in NOT_TEXT),
)
INSTANTS: Final[tuple[tuple[Any, str], ...]] = (
    *(("1760000000000000", "type"), (1.76e15, "type"), (True, "type"), ([], "type"), ({}, "type")),
    *((number, "range") for number in (0, -1, -(2**63), INT64_MAX + 1, 10**400, -(10**400), EARLIEST_US - 1)),
)


def bad_values() -> list[tuple[str, str, Any, str]]:
    """(kind, field, value, reason): every field of every kind with each value that its rule refuses."""
    ends = {"by_arrival": (NOW_US + AHEAD_US + 1, "range"), "any_time": (LATEST_US + 1, "range")}
    faults: dict[str, list[tuple[Any, str]]] = {
        "name": [*((value, "type") for value in NOT_TEXT), *((value, "format") for value in NAMES)],
        "symbol": [*((value, "type") for value in NOT_TEXT), *((value, "format") for value in SYMBOLS)],
        "text": [*((value, "type") for value in NOT_TEXT), *((value, "format") for value in TEXTS)],
        "quantity": list(QUANTITIES),
        "by_arrival": [*INSTANTS, ends["by_arrival"]],
        "any_time": [*INSTANTS, ends["any_time"]],
        "side": [*((value, "type") for value in NOT_TEXT), *((value, "format") for value in ("", "BUY", "bid", "b"))],
        "flag": [(value, "type") for value in (0, "true", "", None, *NOT_TEXT) if value is not True],
    }
    market = {"exchange": "name", "symbol": "symbol", "source": "name", "received_time_us": "any_time"}
    fields: dict[str, dict[str, str]] = {
        "trade": {
            **market,
            **{"trade_id": "text", "price": "quantity", "size": "quantity", "side": "side"},
            **{"event_time_us": "by_arrival", "backfilled": "flag", "trader": "text"},
        },
        "gap": {
            **market,
            **{"gap_id": "text", "from_id": "text", "to_id": "text", "reason": "text"},
            **{"from_us": "by_arrival", "to_us": "by_arrival"},
        },
        "gap_closed": {**market, "gap_id": "text", "reason": "text"},
        "coverage": {**market, "from_us": "by_arrival", "through_us": "by_arrival", "last_id": "text"},
    }
    for kind, rules in fields.items():  # a field that a later version adds must be added here as well
        assert set(rules) == set(asdict(BY_KIND[kind]))
    return [
        (kind, name, value, f"{name}.{code}")
        for kind, rules in fields.items()
        for name, rule in rules.items()
        for value, code in faults[rule]
    ]


def test_each_bad_value_of_each_field_has_its_reason() -> None:
    told = {
        (kind, name, repr(value)[:60]): judged(BY_KIND[kind], **{name: value}) for kind, name, value, _ in bad_values()
    }
    expected = {(kind, name, repr(value)[:60]): reason for kind, name, value, reason in bad_values()}
    assert len(expected) > 400
    assert {case: verdict.reasons for case, verdict in told.items()} == {c: (reason,) for c, reason in expected.items()}
    assert all(verdict.values == {} for verdict in told.values())
    assert all(verdict.kind == case[0] for case, verdict in told.items())


NULLABLE: Final = {
    "trade": {"side", "trader"},
    "gap": {"from_id", "to_id", "from_us", "to_us"},  # its ids bound a hole without times
    "gap_closed": set[str](),
    "coverage": {"last_id"},
}


@pytest.mark.parametrize("record", ACCEPTABLE, ids=lambda record: record.kind)
def test_each_field_is_needed_unless_it_may_be_null(record: Record) -> None:
    for name in asdict(record):
        absent, null = judged(record, **{name: ...}), judged(record, **{name: None})
        if name in NULLABLE[record.kind]:
            assert (absent.reasons, absent.values[name]) == ((), None)
            assert null == absent
        else:
            assert absent.reasons == (f"{name}.missing",)
            assert null.reasons == (f"{name}.type",)


def test_every_broken_field_is_named_in_the_order_of_the_record() -> None:
    verdict = judged(TRADE, symbol="x", size=..., price="1e3", side="bid", event_time_us=0)
    assert verdict.reasons == (
        *("symbol.format", "price.format", "size.missing", "side.format", "event_time_us.range"),
    )


def test_rules_of_several_fields_are_not_asked_of_a_broken_record() -> None:
    assert judged(TRADE, price="9999999999999", size="1", side="bid").reasons == ("side.format",)


# --- rules of several fields, exactly at their ends


@pytest.mark.parametrize(
    ("price", "size", "accepted"),
    [
        ("1000000000000", "1", False),
        ("999999999999.999999999999", "1", True),
        ("1000000000000", "0.999999999999", True),
        ("1000000", "1000000", False),
        ("999999.999999999999", "1000000", True),
        ("1000000.000000000001", "1000000", False),
        # 10^12 - 10^-24 and so many digits that a context of 28 would round it up to the limit
        ("1000000.000000000001", "999999.999999999999", True),
        ("9999999999999999.999999999999", "0.0001", True),
        ("9999999999999999.999999999999", "0.000100000001", False),
        ("1000000000000" + "." + "0" * 64, "1." + "0" * 64, False),
        ("9999999999999999", "9999999999999999", False),
    ],
)
def test_notional_limit_is_exact(price: str, size: str, accepted: bool) -> None:
    for one, other in ((price, size), (size, price)):
        assert judged(TRADE, price=one, size=other).reasons == (() if accepted else ("notional.range",))


@pytest.mark.parametrize(
    ("record", "name"),
    [(TRADE, "event_time_us"), (GAP, "from_us"), (GAP, "to_us"), (COVERAGE, "from_us"), (COVERAGE, "through_us")],
)
def test_event_times_are_bounded_by_the_first_block_and_the_arrival(record: Record, name: str) -> None:
    free: dict[str, dict[str, Any]] = {
        "from_us": {"to_us": None, "through_us": NOW_US + AHEAD_US + 9},
        "to_us": {"from_us": EARLIEST_US},
    }
    free["through_us"] = {"from_us": EARLIEST_US - 1}

    def reasons(instant: int) -> tuple[str, ...]:
        others = {k: v for k, v in free.get(name, {}).items() if k in asdict(record)}
        return tuple(r for r in judged(record, **others, **{name: instant}).reasons if r.startswith(f"{name}.range"))

    assert reasons(EARLIEST_US - 1) == (f"{name}.range",)
    assert reasons(EARLIEST_US) == ()
    assert reasons(NOW_US + AHEAD_US) == ()
    assert reasons(NOW_US + AHEAD_US + 1) == (f"{name}.range",)


def test_event_times_end_with_the_calendar_however_late_the_arrival() -> None:
    late = replace(TRADE, event_time_us=LATEST_US)
    assert judge(encode(late), LATEST_US).reasons == ()
    assert judge(encode(replace(late, event_time_us=LATEST_US + 1)), LATEST_US).reasons == ("event_time_us.range",)


def test_received_time_is_not_bounded_by_the_arrival() -> None:
    assert judged(TRADE, received_time_us=LATEST_US).reasons == ()
    assert judged(TRADE, received_time_us=LATEST_US + 1).reasons == ("received_time_us.range",)
    assert judged(TRADE, received_time_us=EARLIEST_US).reasons == ()


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"to_us": GAP.from_us}, ()),
        ({"to_us": NOW_US - 101}, ("to_us.range",)),
        ({"from_us": None, "to_us": None}, ()),
        ({"from_us": None, "from_id": None}, ("gap.bounds",)),
        ({"from_us": None, "to_id": None}, ("gap.bounds",)),
        ({"from_id": None, "to_id": None, "to_us": None}, ()),
    ],
)
def test_a_gap_says_where_it_is(changes: Mapping[str, Any], reasons: tuple[str, ...]) -> None:
    assert judged(GAP, **changes).reasons == reasons


def test_a_span_of_coverage_is_not_empty() -> None:
    assert judged(COVERAGE, through_us=COVERAGE.from_us).reasons == ("through_us.range",)
    assert judged(COVERAGE, through_us=COVERAGE.from_us - 1).reasons == ("through_us.range",)
    assert judged(COVERAGE, through_us=COVERAGE.from_us + 1).reasons == ()


# --- what is no record at all

DEEP: Final = b"[" * 100_000
HOSTILE: Final[dict[bytes, str]] = {
    b"": "payload.json",
    b" ": "payload.json",
    b"\x00": "payload.json",
    b"\xff\xfe": "payload.utf8",
    b"\xc0\x80": "payload.utf8",
    b"\xed\xa0\x80": "payload.utf8",  # a surrogate as raw bytes
    encode(TRADE)[:-1]: "payload.json",
    encode(TRADE) + b"}": "payload.json",
    encode(TRADE) + encode(TRADE): "payload.json",
    encode(TRADE).decode().encode("utf-16"): "payload.utf8",
    encode(TRADE).decode().encode("utf-16-le"): "payload.json",
    b"\xef\xbb\xbf" + encode(TRADE): "payload.json",
    b'{"v":NaN}': "payload.json",
    b'{"x":-Infinity}': "payload.json",
    b'{"v":1,"kind":"trade","price":NaN}': "payload.json",
    b"9" * 5000: "payload.json",
    b'{"v":' + b"9" * 2**20 + b"}": "payload.json",
    DEEP: "payload.json",
    b'{"a":' * 100_000: "payload.json",
    DEEP + b"]" * 100_000: "payload.json",
    b"null": "payload.object",
    b"1": "payload.object",
    b'"' + b"x" * 2**20 + b'"': "payload.object",
    b"[{}]": "payload.object",
    b"{}": "version",
    b'{"v":2,"kind":"trade"}': "version",
    b'{"v":1.0,"kind":"trade"}': "version",
    b'{"v":true,"kind":"trade"}': "version",
    b'{"v":"1","kind":"trade"}': "version",
    b'{"v":[1],"kind":"trade"}': "version",
    b'{"v":1e400,"kind":"trade"}': "version",
    b'{"v":1}': "kind",
    b'{"v":1,"kind":null}': "kind",
    b'{"v":1,"kind":["trade"]}': "kind",
    b'{"v":1,"kind":{}}': "kind",
    b'{"v":1,"kind":"Trade"}': "kind",
    b'{"v":1,"kind":"\\ud800"}': "kind",
    b'{"v":1,"kind":"unparsed"}': "unparsed",
    encode(UNPARSED): "unparsed",
}


@pytest.mark.parametrize("payload", HOSTILE, ids=lambda payload: repr(payload[:24]))
def test_what_is_no_record_is_named(payload: bytes) -> None:
    verdict = judge(payload, NOW_US)
    assert verdict.reasons == (HOSTILE[payload],)
    assert verdict.values == {}


def test_the_kind_of_a_record_of_another_version_is_told() -> None:
    assert judge(b'{"v":2,"kind":"gap"}', NOW_US).kind == "gap"
    assert judge(b'{"v":2,"kind":"other"}', NOW_US).kind is None


@pytest.mark.parametrize(
    ("changes", "claimed"),
    [
        ({}, {}),
        ({"price": "-1"}, {"exchange", "symbol", "source"}),
        ({"v": 2}, {"exchange", "symbol", "source"}),
        ({"kind": "other"}, {"exchange", "symbol", "source"}),
        ({"kind": "unparsed", "symbol": None}, {"exchange", "source"}),
        ({"source": "Not a name"}, {"exchange", "symbol"}),
        ({"source": "x" * 2**20, "exchange": 7, "symbol": ["BTC-USD"]}, set()),
    ],
)
def test_what_is_refused_says_whom_it_claims_to_be_from(changes: Mapping[str, Any], claimed: Collection[str]) -> None:
    told = {"exchange": TRADE.exchange, "symbol": TRADE.symbol, "source": TRADE.source}
    assert judged(TRADE, **changes).claimed == {name: told[name] for name in claimed}


def test_of_a_repeated_name_the_last_counts() -> None:
    payload = encode(TRADE)[:-1] + b',"price":"7","size":"bad"}'
    assert judge(payload, NOW_US).reasons == ("size.format",)
    assert judge(encode(TRADE)[:-1] + b',"price":"7"}', NOW_US).values["price"] == 7


def test_fields_that_nobody_knows_are_no_fault() -> None:
    assert judged(TRADE, extra={"deep": [1, None]}, price_text="x" * 2**20).values == judged(TRADE).values


# --- any record, any bytes

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True)
symbols = st.from_regex(r"[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", min_codepoint=0x20), min_size=1, max_size=256)
clean = texts.filter(lambda text: "\x7f" not in text)
quantities = st.decimals(Decimal("1E-12"), Decimal("999999.999999999999"), places=12).map(lambda d: f"{d:f}")
instants = st.integers(EARLIEST_US, NOW_US + AHEAD_US)
received = st.integers(EARLIEST_US, LATEST_US)
MARKET: Final[dict[str, Any]] = {"exchange": names, "symbol": symbols, "source": names, "received_time_us": received}
trades = st.builds(
    Trade,
    **MARKET,
    trade_id=clean,
    price=quantities,
    size=quantities,
    side=st.sampled_from(["buy", "sell", None]),
    event_time_us=instants,
    backfilled=st.booleans(),
    trader=st.none() | clean,
)
pairs = st.tuples(instants, instants).map(sorted).filter(lambda pair: pair[0] < pair[1])
gaps = pairs.flatmap(
    lambda pair: st.builds(
        Gap,
        **MARKET,
        gap_id=clean,
        from_id=st.none() | clean,
        to_id=st.none() | clean,
        from_us=st.just(pair[0]),
        to_us=st.sampled_from([None, pair[1]]),
        reason=clean,
    )
)
closings = st.builds(GapClosed, **MARKET, gap_id=clean, reason=clean)
coverages = pairs.flatmap(
    lambda pair: st.builds(
        Coverage, **MARKET, from_us=st.just(pair[0]), through_us=st.just(pair[1]), last_id=st.none() | clean
    )
)
records: st.SearchStrategy[Record] = st.one_of(trades, gaps, closings, coverages)


@settings(deadline=None)
@given(records)
def test_a_valid_record_is_accepted_with_the_values_it_was_made_of(record: Record) -> None:
    verdict = judge(encode(record), NOW_US)
    assert (verdict.kind, verdict.reasons) == (record.kind, ())
    told = {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in verdict.values.items()}
    assert told == asdict(record)


@given(st.text(), st.text())
@example("\ud800", "\udfff\ud800")
@example("\U0001f600\x00", '"\\')
def test_any_text_of_a_venue_can_be_encoded_and_read_back(raw: str, error: str) -> None:
    payload = encode(replace(UNPARSED, raw=raw, error=error))
    back = json.loads(payload.decode("utf-8"))
    assert (back["v"], back["kind"], back["error"]) == (VERSION, "unparsed", error)
    assert back["raw"] == raw
    verdict = judge(payload, NOW_US)
    assert (verdict.kind, verdict.reasons, verdict.values) == ("unparsed", ("unparsed",), {})


def test_encoded_text_is_compact_and_not_escaped() -> None:
    payload = encode(replace(TRADE, trader="Zoë"))
    assert "Zoë".encode() in payload
    assert b" " not in payload
    assert payload.startswith(b'{"v":1,"kind":"trade","exchange":"kraken","symbol":"BTC-USD",')


def by_json(record: Record) -> bytes:
    """The record's bytes as json.dumps has them."""
    try:
        return json.dumps(body(record), separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(body(record), separators=(",", ":")).encode("ascii")


SPECIAL: Final = (
    "",
    '"',
    "\\",
    "\n",
    "\x00\x1f\x7f",
    "\u2028",
    "\ud800",
    "\udfff\ud800",
    "\U0001f600",
    "</",
    "é",
    "null",
)
any_text = st.text(st.characters(exclude_categories=())) | st.sampled_from(SPECIAL)
any_trades = st.builds(
    Trade,
    **dict.fromkeys(("exchange", "symbol", "source", "trade_id", "price", "size"), any_text),
    side=st.none() | any_text,
    trader=st.none() | any_text,
    event_time_us=st.integers(),
    received_time_us=st.integers(-(10**40), 10**40),
    backfilled=st.booleans(),
)


@settings(max_examples=500, deadline=None)
@given(any_trades)
def test_a_trade_is_encoded_as_json_dumps_would(trade: Trade) -> None:
    assert encode(trade) == by_json(trade)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(asdict(TRADE))), st.one_of(any_text, st.integers(), st.floats(), st.booleans(), st.none())
)
def test_a_value_of_another_type_is_encoded_as_json_dumps_would(name: str, value: Any) -> None:
    trade = replace(TRADE, **{name: value})
    assert encode(trade) == by_json(trade)


@given(any_trades)
def test_a_trade_made_the_quick_way_is_the_same_trade(trade: Trade) -> None:
    made = new_trade(**asdict(trade))
    assert type(made) is Trade
    assert (made, hash(made), repr(made), asdict(made)) == (trade, hash(trade), repr(trade), asdict(trade))
    assert replace(made, trade_id="x") == replace(trade, trade_id="x")
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == trade
    with pytest.raises(FrozenInstanceError):
        made.price = "1"  # type: ignore[misc]


def test_the_quick_way_has_the_same_defaults() -> None:
    told = {name: value for name, value in asdict(TRADE).items() if name not in ("backfilled", "trader")}
    assert new_trade(**told) == Trade(**told)


def arrow(verdict: Judged) -> None:
    """Puts accepted values into the columns that they are for; raises where one does not fit."""
    for name, value in verdict.values.items():
        if name in ("price", "size"):
            kept = pa.array([value], pa.decimal128(28, 12))[0].as_py()
            assert kept == value
            assert kept > 0
        elif name.endswith("_us"):
            pa.array([value], pa.int64())
        elif name == "backfilled":
            pa.array([value], pa.bool_())
        else:
            pa.array([value], pa.string()).validate(full=True)
            assert value is None or value.encode("utf-8")
    if verdict.kind == "trade" and verdict.values:
        pa.array([id_number(verdict.values["trade_id"])], pa.decimal128(38, 0))


def consistent(verdict: Judged) -> None:
    assert bool(verdict.reasons) != bool(verdict.values)
    assert not (verdict.values and verdict.claimed)
    assert verdict.kind is None or verdict.kind in KINDS
    assert len(set(verdict.reasons)) == len(verdict.reasons)
    arrow(verdict)


@given(st.binary(max_size=300), st.integers(0, LATEST_US))
def test_no_bytes_make_the_judge_raise(payload: bytes, arrival_us: int) -> None:
    consistent(judge(payload, arrival_us))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**80), 10**80)
    | st.floats()
    | st.text()
    | st.sampled_from(["trade", "gap", "1", "0.5", NOW_US, 1, 1e300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
digits = st.text("0", max_size=70).flatmap(lambda zeros: st.text("0123456789", max_size=70).map(lambda d: zeros + d))
numbers = st.builds(
    lambda sign, whole, part, zeros: f"{sign}{whole}.{part}{zeros}" if part + zeros else f"{sign}{whole}",
    st.sampled_from(["", "", "", "-"]),
    digits,
    st.text("0123456789", max_size=13),
    st.text("0", max_size=64),
)


@settings(deadline=None)
@given(records.map(body), st.data())
def test_no_mutated_record_makes_the_judge_raise(whole: dict[str, Any], data: st.DataObject) -> None:
    for name in data.draw(st.lists(st.sampled_from(sorted(whole)), max_size=4)):
        whole[name] = data.draw(json_values | numbers)
    consistent(judge(json.dumps(whole).encode(), NOW_US))


@settings(deadline=None)
@given(records.map(encode), st.data())
def test_no_damaged_payload_makes_the_judge_raise(payload: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(payload)))
    until = data.draw(st.integers(at, len(payload)))
    consistent(judge(payload[:at] + data.draw(st.binary(max_size=8)) + payload[until:], NOW_US))


@settings(max_examples=300, deadline=None)
@given(numbers, numbers)
@example("1." + "0" * 64, "0" * 63 + "1")
@example("9999999999999999.999999999999" + "0" * 52, "0.000000000001")
@example("0" * 64, "1")
def test_every_accepted_price_and_size_fits_its_column_exactly(price: str, size: str) -> None:
    verdict = judged(TRADE, price=price, size=size)
    arrow(verdict)
    if verdict.values:
        assert (verdict.values["price"], verdict.values["size"]) == (Decimal(price), Decimal(size))


@given(st.integers() | st.sampled_from([INT64_MAX, INT64_MAX + 1, -(2**63), LATEST_US]), st.sampled_from(ACCEPTABLE))
def test_every_accepted_instant_fits_64_bits(instant: int, record: Record) -> None:
    for name in (name for name in asdict(record) if name.endswith("_us")):
        arrow(judge(json.dumps(body(record, **{name: instant})).encode(), LATEST_US))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=4))
def test_the_same_payload_gets_the_same_verdict(noise: bytes) -> None:
    payload = encode(TRADE) + noise
    assert judge(payload, NOW_US) == judge(payload, NOW_US)


def by_rules(payload: bytes, arrival_us: int) -> Judged:
    """The verdict without the short way of plain trades."""
    with patch.object(record_module, "_plain_trade", return_value=None):
        return judge(payload, arrival_us)


def assert_same_verdict(payload: bytes, arrival_us: int = NOW_US) -> None:
    short, ruled = judge(payload, arrival_us), by_rules(payload, arrival_us)
    assert repr(short) == repr(ruled)  # 1.0 equals 1 and True: only the text tells them, and 1.50 from 1.5, apart


@settings(max_examples=300, deadline=None)
@given(trades.map(body) | any_trades.map(asdict).map(lambda whole: {"v": 1, "kind": "trade", **whole}), st.data())
def test_the_short_way_of_plain_trades_gives_the_rules_verdict(whole: dict[str, Any], data: st.DataObject) -> None:
    for name in data.draw(st.lists(st.sampled_from(sorted(whole)), max_size=2)):
        peculiar = st.sampled_from(
            [..., "1\n2", "a\n", "-1", "007.10", "0", "0.0", "1.0000000000000", 1.0, True, NOW_US]
        )
        whole[name] = data.draw(json_values | numbers | digits | peculiar | received)
    payload = json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()
    assert_same_verdict(payload, data.draw(st.just(NOW_US) | st.integers(0, LATEST_US)))


def test_the_short_way_gives_the_rules_verdict_on_every_bad_value_and_on_what_is_no_record() -> None:
    for kind, name, value, _ in bad_values():
        assert_same_verdict(json.dumps(body(BY_KIND[kind], **{name: value})).encode())
    for payload in HOSTILE:
        assert_same_verdict(payload)


def test_the_short_way_is_the_way_of_a_plain_trade() -> None:
    with patch.object(record_module, "_RULES", {}):
        assert judge(encode(TRADE), NOW_US).values == {
            **asdict(TRADE),
            "price": Decimal("101.5"),
            "size": Decimal("0.25"),
        }


# --- keys and ids


@pytest.mark.parametrize(
    ("trade_id", "number"),
    [
        ("0", 0),
        ("17", 17),
        ("007", 7),
        ("a:42", 42),
        ("9" * 38, 10**38 - 1),
        ("1" + "0" * 38, -1),
        ("a:" + "9" * 39, -1),
        ("", -1),
        ("-1", -1),
        ("1.0", -1),
        ("b:1", -1),
        ("A:1", -1),
        ("a:", -1),
        ("1\n", -1),
        ("٣", -1),
        ("1 ", -1),
    ],
)
def test_number_of_a_trade_id(trade_id: str, number: int) -> None:
    assert id_number(trade_id) == number


def test_the_partition_key_is_the_market() -> None:
    assert partition_key(TRADE) == partition_key(COVERAGE) == "kraken:BTC-USD"
    assert partition_key(UNPARSED) == "kraken:"
    assert partition_key(replace(UNPARSED, symbol="BTC-USD")) == "kraken:BTC-USD"
