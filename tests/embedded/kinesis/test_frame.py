import json

from hypothesis import given
from hypothesis import strategies as st

from embedded.kinesis import frame

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
records = st.tuples(st.integers(10**55, 10**60), st.integers(0, 2**42), st.sampled_from(["", "AA==", "QUJD"]), keys)


def payload_of(made: list[tuple[int, int, str, str]]) -> bytes:
    return frame.SEPARATOR.join(
        frame.record_text(number, ms, data, json.dumps(key)).encode() for number, ms, data, key in made
    )


@given(st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=4))
def test_what_is_framed_is_found_again(lots: list[list[tuple[int, int, str, str]]]) -> None:
    buffer = b"".join(
        frame.encode(payload_of(lot), records=len(lot), data_bytes=9, stored_ms=lot[0][1]) for lot in lots
    )
    assert frame.intact_bytes(buffer, verify=True) == len(buffer)
    found = list(frame.frames(buffer))
    assert [(one.records, one.data_bytes, one.stored_ms) for one in found] == [(len(x), 9, x[0][1]) for x in lots]
    texts = [line for one in found for line in frame.records_of(buffer[one.start : one.end])]
    flat = [made for lot in lots for made in lot]
    assert [(frame.sequence_of(line), frame.arrival_ms_of(line)) for line in texts] == [made[:2] for made in flat]
    assert [(json.loads(line)["Data"], json.loads(line)["PartitionKey"]) for line in texts] == [m[2:] for m in flat]


@given(st.integers(1, 400), st.binary(max_size=30))
def test_torn_frame_is_not_part_of_the_intact_bytes(cut: int, noise: bytes) -> None:
    whole = frame.encode(payload_of([(10**55, 1, "QUJD", "k")]), records=1, data_bytes=4, stored_ms=1)
    torn = whole[: max(0, len(whole) - cut)]
    assert frame.intact_bytes(whole + torn, verify=True) == len(whole)
    assert frame.intact_bytes(torn + noise, verify=True) == 0 or torn + noise == whole


def test_changed_byte_breaks_the_checksum() -> None:
    whole = bytearray(frame.encode(payload_of([(10**55, 1, "QUJD", "k")]), records=1, data_bytes=4, stored_ms=1))
    for place in (12, frame.HEADER_BYTES + 20, len(whole) - 1):
        broken = whole.copy()
        broken[place] ^= 1
        assert frame.intact_bytes(bytes(broken), verify=True) == 0


def test_size_counts_data_and_key() -> None:
    line = frame.record_text(10**55, 1, "QUJDRA==", '"\\u00e9"').encode()
    assert frame.data_bytes_of(line) == 4 + 2
