"""The sink at full rate for minutes, a tenth of everything throttled: does it keep its memory?

``python benchmarks/soak.py [--seconds 60] [--throttled 0.1]`` puts synthetic trades as fast as the sink takes them into
the embedded Kinesis, a process of its own that throttles a share of the entries and now and then loses an answer.
Prints the resident memory of the producing process at intervals, and compares the halves: the first tenth, in which
buffers and pools fill, belongs to neither. Ends with 1 where the second half's mean is more than a tenth above the
first's, or anything put was not confirmed.
"""

import argparse
import asyncio
import logging
import statistics
import sys
import time
from pathlib import Path

from producer import STREAM, client, embedded_kinesis  # type: ignore[import-not-found] # beside this script

from embedded.kinesis import Fault
from producers.sink import KinesisSink, SinkConfig
from producers.synthetic import SyntheticConfig, SyntheticSource

LINES = 20


def resident_mib() -> float:
    """Linux tells it by the page; elsewhere nothing does without another library."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


async def soak(port: int, seconds: float) -> list[float]:
    """Resident MiB at regular times."""
    config = SinkConfig(stream=STREAM, shard_bytes_per_s=0, shard_records_per_s=0)
    sink = KinesisSink(config, client(port))
    seen: list[float] = []

    async def watch() -> None:
        began, before = time.monotonic(), 0
        print(f"{'s':>5}{'MiB':>8}{'trades/s':>11}{'throttled':>12}{'waiting':>9}")
        while True:
            await asyncio.sleep(seconds / 200)
            seen.append(resident_mib())
            if len(seen) % (200 // LINES) == 0:
                now, past_s = sink.metrics(), time.monotonic() - began
                rate = (now.confirmed - before) / (seconds / LINES)
                before = now.confirmed
                print(f"{past_s:>5.0f}{seen[-1]:>8.1f}{rate:>11,.0f}{now.throttled:>12,}{now.buffered:>9,}", flush=True)

    watching = asyncio.create_task(watch())
    ends = time.monotonic() + seconds
    async for batch in SyntheticSource(SyntheticConfig()):
        await sink.put_many(batch)
        if time.monotonic() >= ends:
            break
    watching.cancel()
    await sink.flush()
    done = sink.metrics()
    await sink.close()
    print(
        f"{done.confirmed:,} confirmed of {done.put:,} put, {done.throttled:,} throttled, {done.retried:,} sent again"
    )
    if done.confirmed != done.put:
        raise SystemExit("Something put was not confirmed.")
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="(default 60)")
    parser.add_argument("--throttled", type=float, default=0.1, help="share of the entries (default 0.1)")
    options = parser.parse_args()
    faults = (
        Fault(kind="fail_records", share=options.throttled, code="ProvisionedThroughputExceededException"),
        Fault(kind="lose_answers", share=0.01, operations=("PutRecords",)),
    )
    logging.getLogger("producers").setLevel(logging.ERROR)  # each lost answer is a warning
    with embedded_kinesis(*faults) as port:
        seen = asyncio.run(soak(port, options.seconds))
    steady = seen[len(seen) // 10 :]
    first, second = steady[: len(steady) // 2], steady[len(steady) // 2 :]
    ratio = statistics.fmean(second) / statistics.fmean(first)
    print(f"first half {statistics.fmean(first):.1f} MiB, second half {statistics.fmean(second):.1f} MiB: {ratio:.3f}")
    return 0 if ratio <= 1.1 else 1


if __name__ == "__main__":
    sys.exit(main())
