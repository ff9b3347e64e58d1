"""A lake: one place with all tables of one origin.

::

    <lake>/_tapehouse.json            the marker: which origin the lake is of, since when
    <lake>/<layer>/<name>/            a Delta table
    <lake>/_checkpoints/<layer>/      how far the streaming queries came; may be deleted
    <lake>/_locks/                    who writes a query's tables: a file lock at home, a lease on S3
    <lake>/_aws/                      the embedded AWS' journals (local lakes)
    <lake>/_producers/                what the producers know to be confirmed (local lakes)
    <lake>/_landing/                  what the Lambdas fetched, unless a setting names another place

A lake is a folder (a path or file:///…) or a prefix of a bucket (s3a://… or s3://…, kept as given, since Glue and a
plain Spark name the same thing differently). Demo, recorded and live trades never share a lake.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tapehouse.errors import TerminalError
from tapehouse.write_once import write_once

MARKER: Final = "_tapehouse.json"
ORIGINS: Final = ("demo", "recorded", "live")
LAYERS: Final = ("bronze", "silver", "gold")
_TABLE = re.compile(r"([a-z]+)\.([a-z][a-z0-9_]*)")


def _s3_client() -> Any:
    from tapehouse.aws import client  # noqa: PLC0415 - boto3 takes a while, and a local lake needs none

    return client("s3")


def folder_of(uri: str | Path, *, what: str) -> Path | None:
    """The folder that a path or file:///… names, absolute; None for s3a://… and s3://…. ``what``: what it is to be.

    Raises TerminalError for a URI of another scheme.
    """
    text = str(uri)
    scheme = text.split(":", 1)[0].lower() if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", text) else ""
    if scheme not in ("", "file", "s3", "s3a"):
        raise TerminalError(f"{text}: {what} is a folder, file:///…, s3a://bucket/… or s3://bucket/….")
    if scheme.startswith("s3"):
        return None
    return (Path(unquote(urlsplit(text).path)) if scheme else Path(text).expanduser()).absolute()


class Lake:
    """Names of places in a lake, and its marker. Making one touches nothing.

    Raises TerminalError for a URI of another scheme.
    """

    def __init__(self, uri: str | Path, *, s3: Callable[[], Any] = _s3_client) -> None:
        self._s3 = s3
        folder = folder_of(uri, what="a lake")
        self.is_local = folder is not None
        # A plain path, also for file:///…: Hadoop does not decode %20 in a URI, so both spellings would differ.
        self.uri = str(uri).rstrip("/") if folder is None else str(folder)

    def __repr__(self) -> str:
        return f"Lake({self.uri!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lake) and other.uri == self.uri

    def __hash__(self) -> int:
        return hash(self.uri)

    @property
    def path(self) -> Path:
        """The folder of a local lake. Raises TerminalError for one on S3."""
        if not self.is_local:
            raise TerminalError(f"{self.uri} is on S3, and this needs a local lake: set LAKE to a folder.")
        return Path(self.uri)

    def table_uri(self, name: str) -> str:
        """Where ``silver.trades`` is. Raises TerminalError for a name of another form."""
        match = _TABLE.fullmatch(name)
        if not match or match[1] not in LAYERS:
            raise TerminalError(f"{name}: a table is named layer.name, as silver.trades; layers: {', '.join(LAYERS)}.")
        return f"{self.uri}/{match[1]}/{match[2]}"

    @property
    def landing_uri(self) -> str:
        """Where the Lambdas land what they fetch, unless a setting names another place."""
        return f"{self.uri}/_landing"

    def existing_tables(self) -> list[str]:
        """The names of the tables that are there, by layer, then name."""
        if self.is_local:
            logs = [p.parent for layer in LAYERS for p in sorted(self.path.glob(f"{layer}/*/_delta_log"))]
            return [f"{table.parent.name}.{table.name}" for table in logs]
        return [f"{layer}.{name}" for layer in LAYERS for name in self._s3_tables(layer)]

    def _s3_tables(self, layer: str) -> list[str]:
        """The tables of a layer on S3: prefixes that hold a Delta log."""
        s3, bucket = self._s3(), self._bucket
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=self._key(f"{layer}/"), Delimiter="/"
        )
        prefixes = [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]
        logged = [
            p for p in prefixes if s3.list_objects_v2(Bucket=bucket, Prefix=f"{p}_delta_log/", MaxKeys=1)["KeyCount"]
        ]
        return sorted(prefix.rstrip("/").rsplit("/", 1)[-1] for prefix in logged)

    @property
    def _bucket(self) -> str:
        return urlsplit(self.uri).netloc

    def _key(self, name: str) -> str:
        prefix = urlsplit(self.uri).path.strip("/")
        return f"{prefix}/{name}" if prefix else name

    def origin(self) -> str | None:
        """The lake's origin: demo, recorded or live; None where there is no marker.

        Raises TerminalError where the marker cannot be read.
        """
        text = self._read_marker()
        if text is None:
            return None
        try:
            found = json.loads(text)["origin"]
        except (ValueError, KeyError, TypeError):
            found = None
        if found not in ORIGINS:
            raise TerminalError(f"{self.uri}/{MARKER} cannot be read: restore it, or set LAKE to another place.")
        return str(found)

    def check_origin(self, origin: str, *, clock: Callable[[], float] = time.time) -> None:
        """Makes the lake's marker where there is none, and refuses a lake of another origin.

        Of two processes that open a new lake at once, the first decides. Raises TerminalError for another origin, and
        for a folder that holds something else.
        """
        found = self.origin()
        if found is None:
            self._refuse_foreign()
            self._write_marker({"version": 1, "origin": origin, "created_s": int(clock())})
            found = self.origin()
        if found != origin:
            raise TerminalError(
                f"{self.uri} holds {found} trades, and this run would add {origin} ones: set LAKE to another place, "
                f"or remove that lake."
            )

    def _refuse_foreign(self) -> None:
        """A folder that is somebody's documents never becomes a lake."""
        if not self.is_local or not self.path.exists():
            return
        if not self.path.is_dir():
            raise TerminalError(f"{self.uri} is not a folder: set LAKE to an empty or a new one.")
        foreign = [p.name for p in self.path.iterdir() if p.name not in LAYERS and not p.name.startswith(("_", "."))]
        if foreign:
            raise TerminalError(
                f"{self.uri} is no lake and not empty ({sorted(foreign)[0]}, …): set LAKE to an empty or a new folder."
            )

    def _read_marker(self) -> str | None:
        if self.is_local:
            try:
                return (self.path / MARKER).read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
            except (OSError, UnicodeDecodeError) as error:
                raise TerminalError(f"{self.uri}/{MARKER} cannot be read: {error}") from error
        s3 = self._s3()
        try:
            return str(s3.get_object(Bucket=self._bucket, Key=self._key(MARKER))["Body"].read(), "utf-8", "replace")
        except s3.exceptions.NoSuchKey:
            return None

    def _write_marker(self, content: dict[str, Any]) -> None:
        """Writes the marker unless somebody else just did."""
        text = json.dumps(content) + "\n"
        if not self.is_local:
            self._put_if_absent(text)
            return
        write_once(self.path / MARKER, text.encode())

    def _put_if_absent(self, text: str) -> None:
        s3 = self._s3()
        try:
            s3.put_object(Bucket=self._bucket, Key=self._key(MARKER), Body=text.encode(), IfNoneMatch="*")
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
