"""Shards are chosen evenly, and what they are given in any second stays within their limits."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from producers.sink.pacing import BURST_S, Pacer, Shard

LAST = 2**128 - 1


def shards(count: int) -> list[Shard]:
    step = (LAST + 1) // count
    return [Shard(f"shardId-{n:012}", n * step, LAST if n == count - 1 else (n + 1) * step - 1) for n in range(count)]


def pacer(count: int = 1, *, bytes_per_s: int = 1_000_000, records_per_s: int = 1000, uniform: float = 0.5) -> Pacer:
    made = Pacer(bytes_per_s=bytes_per_s, records_per_s=records_per_s, uniform=lambda: uniform)
    made.use(shards(count))
    return made


def sent(made: Pacer, sizes: list[int], start: float = 100.0) -> list[tuple[float, str, int]]:
    """(when, shard, size) of a sender that always has something to send and waits as it is told."""
    now, done = start, []
    for size in sizes:
        while (chosen := made.choose(size, now)) is None:
            ready = made.ready_at(size, now)
            assert ready > now
            now = ready
        done.append((now, chosen[0].id, size))
    return done


@given(
    count=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 300_000), min_size=1, max_size=200),
    records_per_s=st.sampled_from([0, 20, 1000]),
)
def test_no_shard_gets_more_than_its_rate_and_one_burst(count: int, sizes: list[int], records_per_s: int) -> None:
    done = sent(pacer(count, records_per_s=records_per_s), sizes)
    for shard in {name for _, name, _ in done}:
        own = [(when, size) for when, name, size in done if name == shard]
        for first in range(len(own)):
            for last in range(first, len(own)):
                span_s = own[last][0] - own[first][0] + BURST_S
                part = own[first : last + 1]
                assert sum(size for _, size in part) <= 1_000_000 * span_s + 1
                assert not records_per_s or len(part) <= records_per_s * span_s + 0.001


def test_an_entry_above_a_burst_waits_for_a_full_bucket_and_is_paid_for_afterwards() -> None:
    done = sent(pacer(), [1_000_000, 1_000_000, 1_000_000])
    gaps = [later[0] - sooner[0] for sooner, later in pairwise(done)]
    assert [round(gap, 6) for gap in gaps] == [1.0, 1.0]


def test_one_market_fills_all_shards_evenly() -> None:
    done = sent(pacer(4), [100_000] * 200)
    assert set(Counter(name for _, name, _ in done).values()) == {50}
    assert done[-1][0] - done[0][0] < 200 * 0.1 / 4


def test_without_limits_nothing_waits_and_load_is_spread_all_the_same() -> None:
    made = pacer(4, bytes_per_s=0, records_per_s=0)
    done = sent(made, [100_000] * 200)
    assert {when for when, _, _ in done} == {100.0}
    assert set(Counter(name for _, name, _ in done).values()) == {50}


@given(uniform=st.floats(0, 1, exclude_max=True), count=st.integers(1, 7))
def test_the_hash_key_lies_inside_the_chosen_shard(uniform: float, count: int) -> None:
    made = pacer(count, uniform=uniform)
    for _ in range(count):
        chosen = made.choose(1000, 5.0)
        assert chosen is not None
        assert chosen[0].first <= int(chosen[1]) <= chosen[0].last


def test_a_shard_that_throttles_is_spared_and_comes_back() -> None:
    made = pacer(2)
    first = shards(2)[0]
    made.throttled(first, 100.0)
    made.throttled(first, 100.1)  # of the same burst
    load = Counter(name for when, name, _ in sent(made, [50_000] * 150) if when > 101)
    assert 0.4 < load[first.id] / load[shards(2)[1].id] < 0.8
    later = Counter(name for _, name, _ in sent(made, [50_000] * 150, start=200.0))
    assert set(later.values()) == {75}


def test_a_shard_that_always_throttles_is_still_tried() -> None:
    made = pacer(1)
    for second in range(100, 200):
        made.throttled(shards(1)[0], float(second))
    assert made.ready_at(100_000, 199.0) < 202
    sent(made, [100_000], start=199.0)


def test_a_split_keeps_what_is_known_of_the_others() -> None:
    made = pacer(2)
    old, other = shards(2)
    made.throttled(other, 100.0)
    half = (old.first + old.last) // 2
    made.use([Shard("child-a", old.first, half), Shard("child-b", half + 1, old.last), other])
    assert made.shards == 3
    chosen = [made.choose(100_000, 100.0) for _ in range(4)]
    assert Counter(each[0].id for each in chosen if each is not None) == {"child-a": 2, "child-b": 2}
    made.throttled(old, 100.0)  # an answer that comes late, of a shard that is no more
