"""What the numbers of trades prove: leaps, new numberings, and trades that the venue says there are."""

from producers.gaps.numbering import LEAP, TURNS, Numbering


def numbering(*seen: int) -> Numbering:
    made = Numbering()
    for number in seen:
        made.seen.add(number)
    return made


def test_next_is_known_from_the_first_trade_on_and_lies_behind_what_is_known_to_be_missing() -> None:
    assert numbering().next is None
    known = numbering(7, 8)
    assert known.next == 9
    known.miss(11)
    assert known.next == 12
    known.seen.add(10)
    assert known.next == 12


def test_number_far_ahead_is_believed_when_a_higher_one_follows_on_it() -> None:
    known = numbering(10)
    far = 10 + LEAP + 1
    assert not known.is_leap(far - 1)
    assert known.is_leap(far)
    assert known.is_leap(far)  # the same again proves nothing
    assert not known.is_leap(far + LEAP)
    assert not numbering().is_leap(far)  # the first number is as good as any


def test_venue_numbers_anew_after_several_lower_numbers_in_a_row() -> None:
    known = numbering(1000)
    for number in range(TURNS - 1):
        assert known.is_lower(number, newer=True)
        assert not known.is_renewed()
    assert not known.is_lower(1001, newer=True)  # the row is broken
    for number in range(TURNS):
        assert not known.is_renewed()
        assert known.is_lower(number, newer=True)
    assert known.is_renewed()
    known.restart(TURNS)
    assert not known.is_renewed()
    assert known.seen.ranges == [(TURNS, TURNS)]
    assert known.next == TURNS + 1


def test_lower_number_of_an_older_trade_is_a_straggler() -> None:
    known = numbering(1000)
    assert not any(known.is_lower(number, newer=False) for number in range(10))


def test_newest_trade_is_missing_when_it_is_named_again_on_the_same_connection() -> None:
    known = numbering(10)
    assert known.newest(12) is None
    known.forget_newest()
    assert known.newest(12) is None
    assert known.newest(13) == (11, 12)  # of the one that was named before
    known.miss(12)
    assert known.newest(13) == (13, 13)
    assert numbering(10).newest(None) is None


def test_newest_trade_absurdly_far_ahead_proves_nothing() -> None:
    known = numbering(10)
    known.newest(11 + LEAP)
    assert known.newest(11 + LEAP) is None
    known.newest(10 + LEAP)
    assert known.newest(0) == (11, 10 + LEAP)
