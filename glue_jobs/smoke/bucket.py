"""S3: conditional writes, every call that the code makes, and the clock."""

from typing import Any, Final

from botocore.exceptions import ClientError

from glue_jobs.engine.places import place
from glue_jobs.smoke.bench import Bench
from glue_jobs.smoke.check import NotHereError, Seen

MOST_APART_S: Final = 60.0
"""Vacuum takes two writers' clocks to be within a minute."""
LARGE_BYTES: Final = 11 * 1024 * 1024
"""Arrow uploads this in parts, of which each must be allowed."""
_REFUSED: Final = ("PreconditionFailed", "ConditionalRequestConflict")


def _key(bench: Bench, name: str) -> dict[str, str]:
    if bench.lake.is_local:
        raise NotHereError("the lake is a folder")
    bucket, _, key = bench.place.path(name).partition("/")
    return {"Bucket": bucket, "Key": key}


def _is_refused(put: Any, **words: Any) -> bool:
    try:
        put(**words)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _REFUSED:
            raise
        return True
    return False


def put_if_none(bench: Bench) -> Seen:
    """``If-None-Match: *``: of two that put one name, one does. Commits by the protocol and leases stand on it."""
    at, s3 = _key(bench, "if-none"), bench.client("s3")
    first = _is_refused(s3.put_object, **at, Body=b"1", IfNoneMatch="*")
    second = _is_refused(s3.put_object, **at, Body=b"2", IfNoneMatch="*")
    held = s3.get_object(**at)["Body"].read()
    told = f"first {'refused' if first else 'put'}, second {'refused' if second else 'put'}, there is {held!r}"
    return Seen(told, differs=first or not second or held != b"1")


def put_if_match(bench: Bench) -> Seen:
    """``If-Match``: who read an older object does not overwrite a newer one. Leases are renewed and stolen by it."""
    at, s3 = _key(bench, "if-match"), bench.client("s3")
    old = s3.put_object(**at, Body=b"1")["ETag"]
    renewed = not _is_refused(s3.put_object, **at, Body=b"2", IfMatch=old)
    stale = _is_refused(s3.put_object, **at, Body=b"3", IfMatch=old)
    held = s3.get_object(**at)["Body"].read()
    told = f"by its tag {'put' if renewed else 'refused'}, by an old one {'refused' if stale else 'put'}"
    return Seen(f"{told}, there is {held!r}", differs=not renewed or not stale or held != b"2")


def calls(bench: Bench) -> Seen:
    """Put, put in parts, get, list, delete, delete many: what the role must allow below the lake."""
    _key(bench, "")
    at, done = bench.place, []
    for name, size in (("small", 1), ("folder/large", LARGE_BYTES)):
        at.write(name, b"x" * size)
        done.append(f"put {size} bytes")
    found = sorted(each.size for each in at.listing(recursive=True) if each.path in ("small", "folder/large"))
    read = len(at.read("small"))
    at.delete("small")
    at.delete_all(["folder/large", "folder/none"])
    left = [each.path for each in at.listing(recursive=True) if each.path in ("small", "folder/large")]
    told = f"{', '.join(done)}; listed {found}; read {read}; after deleting {left}"
    return Seen(told, differs=found != [1, LARGE_BYTES] or read != 1 or bool(left))


def scheme(bench: Bench) -> Seen:
    """What Arrow writes at the lake's s3:// or s3a://, Spark reads there: both are S3A, on Glue as at home."""
    _key(bench, "")
    bench.place.write("texts/one.txt", b"of Arrow\n")
    rows = [row[0] for row in bench.scratch.spark.read.text(f"{bench.scratch.lake.uri}/texts").collect()]
    return Seen(f"Spark read {rows} at {bench.lake.uri.partition(':')[0]}://", differs=rows != ["of Arrow"])


def clock(bench: Bench) -> Seen:
    """What is old enough to be removed is judged by this clock, and written by that of S3."""
    at, s3 = _key(bench, "clock"), bench.client("s3")
    before = bench.clock()
    s3.put_object(**at, Body=b"1")
    apart = s3.head_object(**at)["LastModified"].timestamp() - before
    return Seen(f"S3's clock is {apart:+.1f} s from ours", differs=abs(apart) > MOST_APART_S)


def marker(bench: Bench) -> Seen:
    """The lake is one: its marker says whose trades it holds."""
    origin = bench.lake.origin()
    names = place(bench.lake.uri).names("")
    return Seen(f"origin {origin}, {len(names)} files beside the marker", differs=origin is None)
