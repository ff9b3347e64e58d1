"""The position in the stream: it never goes back, and is read back from a commit as it was written."""

import json
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.bronze import Position
from glue_jobs.bronze.position import StreamGap

GREAT: Final = 10**128
START: Final = Position("trades", 1_700_000_000_123_000)
shards = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 10**129 - 1))
times = st.integers(0, 2**62)
positions = st.builds(
    Position,
    st.text(max_size=20),
    times,
    shards,
    watched_us=st.none() | times,
    ingested_us=times,
    gaps=st.lists(st.builds(StreamGap, times, times), max_size=3).map(tuple),
)


@given(positions)
def test_a_position_comes_back_from_json_as_it_was(position: Position) -> None:
    assert Position.from_json(json.loads(json.dumps(position.as_json()))) == position


def test_sequence_numbers_are_text_in_json() -> None:
    """Other readers of the commit (a browser, jq) cut integers to the 53 bits of a double."""
    told = Position("trades", 1, {"b": GREAT + 1, "a": 7}).as_json()
    assert told["shards"] == {"a": "7", "b": "1" + "0" * 127 + "1"}
    assert list(told["shards"]) == ["a", "b"]


def test_a_turn_moves_the_shards_that_it_read() -> None:
    before = Position("trades", 1, {"a": 5, "b": GREAT}, watched_us=10, ingested_us=9)
    after = before.advanced({"b": GREAT + 1, "c": 2}, listed=frozenset("abc"), watched_us=20)
    assert after == Position("trades", 1, {"a": 5, "b": GREAT + 1, "c": 2}, watched_us=20, ingested_us=9)
    assert before.shards == {"a": 5, "b": GREAT}


def test_shards_that_the_stream_no_longer_lists_are_forgotten() -> None:
    before = Position("trades", 1, {"a": 5, "b": 6})
    assert before.advanced({}, listed=frozenset("bc"), watched_us=20).shards == {"b": 6}


def test_a_shard_that_expired_while_it_was_read_is_kept_once_more() -> None:
    """Its rows are in this commit: the position that counts them must name it."""
    assert START.advanced({"a": 3}, listed=frozenset(), watched_us=20).shards == {"a": 3}


@given(shards, shards, st.frozensets(st.sampled_from(["a", "b", "c", "d"])))
def test_no_turn_goes_back(before: dict[str, int], read: dict[str, int], listed: frozenset[str]) -> None:
    after = Position("trades", 1, before).advanced(read, listed=listed, watched_us=5)
    assert set(after.shards) == (set(before) & listed) | set(read)
    for shard, sequence in after.shards.items():
        assert sequence >= read.get(shard, 0)
        assert shard not in listed or sequence >= before.get(shard, 0)


def test_numbers_are_compared_as_integers() -> None:
    before = Position("trades", 1, {"a": 10})
    assert before.advanced({"a": 9}, listed=frozenset("a"), watched_us=5).shards == {"a": 10}


def test_gaps_and_identity_go_from_turn_to_turn() -> None:
    before = Position("trades", 1, {"a": 10}, gaps=(StreamGap(3, 4),), ingested_us=8)
    after = before.advanced({"a": 11}, listed=frozenset("a"), watched_us=5)
    assert (after.gaps, after.ingested_us, after.watched_us) == (before.gaps, 8, 5)
    assert after.is_of("trades", 1)


def test_a_stream_made_again_under_the_same_name_is_another_one() -> None:
    assert START.is_of("trades", 1_700_000_000_123_000)
    assert not START.is_of("trades", 1_700_000_000_124_000)
    assert not START.is_of("other", 1_700_000_000_123_000)
