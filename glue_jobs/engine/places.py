"""Files of a table or a lake, in a folder or on S3: what the log and the data files are read and written through."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from tapehouse import aws
from tapehouse.write_once import write_once

_LOCAL: Final = fs.LocalFileSystem()
_DELETED_AT_ONCE: Final = 1_000
"""Keys of one DeleteObjects call at most."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a listing found."""

    path: str
    """Below the place."""
    size: int
    """Bytes."""
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or a prefix of a bucket."""

    uri: str
    root: str
    """The path that ``files`` knows it by."""
    files: fs.FileSystem

    @property
    def is_bucket(self) -> bool:
        return self.files is not _LOCAL

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def open(self, name: str) -> pa.NativeFile:
        """Raises FileNotFoundError."""
        return self.files.open_input_file(self.path(name))

    def read(self, name: str) -> bytes:
        """A small file whole. Raises FileNotFoundError."""
        if not self.is_bucket:
            return Path(self.path(name)).read_bytes()
        with self.files.open_input_stream(self.path(name)) as source:
            return bytes(source.read())

    def write(self, name: str, content: bytes) -> None:
        """A small file whole or not at all, in the place of one that is there."""
        if self.is_bucket:
            with self.files.open_output_stream(self.path(name)) as sink:
                sink.write(content)
            return
        with _draft(Path(self.path(name))) as (draft, target):
            draft.write_bytes(content)
            draft.replace(target)

    def write_first(self, name: str, content: bytes) -> bool:
        """A small file of a folder, whole and on the disk, where none of that name is yet; False where one is."""
        return write_once(Path(self.path(name)), content)

    def delete(self, name: str) -> None:
        """Remove a file; none there is fine."""
        with contextlib.suppress(FileNotFoundError):
            self.files.delete_file(self.path(name))

    def delete_all(self, names: Sequence[str]) -> None:
        """Remove files, in their order; those that are not there are fine. Raises OSError."""
        if not self.is_bucket:
            for name in names:
                self.delete(name)
            return
        bucket, _, prefix = self.root.partition("/")
        keys = [{"Key": f"{prefix}/{name}" if prefix else name} for name in names]
        for at in range(0, len(keys), _DELETED_AT_ONCE):
            told = {"Objects": keys[at : at + _DELETED_AT_ONCE], "Quiet": True}
            answer = aws.client("s3").delete_objects(Bucket=bucket, Delete=told)
            if failed := answer.get("Errors"):
                raise OSError(f"{self.uri}: {len(failed)} files could not be deleted: {failed[0].get('Code')}")

    def delete_folder(self, name: str) -> None:
        """Remove a folder and all that is in it; none there is fine."""
        with contextlib.suppress(FileNotFoundError):
            self.files.delete_dir(self.path(name))

    def listing(self, folder: str = "", *, recursive: bool = False) -> Iterator[Listed]:
        """The files in a folder, in no order; none where it is not there."""
        at = self.path(folder) if folder else self.root
        selector = fs.FileSelector(at, allow_not_found=True, recursive=recursive)
        for info in self.files.get_file_info(selector):
            if info.type == fs.FileType.File:
                yield Listed(info.path[len(self.root) + 1 :], info.size, info.mtime_ns // 1_000_000)

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder; none where it is not there."""
        return [each.path.rpartition("/")[2] for each in self.listing(folder)]

    def make_folder(self, name: str) -> None:
        """A local folder must be there before a file of it; a bucket has none."""
        if not self.is_bucket:
            Path(self.path(name)).mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _draft(target: Path) -> Iterator[tuple[Path, Path]]:
    """A name beside the target's to write to, gone afterwards: half a file would fill a full disk further."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        yield draft, target
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=256)
def place(uri: str) -> Place:
    """The place of a folder's path, or of s3://bucket/prefix (s3a:// is the same)."""
    parts = urlsplit(uri)
    if parts.scheme not in ("s3", "s3a"):
        return Place(uri, uri.rstrip("/"), _LOCAL)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return Place(uri, f"{parts.netloc}{parts.path}".rstrip("/"), _s3(endpoint))


@lru_cache(maxsize=4)
def _s3(endpoint: str | None) -> fs.FileSystem:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if endpoint is None:
        return fs.S3FileSystem(region=region)
    parts = urlsplit(endpoint)
    return fs.S3FileSystem(region=region, endpoint_override=parts.netloc, scheme=parts.scheme)
