"""Puts records by aiokpl until the time is over, and prints what was confirmed: a part of ``benchmarks/producer.py``.

``.venv-rivals/bin/python benchmarks/rivals/aiokpl_sender.py PORT STREAM RECORDS SECONDS BATCH`` runs where nothing of
the project is installed, so it takes the records as a file: a line each of its partition key, a tab, its bytes. Printed
is one JSON object: *confirmed* records, *seconds* to the last answer, *core_s* this process took. Making the records
ready is in none of them.
"""

import argparse
import asyncio
import gc
import json
import time
from pathlib import Path
from typing import Any

import aiokpl


def ready(path: Path) -> list[tuple[str, bytes]]:
    """The records of the file, as (partition key, bytes)."""
    pairs = (line.split(b"\t", 1) for line in path.read_bytes().splitlines())
    return [(key.decode(), data) for key, data in pairs]


async def put(port: int, stream: str, found: list[tuple[str, bytes]], seconds: float, batch: int) -> dict[str, float]:
    """Its producer as it is by default, but for the limits of the shards; every outcome is waited for and counted."""
    config = aiokpl.Config(
        region="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        rate_limit_bytes_per_sec_per_shard=1e12,
        rate_limit_records_per_sec_per_shard=1e9,
    )
    outcomes: list[Any] = []
    async with aiokpl.Producer(config) as producer:
        gc.collect()
        gc.freeze()  # the records are this script's: the collector need not look at them
        began, core, first = time.perf_counter(), time.process_time(), 0
        while not outcomes or time.perf_counter() - began < seconds:
            for key, data in found[first : first + batch]:
                outcomes.append(await producer.put_record(stream=stream, partition_key=key, data=data))
            first = (first + batch) % len(found)
        await producer.flush()
        confirmed = sum([(await outcome.wait()).success for outcome in outcomes])
        return {
            "confirmed": confirmed,
            "seconds": time.perf_counter() - began,
            "core_s": time.process_time() - core,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("stream")
    parser.add_argument("records", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("batch", type=int)
    options = parser.parse_args()
    records = ready(options.records)
    print(json.dumps(asyncio.run(put(options.port, options.stream, records, options.seconds, options.batch))))


if __name__ == "__main__":
    main()
