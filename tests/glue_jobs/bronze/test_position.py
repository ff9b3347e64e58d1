"""The position in the stream: it never goes back, and is read back from a commit as it was written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.bronze import Position, ShardPosition, StreamGap
from glue_jobs.bronze.position import DELETED, EXPIRED, MOST_GAPS, PAUSED

GREAT: Final = 10**128
START: Final = Position("trades", 1_700_000_000_123_000)
times = st.integers(0, 2**62)
names = st.sampled_from(["a", "b", "c", "d"])
shard_positions = st.builds(
    ShardPosition, st.none() | st.integers(0, 10**129 - 1), st.none() | times, times, st.booleans(), st.booleans()
)
shards = st.dictionaries(names, shard_positions)
gaps = st.builds(StreamGap, times, times, st.none() | names, st.sampled_from([PAUSED, EXPIRED, DELETED]))
positions = st.builds(
    Position,
    st.text(max_size=20),
    times,
    shards,
    arrived_through_us=st.none() | times,
    newest_us=st.none() | times,
    retention_us=st.none() | times,
    ingested_us=times,
    gaps=st.lists(gaps, max_size=3).map(tuple),
)


def at(sequence: int | None, through_us: int = 0, *, ended: bool = False) -> ShardPosition:
    return ShardPosition(sequence, through_us, through_us, ended=ended)


@given(positions)
def test_a_position_comes_back_from_json_as_it_was(position: Position) -> None:
    assert Position.from_json(json.loads(json.dumps(position.as_json()))) == position


def test_a_position_of_the_first_version_is_read() -> None:
    """It told one time of watching for all shards, and no watermark: then no lag is known."""
    body = {
        "v": 1,
        "stream": "trades",
        "created_us": 5,
        "shards": {"a": "7", "b": str(GREAT)},
        "watched_us": 40,
        "ingested_us": 41,
        "gaps": [{"from_us": 1, "to_us": 2}],
    }
    position = Position.from_json(body)
    assert position.shards == {"a": ShardPosition(7, through_us=40), "b": ShardPosition(GREAT, through_us=40)}
    assert (position.arrived_through_us, position.newest_us, position.ingested_us) == (None, None, 41)
    assert position.gaps == (StreamGap(1, 2),)
    assert position.gaps[0].id_in("trades") == "trades:1", "the name that silver.gaps knows it by"


def test_sequence_numbers_are_text_in_json() -> None:
    """Other readers of the commit (a browser, jq) cut integers to the 53 bits of a double."""
    told = Position("trades", 1, {"b": at(GREAT + 1), "a": at(7)}).as_json()
    assert {name: shard["sequence"] for name, shard in told["shards"].items()} == {"a": "7", "b": f"1{'0' * 127}1"}
    assert list(told["shards"]) == ["a", "b"]


def test_a_turn_moves_the_shards_that_it_read() -> None:
    before = Position("trades", 1, {"a": at(5), "b": at(GREAT)}, ingested_us=9)
    after = before.advanced({"b": at(GREAT + 1), "c": at(2)})
    assert {name: shard.sequence for name, shard in after.shards.items()} == {"a": 5, "b": GREAT + 1, "c": 2}
    assert before.shards["b"].sequence == GREAT


def test_numbers_are_compared_as_integers() -> None:
    assert START.advanced({"a": at(10)}).advanced({"a": at(9)}).shards["a"].sequence == 10


@given(shards, shards)
def test_no_turn_goes_back(before: dict[str, ShardPosition], read: dict[str, ShardPosition]) -> None:
    first = START.advanced(before)
    after = first.advanced(read)
    assert set(after.shards) == set(before) | set(read)
    for name, shard in first.shards.items():
        assert after.shards[name].through_us >= shard.through_us
        assert (after.shards[name].sequence or 0) >= (shard.sequence or 0)
        assert after.shards[name].ended >= shard.ended
    assert (after.arrived_through_us or 0) >= (first.arrived_through_us or 0)


# --- what the stream lists


def test_a_new_child_counts_from_its_parents_and_waits_for_them() -> None:
    before = START.advanced({"a": at(1, 100), "b": at(2, 90)})
    listed = {"a": (), "b": (), "c": ("a", "b"), "d": ("gone",)}
    after = before.listing(listed, horizon_us=0)
    assert after.shards["c"] == ShardPosition(through_us=100), "both were closed before it began"
    assert after.shards["d"] == ShardPosition(through_us=90), "of an unknown parent: from where all were seen"
    assert after.readable(listed) == ["a", "b", "d"]
    ended = after.advanced({"a": at(1, ended=True), "b": at(2, ended=True)})
    assert ended.readable(listed) == ["c", "d"]


def test_a_shard_of_a_stream_that_was_never_read_knows_nothing() -> None:
    assert START.listing({"a": ()}, horizon_us=10**15).shards == {"a": ShardPosition()}


def test_an_ended_shard_that_expired_is_forgotten_without_a_word() -> None:
    after = START.advanced({"a": at(1, 50, ended=True), "b": at(2, 90)}).listing({"b": ()}, horizon_us=60)
    assert (set(after.shards), after.gaps) == ({"b"}, ())


def test_a_closed_shard_that_expired_unread_is_a_gap() -> None:
    after = Position("trades", 10, {"a": at(1, 50), "b": at(2, 90)}).listing({"b": ()}, horizon_us=60)
    assert after.gaps == (StreamGap(50, 60, "a", EXPIRED),)
    assert after.gaps[0].id_in("trades") == "trades:a:50"
    assert set(after.shards) == {"b"}


def test_a_listing_that_lags_behind_loses_no_shard() -> None:
    """A parent's end told of the child before ListShards does."""
    before = START.advanced({"a": at(1, 50, ended=True), "b": ShardPosition(through_us=50)})
    after = before.listing({"a": ()}, horizon_us=40)
    assert (after.shards, after.gaps) == (before.shards, ())
    assert after.readable({"a": ()}) == []


