"""The file of tasks, from a path or a bucket. It is read anew each time: a change needs no new deployment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from lambdas.crawler.loader import PlaceOf, TaskFileError, load
from lambdas.crawler.model import Tasks
from tapehouse.strict_yaml import MOST_BYTES

_ABSENT: Final = ("NoSuchKey", "NoSuchBucket", "404")


class GetsObjects(Protocol):
    """boto3's client of S3, as far as it is used."""

    exceptions: Any

    def get_object(self, **words: Any) -> Any: ...


def read(uri: str, *, place: PlaceOf, s3: Callable[[], GetsObjects]) -> Tasks:
    """The tasks of ``uri``: a path, or s3://bucket/key. Raises TaskFileError; AWS' other errors pass through."""
    return load(_content(uri, s3), where=uri, place=place)


def _content(uri: str, s3: Callable[[], GetsObjects]) -> bytes:
    parts = urlsplit(uri)
    if parts.scheme in ("s3", "s3a"):
        client = s3()
        try:
            body = client.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"]
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            raise TaskFileError(uri, ["it is not there"]) from error
        content: bytes = body.read(MOST_BYTES + 1)
        return content
    try:
        with Path(uri).expanduser().open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise TaskFileError(uri, [f"it cannot be read ({type(error).__name__})"]) from error
