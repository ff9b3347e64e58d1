"""One lease, by hand: two processes are two holders, each with a clock of its own, and S3 is a bucket in memory."""

import json
from collections.abc import Callable

import pytest

from glue_jobs.engine.lease import Lease, LeaseLostError, Terms
from glue_jobs.engine.objects import Found
from tapehouse.errors import TransientError
from tests.glue_jobs.buckets import Bucket

TERMS = Terms(lasts_s=90.0, renew_every_s=30.0, spare_s=15.0, look_every_s=2.0)
NAME = "_locks/silver.json"


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def process(bucket: Bucket, me: str, clock: Callable[[], float]) -> Lease:
    return Lease(bucket, "silver", me=me, terms=TERMS, clock=clock)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def clock() -> Clock:
    """The holder's; what it says has nothing to do with the other's."""
    return Clock(1_000_000.0)


@pytest.fixture
def late() -> Clock:
    """Who looks on."""
    return Clock(5.0)


@pytest.fixture
def one(bucket: Bucket, clock: Clock) -> Lease:
    lease = process(bucket, "one", clock)
    assert lease.take()
    lease.fenced()
    return lease


@pytest.fixture
def other(bucket: Bucket, late: Clock) -> Lease:
    return process(bucket, "other", late)


def body(bucket: Bucket) -> dict[str, object]:
    told: dict[str, object] = json.loads(bucket.objects[NAME].content)
    return told


def test_who_is_first_has_it_and_owes_a_fence(bucket: Bucket, clock: Clock, late: Clock) -> None:
    """Where no lease is, one may have been deleted while its holder was paused."""
    one, other = process(bucket, "one", clock), process(bucket, "other", late)
    assert one.take()
    assert one.owes_fence
    assert not other.take()
    one.check()


def test_of_two_that_see_none_at_once_one_takes_it(bucket: Bucket, clock: Clock, late: Clock) -> None:
    one, other = process(bucket, "one", clock), process(bucket, "other", late)
    bucket.before_put = lambda: None if other.take() else pytest.fail("nobody else was there yet")
    assert not one.take()
    with pytest.raises(LeaseLostError, match="silver: this process was held up, and lost the lease"):
        one.check()


def test_what_was_let_go_of_is_had_at_once_and_owes_nothing(bucket: Bucket, one: Lease, other: Lease) -> None:
    one.release()
    assert other.take()
    assert not other.owes_fence
    with pytest.raises(LeaseLostError):
        one.check()


def test_a_holder_that_renews_is_never_robbed(
    bucket: Bucket, one: Lease, other: Lease, clock: Clock, late: Clock
) -> None:
    for _ in range(40):
        assert not other.take()
        clock.now += 30.0
        late.now += 30.0
        one.renew()
        one.check()


def test_it_is_stolen_when_its_etag_has_not_changed_for_so_long(
    bucket: Bucket, one: Lease, other: Lease, late: Clock
) -> None:
    assert not other.take()  # the first look: asks for it, which changes the ETag
    late.now += 89.9
    assert not other.take()
    late.now += 0.1
    assert other.take()
    assert other.owes_fence
    assert bucket.puts == 3
    other.check()


def test_of_two_that_steal_at_once_one_does(bucket: Bucket, one: Lease, other: Lease, late: Clock) -> None:
    third = process(bucket, "third", late)
    other.take()
    third.take()
    late.now += 90.0
    bucket.before_put = lambda: None if third.take() else pytest.fail("it had run out")
    assert not other.take()
    third.check()


def test_a_holder_stops_before_it_can_be_robbed(
    bucket: Bucket, one: Lease, other: Lease, clock: Clock, late: Clock
) -> None:
    """S3 cannot be reached from the holder alone."""
    other.take()
    clock.now += 74.9
    bucket.is_down = True
    one.check()
    clock.now += 0.2
    with pytest.raises(LeaseLostError):
        one.check()
    bucket.is_down = False
    late.now += 75.1
    assert not other.take(), "and there is time between the two"


def test_a_renewal_counts_from_before_it_was_asked_for(bucket: Bucket, one: Lease, clock: Clock) -> None:
    """Who looks on may have seen it long before the answer came."""

    def slow() -> None:
        clock.now += 70.0

    bucket.before_put = slow
    one.renew()
    clock.now += 5.1
    bucket.is_down = True
    with pytest.raises(LeaseLostError):
        one.check()


def test_a_holder_that_wakes_unrobbed_goes_on(one: Lease, clock: Clock) -> None:
    clock.now += 10_000.0
    one.check()
    one.check()


