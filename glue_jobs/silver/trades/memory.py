"""What is remembered of files: 64-bit hashes of their keys. A key that is not among them is in none of the files.

A file never changes, so what was once read is right for as long as the file is in the table. A hash that is there
proves nothing: the file is then read for what it says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes: TypeAlias = npt.NDArray[np.uint64]

MOST_BYTES: Final = 256 * 1024 * 1024
"""22 million keys: an hour of 6,000 trades a second. Of more, each batch would read the hour's keys again."""
_BYTES_A_KEY: Final = 12
_LAYERS: Final = 8
"""Up to so many are looked through; then the smallest ``_MERGED`` of them are made one."""
_MERGED: Final = 4
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15 | 1)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)


def hashes_of(rows: pa.Table, key: Sequence[str]) -> Hashes:
    """One number for each row's key: texts, the last of which differs from row to row."""
    found = np.zeros(rows.num_rows, np.uint64)
    for name in key[:-1]:
        column = rows.column(name).combine_chunks().dictionary_encode()
        each = np.array([_of_text(text) for text in column.dictionary.to_pylist()], np.uint64)
        found = _mixed(found * _PRIME + each[column.indices.to_numpy()]) if len(each) else found
    return _mixed(found + _of_texts(rows.column(key[-1]).combine_chunks()))


@lru_cache(maxsize=65_536)
def _of_text(text: str) -> int:
    body = text.encode()
    return crc32(body) << 32 | crc32(body[::-1])


def _of_texts(texts: pa.StringArray) -> Hashes:
    """Each text as the digits of one number, modulo 2^64."""
    if not len(texts):
        return np.empty(0, np.uint64)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    body = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    found = np.zeros(len(texts), np.uint64)
    filled = np.flatnonzero(lengths)
    if len(filled):
        at = np.arange(len(body)) - np.repeat(starts, lengths)
        powers = np.multiply.accumulate(np.full(int(lengths.max()), _PRIME, np.uint64))
        found[filled] = np.add.reduceat((body + np.uint64(1)) * powers[at], starts[filled])
    return found


def _mixed(numbers: Hashes) -> Hashes:
    numbers = (numbers ^ (numbers >> np.uint64(33))) * _MIX
    return numbers ^ (numbers >> np.uint64(29))


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Keys of several files, sorted, and whose each is."""

    keys: Hashes
    owners: npt.NDArray[np.int32]
    """Of each key: which of ``paths``."""
    paths: tuple[str, ...]


class KeyMemory:
    """The keys of files. Bounded: the layer that was not asked for longest goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_keys = most_bytes // _BYTES_A_KEY
        self._layers: list[_Layer] = []
        self._in: dict[str, _Layer] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._in

    @property
    def keys(self) -> int:
        """Keys that are remembered."""
        return sum(len(layer.keys) for layer in self._layers)

    @property
    def most_keys(self) -> int:
        return self._most_keys

    def put(self, hashes: Mapping[str, Hashes]) -> None:
        """Remember the keys of files, by path."""
        new = {path: each for path, each in hashes.items() if path not in self._in}
        if not new:
            return
        owners = [np.full(len(each), number, np.int32) for number, each in enumerate(new.values())]
        self._add(np.concatenate(list(new.values())), np.concatenate(owners), tuple(new))
        while len(self._layers) > _LAYERS and self._merge(
            sorted(self._layers, key=lambda each: len(each.keys))[:_MERGED]
        ):
            pass
        while self.keys > self._most_keys and len(self._layers) > 1:
            self._drop(self._layers[0])

    def _add(self, keys: Hashes, owners: npt.NDArray[np.int32], paths: tuple[str, ...]) -> None:
        order = np.argsort(keys, kind="stable")
        layer = _Layer(keys[order], owners[order], paths)
        self._layers.append(layer)
        self._in |= dict.fromkeys(paths, layer)

    def _merge(self, layers: Sequence[_Layer]) -> bool:
        """The smallest are made one, so that a key is moved a few times in its life. False where they are too large."""
        if sum(len(layer.keys) for layer in layers) > self._most_keys // 4:
            return False
        for layer in layers:
            self._drop(layer)
        shifts = np.cumsum([0, *(len(layer.paths) for layer in layers)])
        owners = [layer.owners + np.int32(shift) for layer, shift in zip(layers, shifts, strict=False)]
        paths = tuple(path for layer in layers for path in layer.paths)
        self._add(np.concatenate([layer.keys for layer in layers]), np.concatenate(owners), paths)
        return True

    def _drop(self, layer: _Layer) -> None:
        self._layers.remove(layer)
        for path in layer.paths:
            del self._in[path]

    def keep(self, paths: Collection[str]) -> None:
        """Let go what is remembered of other files, where that is half of a layer: they were merged into others."""
        for layer in list(self._layers):
            is_there = np.array([path in paths for path in layer.paths], bool)
            kept = is_there[layer.owners]
            if 2 * int(kept.sum()) > len(kept):
                continue
            self._drop(layer)
            if kept.any():
                owners = (np.cumsum(is_there) - 1).astype(np.int32)[layer.owners[kept]]
                left = tuple(path for path, stays in zip(layer.paths, is_there, strict=True) if stays)
                self._add(layer.keys[kept], owners, left)

    def holding(self, paths: Collection[str], hashes: Hashes) -> set[str]:
        """Those of the remembered files that may hold one of the keys."""
        asked = set(paths)
        layers = {id(layer): layer for path in asked if (layer := self._in.get(path)) is not None}
        # Sorted, which is faster than unique by far, and a search in order stays in the processor's cache.
        sought, found = np.sort(hashes), set[str]()
        for layer in layers.values():
            self._layers.remove(layer)
            self._layers.append(layer)  # the last to be asked for is the last to go
            low = np.searchsorted(layer.keys, sought, "left")
            high = np.searchsorted(layer.keys, sought, "right")
            met = np.flatnonzero(high > low)
            many = high[met] - low[met]
            at = np.repeat(low[met], many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
            found |= {layer.paths[number] for number in np.flatnonzero(np.bincount(layer.owners[at]))}
        return found & asked
