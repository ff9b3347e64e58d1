"""How many requests the pipeline makes of S3, and how many bytes it leaves there: what `scripts/cost.py` reckons with.

A lake on emulated S3, the embedded Kinesis, real Spark through s3a. ``--passes`` passes with ``--trades`` new trades
each (the first ones, which make the tables, are not counted), then as many without anything new. Counted is what the
emulator's own log says, by what AWS bills: writes (PUT, COPY, POST and listings), reads (GET, HEAD); DELETE is free.
Seconds are not printed: the emulator's say nothing of AWS.
"""

import argparse
import os
import re
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from refresh import put, trades  # type: ignore[import-not-found] # beside this script

from embedded import Stack
from glue_jobs.engine import DELTA_PACKAGES, S3A_PACKAGES, build_session
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.lake import Lake

BUCKET = "requests"
WARM_UP = 3
_LINE = re.compile(r'"(?:\x1b\[[0-9;]*m)*([A-Z]+) (\S+) HTTP')


def counted(log: str) -> Counter[str]:
    """Requests by what AWS bills them as: write, read, free."""
    found: Counter[str] = Counter()
    for method, path in _LINE.findall(log):
        if not path.startswith(f"/{BUCKET}"):
            continue
        listing = method == "GET" and ("list-type" in path or "prefix=" in path)
        kind = "free" if method == "DELETE" else "write" if listing or method in ("PUT", "POST") else "read"
        found[kind] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trades", type=int, default=600)
    parser.add_argument("--passes", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "_aws")
        stack.up()
        os.environ.update(stack.environment())
        try:
            measure(stack, options.trades, options.passes)
        finally:
            stack.down()


def measure(stack: Stack, count: int, passes: int) -> None:
    aws.client("s3").create_bucket(Bucket=BUCKET)
    client = aws.client("kinesis")
    client.create_stream(StreamName="trades", ShardCount=2)
    endpoint = stack.endpoint("aws")
    spark = build_session(
        app_name="tapehouse-requests",
        packages=(*DELTA_PACKAGES, *S3A_PACKAGES),
        extra_conf={
            "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "spark.hadoop.fs.s3a.endpoint": endpoint,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        },
    )
    refresh = Refresh(spark, Lake(f"s3a://{BUCKET}/lake"), pipeline(Options(client=client)))
    start_us = time.time_ns() // 1000 - 3_600_000_000
    log, done = stack.log_path("aws"), 0
    for name, news in (("with trades", count), ("without", 0)):
        found: list[Counter[str]] = []
        for number in range(passes + WARM_UP):
            put(client, trades(done, news, start_us))
            done += news
            before = log.stat().st_size
            refresh.once()
            if number >= WARM_UP:
                found.append(counted(log.read_text(errors="replace")[before:]))
        told = (f"{kind} {statistics.mean(each[kind] for each in found):.1f}" for kind in ("write", "read", "free"))
        print(f"a pass {name}: {', '.join(told)} requests", flush=True)
    spark.stop()
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    size = sum(each["Size"] for page in pages for each in page.get("Contents", ()))
    print(f"{done:,} trades: {size / done:,.0f} bytes each in the bucket, small files and logs among them")


if __name__ == "__main__":
    main()
