"""Ordinary records, read by columns: trades and coverage just as our own producers encode them, with nothing unusual.

A kind's shape is the text that ``encode`` writes around a record's values. All rows are walked along it at once, a
field at a time: the text must be there byte for byte, and each value must be one that ``judge`` accepts at first sight.
What is not so, or is near a limit, is left to ``judge``: a row that is ordinary has the values that ``judge`` gives it,
and of the others nothing is said.

Narrower than the rules are: all bytes are printable ASCII without a backslash, an instant has 16 digits (2009 to
2286), a number is plain, and a notional stays clear of its limit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tapehouse.market import MarketKey
from tapehouse.record import (
    AHEAD_US,
    EARLIEST_US,
    LATEST_US,
    NAME,
    NOTIONAL_LIMIT,
    PLAIN_DECIMAL,
    SYMBOL,
    TEXT_LIMIT,
    VERSION,
    Coverage,
    Trade,
)

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Columns: TypeAlias = dict[str, pa.Array]
Kind: TypeAlias = type[Trade] | type[Coverage]

LONGEST: Final = 2048
"""Bytes of the longest payload that may be ordinary: the texts of a trade have 873 at most, what is around them 239."""
_TEXT: Final = pa.string()
_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_MARKET: Final = MarketKey._fields
"""The fields that every kind begins with."""
_HEAD: Final = re.compile(
    rf'\{{"v":{VERSION},"kind":"(?P<kind>{Trade.kind}|{Coverage.kind})","exchange":"(?P<exchange>{NAME.pattern})"'
    rf',"symbol":"(?P<symbol>{SYMBOL.pattern})","source":"(?P<source>{NAME.pattern})"'.encode()
)
_HEAD_QUOTES: Final = 18
_SIDE: Final = re.compile("buy|sell")
_QUANTITY: Final = pa.decimal128(28, 12)
_QUANTITY_TEXT: Final = rf"\A{PLAIN_DECIMAL.pattern}\z"
_NUMBER: Final = pa.decimal128(38, 0)
_NUMBER_DIGITS: Final = 38
_AGGREGATE: Final = b"a:"
_INSTANT_DIGITS: Final = 16
_POWERS: Final = 10 ** np.arange(_INSTANT_DIGITS - 1, -1, -1, dtype=np.int64)
_CLEAR_OF_LIMIT: Final = float(NOTIONAL_LIMIT) * (1 - 1e-9)
"""What is less in doubles, which err by some 1e-16 of a product, is less in decimals too."""
_REACH: Final = 1024
"""Bytes and quotes that a walk may step over beyond the end of a batch, where its last row is not ordinary."""


class Payloads:
    """The payloads of a batch, one behind the other, and what its bytes say at first sight."""

    def __init__(self, payloads: pa.Array) -> None:
        """``payloads``: binary, without nulls."""
        _, offsets, data = payloads.buffers()
        bounds = np.frombuffer(offsets, np.int32)[payloads.offset : payloads.offset + len(payloads) + 1]
        first, last = (int(bounds[0]), int(bounds[-1])) if len(payloads) else (0, 0)
        self.text = np.empty(last - first + _REACH, np.uint8)
        if last > first:
            self.text[: last - first] = np.frombuffer(data, np.uint8)[first:last]
        self.text[last - first :] = _QUOTE  # a walk that is led astray always finds a next one
        self.starts: Ints = bounds[:-1].astype(np.int64) - first
        self.ends: Ints = bounds[1:].astype(np.int64) - first
        self.quotes: Ints = np.flatnonzero(self.text == _QUOTE)
        unusual = _unusual(self.text)
        self.usual: Bools = np.searchsorted(unusual, self.starts) == np.searchsorted(unusual, self.ends)
        """Rows of printable ASCII without a backslash: their every quote begins or ends a text."""

    def has(self, at: Ints, literal: bytes) -> Bools:
        """Whether the literal, which holds no NUL, stands at each place."""
        return self.words(at, len(literal)) == literal  # type: ignore[no-any-return]

    def words(self, at: Ints, width: int) -> npt.NDArray[np.bytes_]:
        """So many bytes from each place on."""
        every: npt.NDArray[np.bytes_] = np.ndarray(
            (self.text.size - width + 1,), f"S{width}", self.text.data, strides=(1,)
        )
        return every[at]

    def array(self, bounds: "_Bounds", kind: pa.DataType = _TEXT) -> pa.Array:
        """The texts of these bounds, which follow each other."""
        cuts = np.empty(2 * bounds.starts.size, np.int32)
        cuts[0::2], cuts[1::2] = bounds.starts, bounds.ends
        buffers = [None, pa.py_buffer(cuts), pa.py_buffer(self.text)]
        pieces = pa.Array.from_buffers(kind, max(cuts.size - 1, 0), buffers)
        return pieces.take(pa.array(np.arange(0, cuts.size, 2), mask=bounds.absent))


def _unusual(text: npt.NDArray[np.uint8]) -> Ints:
    """Where there is a byte that is no printable ASCII, or a backslash."""
    low, high = ord(" "), ord("~")
    backslash = text == _BACKSLASH
    if np.min(text) >= low and np.max(text) <= high:  # nearly always, and asked in a fraction of the time
        return np.flatnonzero(backslash)
    return np.flatnonzero((text < low) | (text > high) | backslash)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Where texts stand, one a row, without their quotes."""

    starts: Ints
    ends: Ints
    absent: Bools | None = None
    """Rows that have a null instead."""

    def at(self, rows: Ints) -> "_Bounds":
        return _Bounds(self.starts[rows], self.ends[rows], None if self.absent is None else self.absent[rows])


