"""The landing: what the Lambdas fetched, as it came, in objects that are written once and never again.

::

    <landing>/<kind>/<source>/<YYYY-MM-DD>/<HHMMSSffffff>-<16 hex>.jsonl.gz

Each line of an object is one response (``Landed``). The day and the time are those of its first line, UTC; the
hexadecimal digits begin the SHA-256 over its lines, so the same lines are the same object: to land them again changes
nothing. A folder at home, a prefix of a bucket on AWS.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args
from urllib.parse import urlsplit

from tapehouse.errors import TerminalError
from tapehouse.intervals import instant_of, micros_of
from tapehouse.lake import folder_of
from tapehouse.record import EARLIEST_US, LATEST_US
from tapehouse.write_once import write_once

Kind: TypeAlias = Literal["news", "social", "page", "price", "score", "index"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
VERSION: Final = 1
MOST_BYTES: Final = 256 * 1024 * 1024
"""An object's lines are no more than this, unpacked: what is more was not written here."""
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEY: Final = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})/(?P<source>{_SOURCE.pattern})/(?P<at>\d{{4}}-\d\d-\d\d/\d{{12}})-[0-9a-f]{{16}}\.jsonl\.gz"
)


def is_storable(us: int) -> bool:
    """Whether a table can hold the time, µs UTC, and its statistics the millisecond behind it."""
    return EARLIEST_US <= us <= LATEST_US - 1_000


class LandingError(TerminalError):
    """An object of the landing, or a line of one, is not what this writes. What it holds is no part of the message."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(where, detail)
        self.where, self.detail = where, detail

    def __str__(self) -> str:
        return f"{self.where} cannot be read: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """One response as it came. Nothing of it is a secret: keys and tokens are left out of ``request``."""

    kind: Kind
    source: str
    request: str
    """What was asked, without keys: method and address, or what else an answer came from."""
    fetched_at_us: int
    """When the answer was there whole, µs UTC."""
    body: bytes = field(repr=False)
    """Unpacked, in the charset that it came in."""
    status: int = 200
    content_type: str = ""
    """As the header says, charset and all; empty where it was not said."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that the next fetch, or a parser, needs (etag, last-modified), names in lower case."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not _SOURCE.fullmatch(self.source):
            raise TerminalError(f"nothing lands as {self.kind!r} of {self.source!r}: kinds are {', '.join(KINDS)}")

    @property
    def sha256(self) -> str:
        """Of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def line(self) -> bytes:
        """One line of JSON, without its end. The body is text where it is UTF-8, else base64."""
        try:
            body = {"body": self.body.decode("utf-8")}
        except UnicodeDecodeError:
            body = {"body_base64": base64.b64encode(self.body).decode("ascii")}
        said = {
            "v": VERSION,
            "kind": self.kind,
            "source": self.source,
            "request": self.request,
            "fetched_at_us": self.fetched_at_us,
            "status": self.status,
            "content_type": self.content_type,
            "headers": dict(sorted(self.headers.items())),
            "sha256": self.sha256,
            **body,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    @classmethod
    def of_line(cls, line: bytes, *, where: str = "a line") -> "Landed":
        """The response that ``line`` wrote. Raises LandingError for any other line, also one whose body was changed."""
        try:
            said = json.loads(line)
            version = said["v"]
            text, in_base64 = said.get("body"), said.get("body_base64")
            landed = cls(
                kind=said["kind"],
                source=said["source"],
                request=said["request"],
                fetched_at_us=int(said["fetched_at_us"]),
                body=base64.b64decode(in_base64, validate=True) if text is None else text.encode("utf-8"),
                status=int(said["status"]),
                content_type=said["content_type"],
                headers={str(name): str(value) for name, value in said["headers"].items()},
            )
            told = said["sha256"]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, TerminalError) as error:
            raise LandingError(where, f"no line of a landing ({type(error).__name__})") from error
        if not is_storable(landed.fetched_at_us):
            raise LandingError(where, "it was fetched at no time that can be")
        if version != VERSION:
            raise LandingError(where, f"its version is {str(version)[:20]}, and this reads {VERSION}")
        if told != landed.sha256:
            raise LandingError(where, "its body is not the one that its hash is of")
        return landed


def packed(lines: Sequence[Landed]) -> bytes:
    """An object's content; the same lines give the same bytes."""
    return _packed([line.line() for line in lines])