# --- up to when everything is in bronze


def test_a_lagging_shard_holds_the_watermark_back_and_an_ended_one_does_not() -> None:
    assert START.advanced({"a": at(1, 100), "b": at(2, 40)}).arrived_through_us == 40
    assert START.advanced({"a": at(1, 100), "b": at(2, 40, ended=True)}).arrived_through_us == 100


def test_an_unread_child_holds_it_back_where_its_parent_ended() -> None:
    before = START.advanced({"a": at(1, 100), "b": at(2, 40, ended=True), "c": ShardPosition(through_us=40)})
    assert before.arrived_through_us == 40
    assert before.advanced({"c": at(3, 120), "a": at(2, 130)}).arrived_through_us == 120


def test_without_any_open_shard_it_stays() -> None:
    assert START.advanced({}).arrived_through_us is None
    before = START.advanced({"a": at(1, 100)})
    assert before.advanced({"a": at(1, 100, ended=True)}).arrived_through_us == 100


@dataclass
class Model:
    """A stream as it is, beside what a reader knows of it: shards with the arrivals of their records, in order."""

    arrivals: dict[str, list[int]] = field(default_factory=lambda: {"s0": [], "s1": []})
    parents: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"s0": (), "s1": ()})
    closed: set[str] = field(default_factory=set)
    read: dict[str, int] = field(default_factory=dict)
    now: int = 1_000

    def look(self, shard: str, before: ShardPosition, count: int, clock: int) -> dict[str, ShardPosition]:
        """What a reading of up to ``count`` records finds, and of an end also the children."""
        begin = self.read.get(shard, 0)
        end = min(begin + count, len(self.arrivals[shard]))
        self.read[shard] = end
        at_tip = end == len(self.arrivals[shard])
        ended = at_tip and shard in self.closed
        arrival = self.arrivals[shard][end - 1] if end > begin else before.arrival_us
        through = max(before.through_us, 0 if end == begin else self.arrivals[shard][end - 1] - 1)
        if at_tip and not ended:
            through = max(through, clock - 1)
        found = {shard: ShardPosition(end or None, arrival, through, at_tip, ended)}
        if ended:
            children = (name for name, parents in self.parents.items() if shard in parents)
            found |= {child: ShardPosition(through_us=through) for child in children}
        return found


