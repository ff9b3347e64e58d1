"""The file of holdings: what is read, and how each fault is told."""

import random
from itertools import permutations

import pytest

from glue_jobs.gold.portfolio.holdings import (
    MOST_BOUGHT,
    MOST_BYTES,
    MOST_HOLDINGS,
    MOST_TRANSACTIONS,
    UNIT,
    HoldingsError,
    Transaction,
    holdings_of,
    markets_of,
)
from tapehouse.market import Market

AT = "2025-10-10T08:30:00Z"
AT_US = 1_760_085_000_000_000


def faults(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(HoldingsError) as caught:
        holdings_of(text if isinstance(text, bytes) else text.encode())
    return caught.value.faults


def of(*transactions: str, more: str = "symbol: BTC-USD") -> str:
    lines = "".join(f"      - {{{each}}}\n" for each in transactions)
    return f"holdings:\n  - {more}\n    transactions:\n{lines or '      []'}"


def test_a_file_is_read_exactly() -> None:
    (found,) = holdings_of(
        of(f"buy: 0.1, at: {AT}, price: 61250.10, fee: 0.000000000001", more="{asset: BTC, quote: USD}")
        .replace("- {asset: BTC, quote: USD}", "- asset: BTC\n    quote: USD")
        .encode()
    )
    assert (found.portfolio, found.market, found.quote) == ("default", Market("ALL", "BTC-USD"), "USD")
    assert found.transactions == (Transaction(AT_US, False, UNIT // 10, 6125010 * UNIT // 100, 1),)


def test_quotes_make_no_difference_and_an_offset_is_an_instant() -> None:
    (one,), (other,) = (
        holdings_of(of(f"buy: {amount}, at: {at}").encode())
        for amount, at in (("12.50", AT), ("'12.50'", "'2025-10-10T10:30:00+02:00'"))
    )
    assert one == other


def test_the_order_in_the_file_does_not_matter_and_of_one_instant_purchases_count_first() -> None:
    told = [f"sell: 2, at: {AT}", f"buy: 1, at: {AT}", f"buy: 1, at: {AT}, price: 3", "sell: 1, at: 2026-01-01T00:00Z",
            "buy: 1, at: 2025-12-31T23:59:59.999999Z"]  # fmt: skip
    found = {holdings_of(of(*each).encode()) for each in permutations(told)}
    assert len(found) == 1
    assert [each.is_sale for each in found.pop()[0].transactions] == [False, False, True, False, True]


def test_what_holds_nothing() -> None:
    assert holdings_of(b"holdings: []") == holdings_of(of().encode()) == ()
    assert markets_of(()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty: to hold nothing, write `holdings: []`"),
        ("# nothing\n", "the file is empty"),
        ("{}", "line 1: `holdings` is missing"),
        ("- 1", "line 1: this is no mapping; known keys are holdings"),
        ("holdings: 3", "line 1: holdings: this is no list"),
        ("holding: []", "line 1: there is no key 'holding'; known are holdings"),
        ("holdings: [\n", "line 2: this is not YAML"),
        ("a: b: c", "line 1: this is not YAML"),
        ("--- {}\n--- {}", "line 2: this is not YAML"),
        (b"\xff\xfe", "this is not YAML in UTF-8"),
        (b"holdings: \x00", "this is not YAML in UTF-8"),
        ("[" * 9_000, "this is nested too deeply"),
        (b"#" * (MOST_BYTES + 1), "the file has 1,048,577 bytes"),
        ("holdings: [{}]", "line 1: holding 1: name the market by `symbol: BTC-USD`, or by"),
        (of(more="asset: BTC"), "line 2: holding 1: name the market by"),
        (of(more="symbol: BTC-USD\n    asset: BTC\n    quote: USD"), "line 2: holding 1: name the market by"),
        (of(more="symbol: btc-usd"), "line 2: holding 1: 'btc-usd' is no market; write it as BTC-USD"),
        (of(more="symbol: [1]"), "line 2: holding 1: symbol: this is no single value"),
        (of(more="symbol: A-B\n    exchange: Kraken"), "line 3: holding 1: exchange: 'Kraken' is not ALL, or"),
        (of(more="symbol: A-B\n    portfolio: ''"), "line 3: holding 1: portfolio: '' is not 1-64"),
        (of(more="symbol: A-B\n    symbol: A-B"), "line 3: holding 1: symbol is there twice"),
        ("holdings:\n- symbol: A-B", "line 2: holding 1 (ALL A-B): `transactions` is missing"),
        (of("at: " + AT), "line 4: holding 1 (ALL BTC-USD), transaction 1: one of `buy` and `sell`"),
        (of(f"buy: 1, sell: 1, at: {AT}"), "line 4: holding 1 (ALL BTC-USD), transaction 1: one of `buy` and `sell`"),
        (of("buy: 1"), "line 4: holding 1 (ALL BTC-USD), transaction 1: `at` is missing"),
        (of(f"buy: 1, at: {AT}, cost: 3"), "line 4: holding 1 (ALL BTC-USD), transaction 1: there is no key 'cost'"),
        (of(f"buy: 0.0, at: {AT}"), "line 4: holding 1 (ALL BTC-USD), transaction 1: buy: it is nothing"),
        *(
            (of(f"buy: {each}, at: {AT}"), f"line 4: holding 1 (ALL BTC-USD), transaction 1: buy: '{each}' is no plain")
            for each in ("-1", "1e3", "1_000", "0x10", ".5", "1.", "nan", "1.0000000000001", "10000000000000000", "")
        ),
        *(
            (of(f"buy: 1, at: {each}"), f"line 4: holding 1 (ALL BTC-USD), transaction 1: at: '{each}' is no instant")
            for each in ("2025-10-10", "2025-10-10T08:30:00", "yesterday", "2025-13-10T08:30:00Z", "1760085000")
        ),
        (of("buy: 1, at: 2008-01-01T00:00Z"), "line 4: holding 1 (ALL BTC-USD), transaction 1: at: '2008-01-"),
        (of("buy: 1, at: 2200-01-01T00:00Z"), "line 4: holding 1 (ALL BTC-USD), transaction 1: at: '2200-01-"),
        (
            of(f"buy: 1, at: {AT}", "sell: 1.5, at: 2026-01-01T00:00Z"),
            "line 5: holding 1 (ALL BTC-USD), transaction 2: 1.5 are sold when 1 are held; short positions",
        ),
        (of(f"buy: 1, at: {AT}", "sell: 1, at: 2025-01-01T00:00Z"), "line 5: holding 1 (ALL BTC-USD), transaction 2:"),
        (
            "holdings: [{symbol: A-B, transactions: []},\n {symbol: A-B, transactions: []}]",
            "line 2: holding 2: ALL A-B of portfolio default is there already",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_to_do(text: str | bytes, told: str) -> None:
    assert faults(text)[0].startswith(told), faults(text)


def test_all_faults_are_told_at_once_up_to_a_point() -> None:
    found = faults(of(*(["buy: x, at: y"] * 30)))
    assert len(found) == 60
    with pytest.raises(HoldingsError, match="and 40 more"):
        holdings_of(of(*(["buy: x, at: y"] * 30)).encode())


def test_what_would_make_sums_overflow_is_refused() -> None:
    most = str(MOST_BOUGHT - 1)
    assert holdings_of(of(f"buy: {most}, at: {AT}").encode())
    assert "must stay below 10,000,000,000,000" in faults(of(f"buy: {most}, at: {AT}", f"buy: 1, at: {AT}"))[0]


def test_too_much_is_refused_before_it_is_read() -> None:
    one = "&t [" + f"{{buy: 1, at: {AT}}}," * 5_000 + "]"
    many = ",".join(f"{{symbol: A{at}-B, transactions: {'*t' if at else one}}}" for at in range(1_000))
    found = faults(f"holdings: [{many}]")
    assert f"more than {MOST_TRANSACTIONS:,} transactions" in found[0]
    assert "too many" in faults(f"holdings: [{'{},' * (MOST_HOLDINGS + 1)}]")[0]


@pytest.mark.parametrize("seed", range(40))
def test_nothing_but_a_fault_comes_of_garbage(seed: int) -> None:
    dice = random.Random(seed)
    text = bytearray(of(f"buy: 1, at: {AT}, price: 3", f"sell: 0.5, at: {AT}").encode())
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(text))
        text[at : at + dice.randrange(3)] = bytes(dice.choices(b"{}[]:,-&*!|>'\"%@` \n\t0aZ\x80", k=dice.randrange(3)))
    try:
        holdings_of(bytes(text))
    except HoldingsError as error:
        assert str(error)