def _packed(lines: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=6) as file:
        for line in lines:
            file.write(line + b"\n")
    return out.getvalue()


def raw_lines(content: bytes, *, where: str = "an object") -> list[bytes]:
    """The lines of an object, unpacked. Raises LandingError: no gzip, cut off, or more than ``MOST_BYTES``."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LandingError(where, f"not a whole gzip file ({type(error).__name__})") from error
    if len(text) > MOST_BYTES:
        raise LandingError(where, f"more than {MOST_BYTES:,} bytes unpacked")
    return [line for line in text.split(b"\n") if line]


def key_of(lines: Sequence[Landed]) -> str:
    """Where these lines land: ``news/coindesk/2026-11-29/020003120000-0f…jsonl.gz``.

    Raises ValueError for no lines, and for lines of several kinds or sources.
    """
    if not lines or len({(line.kind, line.source) for line in lines}) != 1:
        raise ValueError("an object holds lines of one kind and one source, one at least")
    digest = _digest([line.line() for line in lines])
    at = instant_of(lines[0].fetched_at_us)
    return f"{lines[0].kind}/{lines[0].source}/{at:%Y-%m-%d}/{at:%H%M%S%f}-{digest}.jsonl.gz"


def key_beside(key: str, lines: Sequence[bytes]) -> str:
    """Where lines land that take the place of those of ``key``: of the same kind, source and time."""
    return f"{key.rpartition('-')[0]}-{_digest(lines)}.jsonl.gz"


def _digest(lines: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Key:
    """What a key says of its object."""

    kind: str
    source: str
    at_us: int
    """When its first line was fetched, µs UTC."""

    @property
    def date(self) -> date:
        """The UTC day of ``at_us``."""
        return instant_of(self.at_us).date()

    @classmethod
    def of(cls, key: str) -> "Key | None":
        """None for a key that no object of a landing has."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        try:
            at_us = micros_of(datetime.strptime(match["at"], "%Y-%m-%d/%H%M%S%f").replace(tzinfo=UTC))
        except ValueError:
            return None
        return cls(match["kind"], match["source"], at_us) if is_storable(at_us) else None


class S3Client(Protocol):
    """boto3's client of S3, as far as it is used."""

    exceptions: Any

    def put_object(self, **words: Any) -> Any: ...
    def get_object(self, **words: Any) -> Any: ...
    def delete_object(self, **words: Any) -> Any: ...
    def get_paginator(self, name: str) -> Any: ...


def _s3_client() -> S3Client:
    from tapehouse.aws import client  # noqa: PLC0415 - boto3 takes a while, and a folder needs none

    made: S3Client = client("s3")
    return made


