"""Lines reach the stream as they are; what breaks is said after what could be read was given."""

import asyncio
import gzip
import json
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.files import FileSource
from producers.files.lines import BrokenGzipError
from producers.files.source import UnreadableFileError, raw_batches, raw_line
from producers.source import Raw


class Trickle:
    """Gives its bytes in pieces of the sizes told, then the rest by one byte."""

    def __init__(self, data: bytes, sizes: list[int] | None = None) -> None:
        self._data, self._sizes = data, list(sizes or [])

    def read(self, size: int, /) -> bytes:
        take = min(size, self._sizes.pop(0) if self._sizes else 1)
        piece, self._data = self._data[:take], self._data[take:]
        return piece


def read(data: bytes, sizes: list[int] | None = None, limit: int = 1 << 20) -> list[bytes]:
    batches = raw_batches(Trickle(data, sizes), name="x", limit=limit)
    return [raw.data for batch in batches for raw in batch]


def collect(source: FileSource) -> list[Raw]:
    async def work() -> list[Raw]:
        found: list[Raw] = []
        async with asyncio.timeout(30):
            async for batch in source:
                found.extend(item for item in batch if isinstance(item, Raw))
        return found

    return asyncio.run(work())


@given(
    lines=st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and not line.startswith(b"\x1f\x8b"))),
    newline_at_end=st.booleans(),
    packing=st.sampled_from(["plain", "gzip", "members"]),
    sizes=st.lists(st.integers(1, 50), max_size=20),
)
def test_each_line_that_is_not_blank_is_given_as_it_is(
    lines: list[bytes], newline_at_end: bool, packing: str, sizes: list[int]
) -> None:
    data = b"\n".join(lines) + (b"\n" if newline_at_end else b"")
    if packing == "gzip":
        data = gzip.compress(data)
    elif packing == "members":
        data = gzip.compress(data[:7]) + gzip.compress(b"") + gzip.compress(data[7:]) + b"\0" * 5
    assert read(data, sizes) == [line for line in lines if line.strip()]


def test_the_key_is_the_market_where_a_line_tells_one() -> None:
    line = json.dumps({"exchange": "kraken", "symbol": "BTC-USD", "kind": "trade"}).encode()
    assert raw_line(line) == Raw(data=line, partition_key="kraken:BTC-USD")


@pytest.mark.parametrize("kind", ["coverage", "gap_closed"])
def test_a_barrier_waits_for_what_it_speaks_for(kind: str) -> None:
    line = json.dumps({"exchange": "kraken", "symbol": "BTC-USD", "kind": kind}).encode()
    assert raw_line(line).barrier


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b'{"exchange":"kraken","sym',
        b"[1, 2]",
        b"NaN",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"exchange":1,"symbol":"BTC-USD"}',
        b'{"exchange":"kraken","symbol":["BTC-USD"]}',
        b'{"exchange":"","symbol":"BTC-USD"}',
        b'{"exchange":"kraken","symbol":"' + b"x" * 300 + b'"}',
        b'{"exchange":"kraken","symbol":"\\ud800"}',
        '{"exchange":"kraken","symbol":"é"}'.encode(),
    ],
)
def test_a_line_that_is_no_record_is_keyed_by_its_hash(line: bytes) -> None:
    raw = raw_line(line)
    assert raw.data == line
    assert len(raw.partition_key) == 32
    assert raw_line(line) == raw
    assert raw_line(line + b" ").partition_key != raw.partition_key


def test_of_a_line_too_long_for_kinesis_just_enough_is_kept_to_see_that() -> None:
    data = b"a\n" + b"x" * 5000 + b"\nb\n" + b"y" * 5000
    assert read(data, [1000, 3000, 2000, 9000], limit=100) == [b"a", b"x" * 101, b"b", b"y" * 101]


def test_a_truncated_gzip_is_told_after_all_whole_lines() -> None:
    noise = random.Random(5)
    lines = [noise.randbytes(40).hex().encode() for _ in range(500)]
    whole = gzip.compress(b"\n".join(lines))
    found: list[bytes] = []
    with pytest.raises(BrokenGzipError, match=r"ends early after .* whole line") as broken:
        for batch in raw_batches(Trickle(whole[: len(whole) // 2], [4096] * 99), name="day.gz"):
            found.extend(raw.data for raw in batch)
    assert 100 < len(found) < 500
    assert found == lines[: len(found)]
    assert (broken.value.lines, broken.value.name) == (len(found), "day.gz")


@pytest.mark.parametrize("cut", [2, 5, 10, -1, -8])
def test_a_gzip_cut_anywhere_is_told(cut: int) -> None:
    with pytest.raises(BrokenGzipError):
        read(gzip.compress(b"a\nb\n")[:cut])


def test_a_damaged_gzip_is_told() -> None:
    data = bytearray(gzip.compress(b"a\nb\n"))
    data[-6] ^= 1
    with pytest.raises(BrokenGzipError, match="damaged"):
        read(bytes(data))


def test_a_bomb_is_never_held_unpacked() -> None:
    bomb = gzip.compress(b"x" * (64 << 20))
    tracemalloc.start()
    try:
        ((raw,),) = raw_batches(Trickle(bomb, [1 << 20]), name="x", limit=1000)
        assert len(raw.data) == 1001
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_gzip_is_told_by_its_content_not_its_name(tmp_path: Path) -> None:
    packed, plain = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(b"one\ntwo\n"))
    plain.write_bytes(b"one\ntwo")
    for path in (packed, plain):
        assert [raw.data for raw in collect(FileSource(str(path)))] == [b"one", b"two"]


def test_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert collect(FileSource(str(tmp_path / "empty"))) == []


@pytest.mark.parametrize(("path", "why"), [("missing.jsonl", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_read_is_told_in_one_sentence(path: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=why) as unreadable:
        collect(FileSource(str(tmp_path / path)))
    assert "\n" not in str(unreadable.value)


def test_a_live_pipe_is_passed_on_as_it_flows() -> None:
    reading, writing = os.pipe()

    async def work() -> None:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            batches = aiter(FileSource("-", stdin=lambda: pipe))
            async with asyncio.timeout(30):
                for line in (b"first", b"second"):
                    os.write(writing, line + b"\n")
                    (raw,) = await anext(batches)
                    assert isinstance(raw, Raw)
                    assert raw.data == line
                os.close(writing)
                assert await anext(batches, None) is None

    asyncio.run(work())


def test_reading_never_runs_far_ahead_of_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"x" * 99 + b"\n" + b"y\n" * 2_000_000)

    async def work() -> int:
        source = FileSource(str(path))
        batches = aiter(source)
        await anext(batches)
        await asyncio.sleep(0.2)
        held = batches.ag_frame.f_locals["reading"]._queue.qsize()  # type: ignore[attr-defined]
        await batches.aclose()  # type: ignore[attr-defined]
        return int(held)

    assert asyncio.run(work()) <= 4
