"""Objects of a bucket that are written on a condition: where none is yet, or in the place of the one that was read.

S3 decides such a race itself, whoever was paused between a look and a write: a plain PUT, of pyarrow's or of Spark's,
lets the last one win without a word. *Source*: S3 user guide, "How to prevent object overwrites with conditional
writes": 412 where the condition does not hold, 409 where another request is at the same object just then (try again),
404 where the object that was to be replaced is gone.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from tapehouse import aws
from tapehouse.backoff import Backoff
from tapehouse.errors import TerminalError, TransientError
from tapehouse.kinesis import ERRORS, code_of, detail_of, passes

_TAKEN: Final = ("PreconditionFailed", "412")
_BUSY: Final = ("ConditionalRequestConflict", "409")
_GONE: Final = ("NoSuchKey", "404")
_TRIES: Final = 5
"""Of one write while others are at the same object."""
_WHILE_BUSY: Final = Backoff(base_s=0.05, cap_s=0.8)


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it was read."""

    content: bytes
    etag: str
    """S3's name for this content at this key; every write that changes the content changes it."""


class Conditional(Protocol):
    """What a lease needs of a bucket."""

    def get(self, name: str) -> Found | None: ...

    def put(self, name: str, content: bytes, *, replaces: str | None) -> str | None: ...


class Objects:
    """Those below an s3:// or s3a:// prefix."""

    def __init__(
        self,
        uri: str,
        *,
        client: Callable[[], Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        parts = urlsplit(uri)
        self._uri, self._bucket, self._prefix = uri.rstrip("/"), parts.netloc, parts.path.strip("/")
        self._client, self._sleep, self._dice = client or _client_now, sleep, dice

    def get(self, name: str) -> Found | None:
        """The object now, by a strongly consistent read; None where there is none.

        Raises:
            LakehouseError: Transient where S3 cannot be asked now, Terminal where it will not answer.
        """
        try:
            answer = self._client().get_object(Bucket=self._bucket, Key=self._key(name))
            return Found(answer["Body"].read(), str(answer["ETag"]))
        except ERRORS as error:
            if code_of(error) in _GONE:
                return None
            raise self._judged(error, name, "read") from error

    def put(self, name: str, content: bytes, *, replaces: str | None) -> str | None:
        """Write in the place of the object with that ETag, or, None, where no object is; the new ETag.

        None where the condition does not hold: nothing was written. No two writers may write the same content: an
        answer that got lost is told by it from another's write.

        Raises:
            LakehouseError: Transient where S3 cannot be asked now, and it may have been written; Terminal where S3
                refuses.
        """
        condition = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces}
        for tried in range(1, _TRIES + 1):
            try:
                told = self._client().put_object(
                    Bucket=self._bucket, Key=self._key(name), Body=content, ContentType="application/json", **condition
                )
                return str(told["ETag"])
            except ERRORS as error:
                code = code_of(error)
                if code in _GONE and replaces is not None:
                    return None
                if code not in (*_TAKEN, *_BUSY):
                    raise self._judged(error, name, "written") from error
            # The client itself tries again where an answer got lost: then what is there may be ours.
            there = self.get(name)
            if there is not None and there.content == content:
                return there.etag
            if code in _TAKEN:
                return None
            self._sleep(_WHILE_BUSY.wait_s(tried, self._dice()))
        raise TransientError(f"{self._uri}/{name}: others wrote it at the same time again and again; try again later")

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _judged(self, error: Exception, name: str, done: str) -> TransientError | TerminalError:
        said = f"{self._uri}/{name} could not be {done}: {code_of(error)}: {detail_of(error)}"
        if passes(error):
            return TransientError(said)
        return TerminalError(
            f"{said}. Check that the bucket is there and that s3:GetObject, s3:PutObject and s3:ListBucket are allowed."
        )


def _client_now() -> Any:
    """One a process for each endpoint: to make one costs more than a request."""
    return _client(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))


@lru_cache(maxsize=4)
def _client(endpoint: str | None) -> Any:
    return aws.client("s3", endpoint_url=endpoint, max_attempts=3, connect_timeout_s=3, read_timeout_s=10)
