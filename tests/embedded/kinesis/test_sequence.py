from embedded.kinesis.sequence import LAST_LONGER, first_number


def test_first_generation_looks_like_kinesis() -> None:
    number = str(first_number(salt="a", created_ms=1_790_000_000_123, generation=0, above=0))
    assert len(number) == 56
    assert number.startswith("4901790000000123")


def test_stream_made_later_starts_higher() -> None:
    early, late = (first_number(salt="z", created_ms=ms, generation=0, above=0) for ms in (1000, 1001))
    assert early < late


def test_child_has_more_digits_than_its_parent_and_soon_gains_one() -> None:
    child = first_number(salt="a", created_ms=1, generation=1, above=10**55)
    assert len(str(child)) == 57
    assert len(str(child + 65 * 2**63)) == 58


def test_text_order_is_wrong_inside_a_child() -> None:
    child = first_number(salt="a", created_ms=1, generation=3, above=0)
    later = child + 65 * 2**63
    assert later > child
    assert str(later) < str(child)


def test_no_generation_outgrows_129_digits_or_falls_below_its_parent() -> None:
    above = 0
    for generation in range(LAST_LONGER + 500):
        number = first_number(salt="s", created_ms=1, generation=generation, above=above)
        assert number > above
        assert len(str(number)) <= 129
        above = number + 10**9 * 2**64
