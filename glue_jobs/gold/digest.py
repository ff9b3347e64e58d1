"""The hash that vouches for a day's trades: SHA-256 over a line a trade, in their order.

A line is ``event_time_us,trade_id,price,size,side`` and a line feed, UTF-8: decimals without an exponent and without
zeros that carry nothing, side empty where it is not told. The order is event_time_us, trade_number, trade_id: that in
which gold takes the first and the last of a window. docs/operations.md has the same in SQL and Python.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

TRADE_COLUMNS: Final = ("event_time_us", "trade_number", "trade_id", "price", "size", "side")
_ORDER: Final = [(name, "ascending") for name in TRADE_COLUMNS[:3]]

_EXACT: Final = Context(prec=76)


@dataclass(slots=True)
class Digest:
    """What a market's trades of a day come to, taken in piece by piece."""

    count: int = 0
    volume: Decimal = Decimal(0)
    first: dict[str, Any] | None = None
    """``TRADE_COLUMNS`` of the first trade."""
    last: dict[str, Any] | None = None
    _sha256: Any = field(default_factory=hashlib.sha256)

    def take(self, trades: pa.Table) -> None:
        """``TRADE_COLUMNS`` in any order, all of them later than what was taken before."""
        if not trades.num_rows:
            return
        rows = trades.select(TRADE_COLUMNS).sort_by(_ORDER)
        self.count += rows.num_rows
        self.volume = _EXACT.add(self.volume, pc.sum(rows.column("size").cast(pa.decimal128(38, 12))).as_py())
        self.first = self.first or rows.slice(0, 1).to_pylist()[0]
        self.last = rows.slice(rows.num_rows - 1).to_pylist()[0]
        for batch in rows.to_batches(max_chunksize=65_536):
            self._sha256.update("".join(lines(batch).to_pylist()).encode())

    @property
    def hex(self) -> str:
        return str(self._sha256.hexdigest())


def lines(trades: pa.RecordBatch) -> pa.Array:
    """The line of each trade, its line feed with it."""
    columns = [trades.column(name) for name in ("event_time_us", "trade_id", "price", "size", "side")]
    texts = [columns[0].cast(pa.string()), columns[1], *(_plain(each) for each in columns[2:4])]
    joined = pc.binary_join_element_wise(*texts, pc.fill_null(columns[4], ""), ",")
    return pc.binary_join_element_wise(joined, "\n", "")


def _plain(numbers: pa.Array) -> pa.Array:
    """Decimals as text. Arrow writes small ones with an exponent, and always all decimals."""
    texts = numbers.cast(pa.string())
    has_exponent = pc.match_substring(texts, "E")
    if pc.any(has_exponent).as_py():
        texts = pa.array(_written(texts.to_pylist()), pa.string())
    return pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")


def _written(texts: Iterable[str]) -> list[str]:
    """With a point in each, so that no zero before it is taken for one that carries nothing."""
    return [f"{Decimal(each):.12f}" if "E" in each else each for each in texts]
