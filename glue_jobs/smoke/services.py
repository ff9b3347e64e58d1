"""Kinesis and Glue: the calls that the role must allow, and what Glue made of the jobs."""

import os
from typing import Any

from glue_jobs.smoke.bench import Bench
from glue_jobs.smoke.check import NotHereError, Seen


def stream(bench: Bench) -> Seen:
    """DescribeStreamSummary, ListShards, GetShardIterator, GetRecords: what bronze asks, one shard once."""
    _reached("AWS_ENDPOINT_URL_KINESIS", bench)
    kinesis, name = bench.client("kinesis"), bench.stream_name
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    shards = kinesis.list_shards(StreamName=name)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    answer = kinesis.get_records(ShardIterator=iterator, Limit=1)
    is_whole = "MillisBehindLatest" in answer
    told = f"{summary['StreamStatus']}, {len(shards)} shards, kept {summary['RetentionPeriodHours']} h"
    return Seen(told if is_whole else f"{told}, and no MillisBehindLatest", differs=not is_whole)


def stream_job(bench: Bench) -> Seen:
    """The stream job is not ended by a time-out that nobody set, and runs once at a time."""
    if bench.glue_name is None:
        raise NotHereError("no Glue runs this")
    name = f"{bench.glue_name.rpartition('-')[0]}-stream"
    job: dict[str, Any] = bench.client("glue").get_job(JobName=name)["Job"]
    found = {
        "Timeout": job.get("Timeout"),
        "MaxConcurrentRuns": job.get("ExecutionProperty", {}).get("MaxConcurrentRuns"),
        "GlueVersion": job.get("GlueVersion"),
        "Command": job.get("Command", {}).get("Name"),
    }
    due = {"MaxConcurrentRuns": 1, "GlueVersion": "6.0", "Command": "gluestreaming"}
    differs = bool(found["Timeout"]) or any(found[each] != value for each, value in due.items())
    return Seen(f"{name}: {', '.join(f'{each} {value}' for each, value in found.items())}", differs=differs)


def _reached(variable: str, bench: Bench) -> None:
    """At home nothing reaches AWS: a stream is there only where an endpoint is named."""
    if bench.glue_name is None and not os.environ.get(variable):
        raise NotHereError("no stream is up")