class Landing:
    """A folder (a path or file:///…), or a prefix of a bucket (s3://… or s3a://…). Making one touches nothing.

    Raises TerminalError for a URI of another scheme. AWS' errors pass through.
    """

    def __init__(self, uri: str | Path, *, s3: Callable[[], S3Client] = _s3_client) -> None:
        self._folder = folder_of(uri, what="a landing")
        parts = urlsplit(str(uri))
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self.uri = str(self._folder) if self._folder is not None else f"s3://{self._bucket}/{self._prefix}".rstrip("/")
        self._make = s3
        self._made: S3Client | None = None

    def __repr__(self) -> str:
        return f"Landing({self.uri!r})"

    @property
    def is_bucket(self) -> bool:
        """Whether it is on S3: there, looking is a request."""
        return self._folder is None

    def put(self, lines: Sequence[Landed]) -> str:
        """Writes one object, whole or not at all, and returns its key; where it is already, nothing is written.

        Raises ValueError as ``key_of`` does.
        """
        key = key_of(lines)
        self._put(key, packed(lines))
        return key

    def put_beside(self, key: str, lines: Sequence[bytes]) -> str:
        """Writes lines as they are, which are to take the place of those of an object; the key of the new one.

        The object itself stays: see ``erase``. Raises ValueError for no lines.
        """
        if not lines:
            raise ValueError("an object holds one line at least")
        beside = key_beside(key, lines)
        self._put(beside, _packed(lines))
        return beside

    def _put(self, key: str, content: bytes) -> None:
        if self._folder is not None:
            write_once(self._folder / key, content)
            return
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=self._whole(key),
                Body=content,
                ContentType="application/gzip",
                IfNoneMatch="*",
            )
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    def read(self, key: str) -> list[Landed]:
        """The lines of an object. Raises LandingError for one that is not there, or not ours."""
        where = f"{self.uri}/{key}"
        lines = raw_lines(self.content(key), where=where)
        return [Landed.of_line(line, where=f"{where}, line {number}") for number, line in enumerate(lines)]

    def content(self, key: str) -> bytes:
        """The bytes of an object, as they are stored. Raises LandingError for one that is not there."""
        where = f"{self.uri}/{key}"
        if self._folder is not None:
            try:
                return (self._folder / key).read_bytes()
            except OSError as error:
                raise LandingError(where, error.strerror or type(error).__name__) from error
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._whole(key))
        except self._s3.exceptions.NoSuchKey as error:
            raise LandingError(where, "there is no such object") from error
        return bytes(found["Body"].read())

    def keys(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        """The keys of all objects that begin with ``prefix`` (``news/``), in order, from behind ``after``.

        What else lies there is left out.
        """
        found = self._files(prefix) if self._folder is not None else self._objects(prefix, after)
        return (key for key in found if key > after and Key.of(key) is not None)

    def keys_since(self, day: date) -> Iterator[str]:
        """The keys of all objects of a UTC day and of those after it, by kind and source; other days are not listed."""
        for kind in KINDS:
            for source in self._folders(f"{kind}/"):
                if self._folder is None:
                    yield from self.keys(f"{kind}/{source}/", after=f"{kind}/{source}/{day.isoformat()}")
                    continue
                for each in self._folders(f"{kind}/{source}/"):
                    if each >= day.isoformat():
                        yield from self.keys(f"{kind}/{source}/{each}/")

    def delete(self, key: str) -> None:
        """Removes an object, and of a bucket with versions, only its newest one. Absent is removed."""
        if self._folder is not None:
            (self._folder / key).unlink(missing_ok=True)
        else:
            self._s3.delete_object(Bucket=self._bucket, Key=self._whole(key))

    def erase(self, key: str) -> None:
        """Removes an object for good, also all that a bucket with versions keeps of it. Absent is removed.

        The version that a listing shows goes last: an erasure that was killed still finds its object.
        """
        if self._folder is not None:
            self.delete(key)
            return
        whole = self._whole(key)
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=whole)
        found = [each for page in pages for name in ("Versions", "DeleteMarkers") for each in page.get(name, ())]
        for each in sorted((each for each in found if each["Key"] == whole), key=lambda each: bool(each["IsLatest"])):
            self._s3.delete_object(Bucket=self._bucket, Key=whole, VersionId=each["VersionId"])

    @property
    def _s3(self) -> S3Client:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _whole(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _folders(self, prefix: str) -> list[str]:
        """The names right below ``prefix``, in order."""
        if self._folder is not None:
            folder = self._folder / prefix
            return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._whole(prefix), Delimiter="/"
        )
        found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        return sorted(each.rstrip("/").rpartition("/")[2] for each in found)

    def _files(self, prefix: str) -> Iterator[str]:
        folder = self._folder
        assert folder is not None  # noqa: S101 - by its caller
        begins = folder / prefix.rpartition("/")[0]
        found = (path.relative_to(folder).as_posix() for path in begins.rglob("*.jsonl.gz")) if begins.is_dir() else ()
        return iter(sorted(key for key in found if key.startswith(prefix)))

    def _objects(self, prefix: str, after: str) -> Iterator[str]:
        start = {"StartAfter": self._whole(after)} if after else {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._whole(prefix), **start
        )
        cut = len(self._whole(""))
        return (found["Key"][cut:] for page in pages for found in page.get("Contents", ()))