steps = st.lists(
    st.tuples(st.sampled_from(["put", "look", "split", "merge"]), st.integers(0, 7), st.integers(1, 5)), max_size=60
)


@given(steps, st.lists(st.integers(-50, 0), max_size=5))
def test_everything_that_arrived_up_to_the_watermark_is_in_bronze(
    script: list[tuple[str, int, int]], set_back: list[int]
) -> None:
    """Whatever is put, read in part, split and merged, and however far the reader's clock is set back."""
    model, position, highest = Model(), START, 0
    backs = iter(set_back)
    for what, which, amount in script:
        model.now += amount
        alive = [name for name in model.arrivals if name not in model.closed]
        chosen = alive[which % len(alive)]
        if what == "put":
            model.arrivals[chosen].append(model.now)
        elif what == "split" or len(alive) == 1:
            _reshard(model, (chosen,), 2)
        elif what == "merge":
            _reshard(model, (chosen, alive[(which + 1) % len(alive)]), 1)
        else:
            position = _turn(model, position, amount, model.now + next(backs, 0))
            through = position.arrived_through_us or 0
            assert through >= highest
            highest = through
            unread = [each for name, found in model.arrivals.items() for each in found[model.read.get(name, 0) :]]
            assert all(each > through for each in unread)
    for _ in range(30):
        model.now += 1
        position = _turn(model, position, 100, model.now)
    assert position.arrived_through_us == model.now - 1, "nothing holds it back for ever"


def _reshard(model: Model, closed: tuple[str, ...], count: int) -> None:
    model.closed.update(closed)
    for _ in range(count):
        name = f"s{len(model.arrivals)}"
        model.arrivals[name], model.parents[name] = [], closed


def _turn(model: Model, position: Position, count: int, clock: int) -> Position:
    listed: Mapping[str, tuple[str, ...]] = dict(model.parents)
    position = position.listing(listed, horizon_us=0)
    found: dict[str, ShardPosition] = {}
    for shard in position.readable(listed):
        for name, after in model.look(shard, position.shards[shard], count, clock).items():
            found[name] = found.get(name, ShardPosition()).joined(after)
    return position.advanced(found)


# --- gaps and identity


def test_gaps_and_identity_go_from_turn_to_turn() -> None:
    before = Position("trades", 1, {"a": at(10)}, gaps=(StreamGap(3, 4),), ingested_us=8)
    after = before.advanced({"a": at(11)}, gaps=[StreamGap(5, 6, "a")], newest_us=7)
    assert (after.gaps, after.ingested_us, after.newest_us) == ((StreamGap(3, 4), StreamGap(5, 6, "a")), 8, 7)
    assert after.is_of("trades", 1)


def test_a_reader_that_is_always_too_slow_does_not_fill_the_log_with_gaps() -> None:
    position = START
    for number in range(2 * MOST_GAPS):
        position = position.advanced({}, gaps=[StreamGap(number * 10, number * 10 + 5, "a")])
    assert len(position.gaps) == MOST_GAPS
    assert position.gaps[0].from_us == 0
    assert position.gaps[-1] == StreamGap(20 * MOST_GAPS - 10, 20 * MOST_GAPS - 5, "a")


def test_a_stream_made_again_under_the_same_name_is_another_one() -> None:
    assert START.is_of("trades", 1_700_000_000_123_000)
    assert not START.is_of("trades", 1_700_000_000_124_000)
    assert not START.is_of("other", 1_700_000_000_123_000)
