"""Messages as text: decoded without a float, kept whole where they cannot be read."""

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.feeds import message
from producers.feeds.message import NotJsonError
from tapehouse.record import RAW_LIMIT_BYTES, Unparsed, encode


def kept(text: str, faults: list[str] | None = None) -> Unparsed:
    return message.kept(text, faults or ["price is missing"], exchange="x", source="x", at_us=1, symbol=None)


def test_made_ids_are_the_same_for_the_same_and_differ_by_every_part() -> None:
    made = message.made_id(1_700_000_000_000_000, 3, "BTC-USD", "1", "é\ud800")
    assert made == message.made_id(1_700_000_000_000_000, 3, "BTC-USD", "1", "é\ud800")
    assert made.startswith("1700000000000000-0003-")
    others = [(1, 3, "BTC-USD", "1"), (2, 3, "BTC-USD", "1"), (1, 4, "BTC-USD", "1"), (1, 3, "BTC-USD1", "")]
    assert len({message.made_id(*each) for each in others}) == 4


def test_numbers_are_never_floats() -> None:
    _, body = message.decode('{"a":0.1,"b":15483510049470446170,"c":1e-8,"d":NaN}')
    assert body["a"] == Decimal("0.1")
    assert body["b"] == 15483510049470446170
    assert str(body["c"]) == "1E-8"
    assert body["d"].is_nan()


def test_absurd_numbers_do_not_hide_the_rest_of_the_message() -> None:
    _, body = message.decode('{"type":"match","a":1e99999999999999999999,"b":' + "9" * 5000 + ',"c":1.5}')
    assert body["type"] == "match"
    assert body["a"].is_nan()
    assert body["b"].is_nan()
    assert body["c"] == Decimal("1.5")


@pytest.mark.parametrize("text", ["", "ping", "{", b"\xff\xfe", b'{"a":"\xc3"}', "[" * 200_000, "[1] [2]"])
def test_what_is_no_json_says_so(text: str | bytes) -> None:
    with pytest.raises(NotJsonError):
        message.decode(text)


@given(st.text(alphabet=st.characters(), max_size=50), st.integers(0, 3))
def test_long_message_is_cut_between_characters_and_named_by_its_whole(text: str, shift: int) -> None:
    whole = "x" * (RAW_LIMIT_BYTES - shift) + text
    data = whole.encode("utf-8", "surrogatepass")
    record = kept(whole)
    assert whole.startswith(record.raw)
    assert record.raw == whole or len(record.raw.encode("utf-8", "surrogatepass")) > RAW_LIMIT_BYTES - 4
    assert len(record.raw.encode("utf-8", "surrogatepass")) <= RAW_LIMIT_BYTES
    assert record.raw_bytes == len(data)
    assert record.raw_sha256 == hashlib.sha256(data).hexdigest()
    assert json.loads(encode(record))["raw"] == record.raw


@pytest.mark.parametrize("text", ["\ud800", "x" * (RAW_LIMIT_BYTES - 1) + "\udfff", "\ud83d" * RAW_LIMIT_BYTES])
def test_lone_surrogate_is_kept_like_any_character(text: str) -> None:
    record = kept(text)
    assert text.startswith(record.raw)
    assert record.raw_bytes == len(text.encode("utf-8", "surrogatepass"))
    assert json.loads(encode(record))["raw"] == record.raw


def test_many_faults_are_summed_up() -> None:
    assert kept("{}", [f"trade {i}: price is missing" for i in range(1000)]).error.endswith("; and 995 more")


def test_names_and_words_of_a_venue_are_bounded() -> None:
    assert message.type_name("l2update") == "l2update"
    odd: list[object] = ["x" * 41, "a b", "\ud800", "", None, 5, []]
    assert {message.type_name(name) for name in odd} == {"unknown"}
    assert message.error_text("Failed to subscribe", None, "x is not a valid product") == (
        "Failed to subscribe: x is not a valid product"
    )
    assert len(message.error_text("x" * 10_000)) == 500
    assert message.error_text(None, [], 10**5000) == "an error without words"