def test_a_holder_that_wakes_robbed_learns_it(one: Lease, other: Lease, clock: Clock, late: Clock) -> None:
    other.take()
    clock.now += 10_000.0
    late.now += 90.0
    assert other.take()
    with pytest.raises(LeaseLostError):
        one.check()
    one.release()
    other.check()
    other.renew()
    assert other.is_held, "nothing of the late one's met the new holder"


def test_who_waits_is_handed_it_at_the_end_of_a_turn(bucket: Bucket, one: Lease, other: Lease, late: Clock) -> None:
    assert not other.take()
    one.renew()
    assert one.is_wanted
    one.check()
    one.release()
    third = process(bucket, "third", late)
    assert not third.take(), "it is for who asked"
    assert other.take()
    assert not other.owes_fence


def test_who_waits_no_more_leaves_no_wish_and_holds_nothing(bucket: Bucket, one: Lease, other: Lease) -> None:
    other.take()
    other.give_up()
    one.renew()
    assert not one.is_wanted
    other.take()
    one.renew()
    one.release()  # to the other, which is leaving just now
    other.give_up()
    assert one.take()


def test_a_wish_costs_who_waits_one_write(bucket: Bucket, one: Lease, other: Lease, late: Clock) -> None:
    puts = bucket.puts
    for _ in range(20):
        late.now += 2.0
        other.take()
    assert bucket.puts == puts + 1


def test_a_look_at_the_lease_costs_no_request(bucket: Bucket, one: Lease) -> None:
    bucket.is_down = True
    for _ in range(1000):
        one.check()


def test_a_renewal_whose_answer_got_lost_loses_nothing(bucket: Bucket, one: Lease, clock: Clock) -> None:
    bucket.lose_answers = 1
    clock.now += 30.0
    with pytest.raises(TransientError):
        one.renew()
    clock.now += 30.0
    one.renew()
    clock.now += 60.0
    one.check()


def test_a_take_whose_answer_got_lost_is_had_by_the_next_try(bucket: Bucket, clock: Clock, other: Lease) -> None:
    lease = process(bucket, "one", clock)
    bucket.lose_answers = 1
    with pytest.raises(TransientError):
        lease.take()
    assert not other.take()
    assert lease.take()
    assert lease.owes_fence


def test_a_fence_that_was_not_made_is_owed_by_the_next_holder(bucket: Bucket, clock: Clock, other: Lease) -> None:
    lease = process(bucket, "one", clock)
    assert lease.take()
    lease.release()
    assert other.take()
    assert other.owes_fence


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"v":2,"holder":"","by":"","wanted_by":"","lasts_s":1,"owes_fence":false}',
        b'{"v":1,"holder":"","by":"","wanted_by":"","lasts_s":NaN,"owes_fence":false}',
        b'{"v":1,"holder":"","by":"","wanted_by":"","lasts_s":1e9,"owes_fence":false}',
        b'{"v":1,"holder":7,"by":"","wanted_by":"","lasts_s":90,"owes_fence":false}',
        b'{"v":1,"holder":null,"by":"x","wanted_by":"","lasts_s":90,"owes_fence":false}',
    ],
    ids=str,
)
def test_garbage_is_somebodys_until_it_has_run_out(
    bucket: Bucket, one: Lease, other: Lease, late: Clock, content: bytes
) -> None:
    bucket.objects[NAME] = Found(content, '"garbage"')
    assert not other.take()
    one.renew()
    assert not one.is_held
    late.now += 89.0
    assert not other.take()
    late.now += 1.0
    assert other.take()
    assert other.owes_fence
    other.check()


def test_a_lease_that_was_deleted_is_lost(bucket: Bucket, one: Lease, other: Lease) -> None:
    del bucket.objects[NAME]
    one.renew()
    assert not one.is_held
    assert other.take()


def test_a_holder_that_terms_say_lasts_longer_is_given_its_time(
    bucket: Bucket, other: Lease, late: Clock, clock: Clock
) -> None:
    """The holder may be of another version: what it says of itself counts."""
    patient = Lease(bucket, "silver", me="one", terms=Terms(lasts_s=300.0), clock=clock)
    patient.take()
    other.take()
    late.now += 299.0
    assert not other.take()
    late.now += 1.0
    assert other.take()


def test_each_write_of_it_is_another(bucket: Bucket, one: Lease) -> None:
    """S3's ETag of a small object is made of its content: the same content would look like no renewal."""
    seen = set()
    for _ in range(10):
        one.renew()
        seen.add(bucket.objects[NAME].content)
    assert len(seen) == 10
    assert body(bucket)["holder"] == "one"