class _Walk:
    """A step along the shape in all rows at once. ``ordinary``: the rows that have fitted up to here."""

    def __init__(self, payloads: Payloads, heads: "_Heads", rows: Ints) -> None:
        self.payloads = payloads
        self.at = heads.ends[rows]
        self.quote = heads.quotes[rows]
        """The first quote at or behind each place."""
        self.ordinary = payloads.usual[rows]

    def literal(self, text: bytes) -> None:
        self.ordinary &= self.payloads.has(self.at, text)
        self.at = self.at + len(text)
        self.quote = self.quote + text.count(b'"')

    def quoted(self, *, nullable: bool) -> _Bounds:
        quoted = self.payloads.text[self.at] == _QUOTE
        starts, ends = self.at + 1, self.payloads.quotes[self.quote + 1]
        if not nullable or quoted.all():
            self.ordinary &= quoted
            self.at, self.quote = ends + 1, self.quote + 2
            return _Bounds(starts, ends)
        absent = ~quoted
        self.ordinary &= quoted | self.payloads.has(self.at, b"null")
        bounds = _Bounds(np.where(absent, self.at, starts), np.where(absent, self.at, ends), absent)
        self.at = np.where(absent, self.at + len(b"null"), ends + 1)
        self.quote = self.quote + 2 * quoted
        return bounds

    def instant(self) -> Ints:
        digits = self.payloads.words(self.at, _INSTANT_DIGITS).view(np.uint8).reshape(-1, _INSTANT_DIGITS) - ord("0")
        self.ordinary &= (digits <= 9).all(axis=1)
        self.at = self.at + _INSTANT_DIGITS
        return digits @ _POWERS

    def flag(self) -> Bools:
        true = self.payloads.has(self.at, b"true")
        self.ordinary &= true | self.payloads.has(self.at, b"false")
        self.at = self.at + np.where(true, len(b"true"), len(b"false"))
        return true


class _Field(Protocol):
    """How the values of a field are read, and which of them need no judge."""

    def read(self, walk: _Walk) -> Any:
        """Step over the values: where they stand, or what they are."""

    def column(self, payloads: Payloads, found: Any, arrived_us: Ints, /) -> tuple[pa.Array, Bools]:
        """The values of rows that fit the shape, and which of them are sound."""


class _Text:
    """A quoted text. ``pattern``: what all of it must be, where its values are few; else its length alone is asked."""

    def __init__(self, pattern: re.Pattern[str] | None = None, *, nullable: bool = False) -> None:
        self._pattern = pattern
        self._nullable = nullable

    def read(self, walk: _Walk) -> _Bounds:
        return walk.quoted(nullable=self._nullable)

    def column(self, payloads: Payloads, bounds: _Bounds, _: Ints) -> tuple[pa.Array, Bools]:
        texts = payloads.array(bounds)
        if self._pattern is None:
            sizes = bounds.ends - bounds.starts
            good = (sizes >= 1) & (sizes <= TEXT_LIMIT)
        else:
            values = pc.unique(texts)
            wrong = [text for text in values.to_pylist() if text is not None and not self._pattern.fullmatch(text)]
            good = ~_bools(pc.is_in(texts, pa.array(wrong, pa.string()))) if wrong else np.ones(len(texts), np.bool_)
        return texts, good if bounds.absent is None else good | bounds.absent


class _Quantity:
    """A quoted decimal number as it fits its column. That it is not zero is asked together with its fellow."""

    def read(self, walk: _Walk) -> _Bounds:
        return walk.quoted(nullable=False)

    def column(self, payloads: Payloads, bounds: _Bounds, _: Ints) -> tuple[pa.Array, Bools]:
        texts = payloads.array(bounds)
        plain = pc.match_substring_regex(texts, _QUANTITY_TEXT)
        return _replaced(texts, plain, "0").cast(_QUANTITY), _bools(plain)


class _Instant:
    """Microseconds since the epoch."""

    def __init__(self, *, by_arrival: bool) -> None:
        self._by_arrival = by_arrival

    def read(self, walk: _Walk) -> Ints:
        return walk.instant()

    def column(self, _: Payloads, instants: Ints, arrived_us: Ints) -> tuple[pa.Array, Bools]:
        good = (instants >= EARLIEST_US) & (instants <= LATEST_US)
        if self._by_arrival:
            good &= instants - AHEAD_US <= arrived_us
        return pa.array(instants), good


