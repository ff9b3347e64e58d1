import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.kinesis.message import BadRequest, Head, Requests

PLAIN = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
BARE = b"GET /b HTTP/1.0\r\n\r\n"


def taken(pieces: list[bytes]) -> list[tuple[str, bytes]]:
    requests = Requests()
    found: list[tuple[str, bytes]] = []
    for piece in pieces:
        requests.feed(piece)
        while True:
            requests.head()
            request = requests.body()
            if request is None:
                break
            found.append((request[0].path, request[1]))
    return found


@given(st.lists(st.integers(0, 400), max_size=12))
def test_requests_come_out_whole_however_they_are_cut(cuts: list[int]) -> None:
    stream = PLAIN + CHUNKED + BARE + PLAIN
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert taken(pieces) == [("/", b"hello"), ("/a", b"hello"), ("/b", b""), ("/", b"hello")]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        (b"x" * 70_000, 431),
    ],
)
def test_what_is_no_request_is_refused_with_its_status(raw: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        taken([raw])
    assert caught.value.status == status


def test_connection_stays_as_the_version_says() -> None:
    assert Head.parse(b"GET / HTTP/1.1").keep_alive
    assert not Head.parse(b"GET / HTTP/1.1\r\nConnection: close").keep_alive
    assert not Head.parse(b"GET / HTTP/1.0").keep_alive
