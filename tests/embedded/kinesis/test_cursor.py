from hypothesis import given
from hypothesis import strategies as st

from embedded.kinesis.cursor import Position, Tokens

POSITION = Position(serial=3, stream="s" * 128, shard=9999, ordinal=10**12, issued_us=10**16, generation=2)


def test_position_comes_back_and_fits_the_api() -> None:
    tokens = Tokens("key")
    sealed = tokens.seal_position(POSITION)
    assert len(sealed) <= 512
    assert tokens.open_position(sealed) == POSITION


def test_token_of_another_server_or_kind_is_not_opened() -> None:
    sealed = Tokens("key").seal_position(POSITION)
    assert Tokens("other").open_position(sealed) is None
    assert Tokens("key").open("shards", sealed) is None


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.hex())))
def test_garbage_is_none(text: str) -> None:
    assert Tokens("key").open_position(text) is None