class _Flag:
    def read(self, walk: _Walk) -> Bools:
        return walk.flag()

    def column(self, _: Payloads, flags: Bools, __: Ints) -> tuple[pa.Array, Bools]:
        return pa.array(flags), np.ones(flags.size, np.bool_)


_FIELDS: Final[Mapping[str, _Field]] = {
    "trade_id": _Text(),
    "price": _Quantity(),
    "size": _Quantity(),
    "side": _Text(_SIDE, nullable=True),
    "event_time_us": _Instant(by_arrival=True),
    "received_time_us": _Instant(by_arrival=False),
    "backfilled": _Flag(),
    "trader": _Text(nullable=True),
    "from_us": _Instant(by_arrival=True),
    "through_us": _Instant(by_arrival=True),
    "last_id": _Text(nullable=True),
}
"""By name, whichever kind has it."""


class _Heads:
    """How each payload begins: its version, kind and market, up to the end of its source.

    There are few of them among many rows, so each is read once, by the very patterns that ``judge`` has.
    """

    def __init__(self, payloads: Payloads) -> None:
        first = np.searchsorted(payloads.quotes, payloads.starts)
        last = payloads.quotes[first + _HEAD_QUOTES - 1]
        self.ends: Ints = np.minimum(last + 1, payloads.ends)
        self.quotes: Ints = first + _HEAD_QUOTES
        texts = payloads.array(_Bounds(payloads.starts, self.ends), pa.binary()).dictionary_encode()
        self._codes: Ints = np.asarray(texts.indices).astype(np.int64)
        self._read = [_HEAD.fullmatch(text) for text in texts.dictionary.to_pylist()]

    def of(self, kind: Kind) -> Ints:
        """The rows that begin as a record of this kind, ascending."""
        is_kind = np.array([head is not None and head["kind"] == kind.kind.encode() for head in self._read], np.bool_)
        return np.flatnonzero(is_kind[self._codes])

    def columns(self, rows: Ints) -> Columns:
        codes = pa.array(self._codes[rows])
        return {
            name: pa.array([None if head is None else head[name].decode() for head in self._read], _TEXT).take(codes)
            for name in _MARKET
        }


def ordinary(payloads: Payloads, arrived_us: Ints) -> Iterator[tuple[Kind, Ints, Columns]]:
    """The rows that are ordinary trades, and those that are ordinary coverage, each ascending, with their fields.

    Trades have their ``trade_number`` too. ``arrived_us``: when Kinesis took each payload.
    """
    heads = _Heads(payloads)
    for kind in (Trade, Coverage):
        yield kind, *_of_kind(payloads, heads, arrived_us, kind)


def _of_kind(payloads: Payloads, heads: _Heads, arrived_us: Ints, kind: Kind) -> tuple[Ints, Columns]:
    rows = heads.of(kind)
    walk = _Walk(payloads, heads, rows)
    found: dict[str, Any] = {}
    for each in fields(kind):
        if each.name not in _MARKET:
            walk.literal(f',"{each.name}":'.encode())
            found[each.name] = _FIELDS[each.name].read(walk)
    walk.literal(b"}")
    kept = np.flatnonzero(walk.ordinary & (walk.at == payloads.ends[rows]))
    rows = rows[kept]
    columns = heads.columns(rows)
    good = np.ones(rows.size, np.bool_)
    for name, value in found.items():
        held = value.at(kept) if isinstance(value, _Bounds) else value[kept]
        columns[name], fits = _FIELDS[name].column(payloads, held, arrived_us[rows])
        good &= fits
    if kind is Trade:
        columns["trade_number"] = _numbers(payloads, found["trade_id"].at(kept))
        good &= _clear_of_limits(columns["price"], columns["size"])
    else:
        good &= found["through_us"][kept] > found["from_us"][kept]
    if good.all():
        return rows, columns
    return rows[good], {name: column.filter(pa.array(good)) for name, column in columns.items()}


def _numbers(payloads: Payloads, ids: _Bounds) -> pa.Array:
    """What ``id_number`` says of each id."""
    starts = ids.starts + len(_AGGREGATE) * payloads.has(ids.starts, _AGGREGATE)
    texts = payloads.array(_Bounds(starts, ids.ends))
    sizes = ids.ends - starts
    numeric = pc.and_(pc.ascii_is_decimal(texts), pa.array(sizes <= _NUMBER_DIGITS))
    return _replaced(texts, numeric, "-1").cast(_NUMBER)


def _clear_of_limits(prices: pa.Array, sizes: pa.Array) -> Bools:
    """Both above zero, and their product clear of the limit."""
    price, size = (np.asarray(each.cast(pa.float64())) for each in (prices, sizes))
    is_clear: Bools = (price > 0) & (size > 0) & (price * size < _CLEAR_OF_LIMIT)
    return is_clear


def _replaced(texts: pa.Array, sound: pa.Array, text: str) -> pa.Array:
    """Another text where one is not sound: a cast raises for all rows where it cannot read one."""
    return texts if sound.false_count == 0 else pc.if_else(sound, texts, text)


def _bools(column: pa.Array) -> Bools:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)
