"""Confirmed trades a second, bytes and PUT units a trade: our sink and what else Python has, into one stream.

``python benchmarks/producer.py [--seconds 3] [--rounds 3]`` starts the embedded Kinesis as a process of its own, with
one stream of four shards and without a shard's limits. In each round every sender, a fresh process, puts trades of some
250 bytes in ten markets for as long as it is told; then the stream itself is read back: how many trades it gained, in
how many Kinesis records, of how many bytes, billed as how many PUT payload units (25 KB, each record rounded up). The
rate is the trades that the sender saw confirmed, to the last answer; *µs CPU* is what its process took of a core for
one, which other programs disturb less; *a record* are the trades that share one. Medians of the rounds.

Not comparable:

- Ours is given records and makes their JSON; the others are given the bytes. Ours keeps marks and retries; put_record,
  PutRecords and aws-kinesis-agg retry nothing here. aiokpl drops what it cannot send within its 30 s; here it never
  comes to that.
- aiokpl is told of no limits of a shard, as ours is. aws-kinesis-agg only makes aggregates (of the size of ours): the
  calls, in one thread, are this script's. *made only* sends nothing, so nothing is confirmed; compare
  its µs with the aggregates' below the table.
- aiokpl wants an older botocore than ours, so it runs by the interpreter of ``.venv-rivals``, which ``make bench``
  makes. Where it is not there, its row says so.
- All share the machine's cores with the server, and the server costs less a trade where more share a record. On AWS
  the network is slower than loopback: rates there are no more than these, and bytes and units the same.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from embedded.kinesis import Fault, KinesisServer
from producers.sink import KinesisSink, SinkConfig
from producers.sink.body import DirectPutRecords
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse import kpl
from tapehouse.record import Trade, encode, partition_key

STREAM: Final = "bench"
SHARDS: Final = 4
TRADES: Final = 20_000
"""Different ones; they come again and again."""
BATCH: Final = 500
UNIT_BYTES: Final = 25 * 1024
AGGREGATE_BYTES: Final = SinkConfig(stream=STREAM).aggregate_bytes
ROOT: Final = Path(__file__).resolve().parent.parent
RIVALS: Final = ROOT / ".venv-rivals" / "bin" / "python"
RIVAL: Final = ROOT / "benchmarks" / "rivals" / "aiokpl_sender.py"
MARKETS: Final = tuple(
    f"{base}-USD" for base in ("BTC", "ETH", "SOL", "ADA", "XRP", "DOT", "LTC", "LINK", "AVAX", "UNI")
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender saw confirmed, and what it took."""

    confirmed: int
    seconds: float
    core_s: float
    """Of its own process; the server's are not in it."""


class Watch:
    """Runs from the moment when a sender has its first batch."""

    def start(self) -> None:
        self._began, self._core = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def sent(self, confirmed: int) -> Sent:
        return Sent(confirmed, self.seconds, time.process_time() - self._core)


@dataclass(frozen=True, slots=True)
class Gain:
    """What a stream gained."""

    trades: int
    records: int
    bytes: int
    units: int


# -- the server -------------------------------------------------------------------------------------------------------


def _serve(journal: str, faults: tuple[Fault, ...], caller: Connection) -> None:
    with KinesisServer(journal=Path(journal)) as server:
        server.faults.add(*faults)
        caller.send(server.port)
        caller.recv()


@contextmanager
def embedded_kinesis(*faults: Fault) -> Iterator[int]:
    """The port of a server in a process of its own, with the stream in it."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = spawn.Process(target=_serve, args=(str(Path(folder) / "journal"), faults, its))
        process.start()
        try:
            port = int(ours.recv())
            client(port).create_stream(StreamName=STREAM, ShardCount=SHARDS)
            yield port
        finally:
            ours.send(None)
            process.join()


def client(port: int) -> Any:
    """A client that tries once."""
    return boto3.client(
        "kinesis",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
    )


def tips(port: int) -> dict[str, str]:
    """Shard → an iterator behind its last record."""
    kinesis = client(port)
    return {
        shard["ShardId"]: kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]
        for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]
    }


def gained(port: int, since: dict[str, str]) -> Gain:
    """What the stream has behind these iterators."""
    kinesis, gain = client(port), Gain(0, 0, 0, 0)
    for tip in since.values():
        iterator = tip
        while True:
            page = kinesis.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                size = len(record["Data"]) + len(record["PartitionKey"])
                trades = kpl.deaggregate(record["Data"])
                gain = Gain(
                    gain.trades + (1 if trades is None else len(trades)),
                    gain.records + 1,
                    gain.bytes + size,
                    gain.units - (-size // UNIT_BYTES),
                )
            if not page["MillisBehindLatest"]:
                break
            iterator = page["NextShardIterator"]
    return gain


def trades() -> list[Trade]:
    """Of ten markets in turn, without the names of people: some 250 bytes each."""
    source = SyntheticSource(SyntheticConfig(count=TRADES, start_us=1_760_000_000_000_000, symbols=MARKETS))
    return [replace(each, trader=None) for each in source.records(1_760_000_000_000_000) if isinstance(each, Trade)]


# -- the senders ------------------------------------------------------------------------------------------------------


def batches(watch: Watch, seconds: float, size: int) -> Iterator[list[Trade]]:
    """Batches of the trades, again and again, until the time is over; making them is not counted as the sender's."""
    found = trades()
    gc.collect()
    gc.freeze()  # the trades are this script's: the collector need not look at them
    watch.start()
    while True:
        for first in range(0, TRADES, size):
            yield found[first : first + size]
            if watch.seconds >= seconds:
                return


def ours(port: int, seconds: float) -> Sent:
    """The sink as it is by default, but for the limits of the shards."""
    config = SinkConfig(stream=STREAM, shard_bytes_per_s=0, shard_records_per_s=0)

    async def put() -> Sent:
        watch = Watch()
        async with KinesisSink(config, client(port)) as sink:
            for batch in batches(watch, seconds, BATCH):
                await sink.put_many(batch)
            await sink.flush()
            return watch.sent(sink.metrics().confirmed)

    return asyncio.run(put())


def aiokpl(port: int, seconds: float) -> Sent:
    """Its producer, by its own interpreter (see rivals/aiokpl_sender.py); it reads the same bytes from a file.

    Raises subprocess.CalledProcessError where it fails; what it says is on stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        records.write_bytes(b"".join(partition_key(each).encode() + b"\t" + encode(each) + b"\n" for each in trades()))
        command = [str(RIVALS), "-I", str(RIVAL), str(port), STREAM, str(records), str(seconds), str(BATCH)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return Sent(**json.loads(done.stdout))


def absent() -> dict[str, str]:
    """Senders that cannot run here → why not, and how to get them."""
    try:
        found = subprocess.run([str(RIVALS), "-I", "-c", "import aiokpl"], stderr=subprocess.DEVNULL, check=False)
    except OSError:
        found = None
    here = found is not None and found.returncode == 0
    return {} if here else {"aiokpl": "not installed: `make bench` brings it"}


def aws_kinesis_agg(port: int, seconds: float) -> Sent:
    """Its aggregator for each market, ten aggregates a call, and what PutRecords answers."""
    return _by_aggregator(seconds, client(port))


def aws_kinesis_agg_made_only(port: int, seconds: float) -> Sent:
    """Its aggregator for each market, and nothing is sent."""
    del port
    return _by_aggregator(seconds, None)


def _by_aggregator(seconds: float, kinesis: Any) -> Sent:
    from aws_kinesis_agg.aggregator import RecordAggregator

    aggregators = {f"synthetic:{market}": RecordAggregator(AGGREGATE_BYTES) for market in MARKETS}
    ready = [[(partition_key(each), encode(each)) for each in part] for part in _parts()]
    full: list[Any] = []
    confirmed, watch = 0, Watch()
    for number, _ in enumerate(batches(watch, seconds, BATCH)):
        for key, data in ready[number % len(ready)]:
            done = aggregators[key].add_user_record(key, data)
            if done is not None:
                full.append(done)
        if len(full) >= 10:
            confirmed += _put_aggregates(kinesis, full)
            full = []
    full += [left for left in (each.clear_and_get() for each in aggregators.values()) if left is not None]
    confirmed += _put_aggregates(kinesis, full)
    return watch.sent(confirmed)


def _put_aggregates(kinesis: Any, full: Sequence[Any]) -> int:
    made = [each.get_contents() for each in full]
    counts = [each.get_num_user_records() for each in full]
    if kinesis is None:
        return sum(counts)
    records = [{"Data": data, "PartitionKey": key} for key, _, data in made]
    answer = kinesis.put_records(StreamName=STREAM, Records=records)
    return sum(count for count, each in zip(counts, answer["Records"], strict=True) if "ErrorCode" not in each)


def put_records(port: int, seconds: float) -> Sent:
    """500 trades a call, and what it answers."""
    kinesis = client(port)
    ready = [[{"Data": encode(each), "PartitionKey": partition_key(each)} for each in part] for part in _parts()]
    confirmed, watch = 0, Watch()
    for number, _ in enumerate(batches(watch, seconds, BATCH)):
        answer = kinesis.put_records(StreamName=STREAM, Records=ready[number % len(ready)])
        confirmed += BATCH - int(answer["FailedRecordCount"])
    return watch.sent(confirmed)


def put_record(port: int, seconds: float) -> Sent:
    """A call a trade."""
    kinesis, confirmed, watch = client(port), 0, Watch()
    for (trade,) in batches(watch, seconds, 1):
        kinesis.put_record(StreamName=STREAM, Data=encode(trade), PartitionKey=partition_key(trade))
        confirmed += 1
    return watch.sent(confirmed)


def _parts() -> list[list[Trade]]:
    found = trades()
    return [found[first : first + BATCH] for first in range(0, TRADES, BATCH)]


SENDERS: Final[dict[str, Callable[[int, float], Sent]]] = {
    "tapehouse": ours,
    "aiokpl": aiokpl,
    "aws-kinesis-agg + boto3": aws_kinesis_agg,
    "aws-kinesis-agg, made only": aws_kinesis_agg_made_only,
    "PutRecords of 500": put_records,
    "put_record": put_record,
}


# -- what a trade costs us --------------------------------------------------------------------------------------------


def costs(port: int, seconds: float) -> dict[str, float]:
    """Steps → µs of one core a trade, in a process that does nothing else; the least of several tries."""
    del seconds
    found = trades()
    data = [encode(each) for each in found]
    key, part = "synthetic:BTC-USD", 400
    parts = [data[first : first + part] for first in range(0, TRADES, part)]
    requests = [{"Data": kpl.aggregate(key, each, "0"), "PartitionKey": key, "ExplicitHashKey": "0"} for each in parts]
    kinesis, direct = client(port), DirectPutRecords(client(port))
    gc.collect()
    gc.freeze()

    def least(work: Callable[[], object]) -> float:
        taken = []
        for _ in range(7):
            began = time.process_time()
            work()
            taken.append(time.process_time() - began)
        return min(taken) / TRADES * 1e6

    def put(sender: Any) -> None:
        for first in range(0, len(requests), 10):
            sender.put_records(StreamName=STREAM, Records=requests[first : first + 10])

    return {
        "a record's JSON": least(lambda: [encode(each) for each in found]),
        "aggregates": least(lambda: [kpl.aggregate(key, each, "0") for each in parts]),
        "PutRecords": least(lambda: put(direct)),
        "(all boto3's": least(lambda: put(kinesis)),
    }


def alone(work: Callable[[int, float], Any], port: int, seconds: float) -> Any:
    """What the work returns, done in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (port, seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="s a sender and round (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    options = parser.parse_args()
    missing = absent()
    senders = {name: sender for name, sender in SENDERS.items() if name not in missing}
    runs: dict[str, list[Sent]] = {name: [] for name in senders}
    gains: dict[str, Gain] = {}
    with embedded_kinesis() as port:
        for _ in range(options.rounds):
            for name, sender in senders.items():
                since = tips(port)
                done = alone(sender, port, options.seconds)
                runs[name].append(done)
                gains[name] = gained(port, since)
                if gains[name].trades not in (0, done.confirmed):
                    print(f"{name}: {done.confirmed:,} confirmed, the stream has {gains[name].trades:,}")
        steps = alone(costs, port, options.seconds)
    tell(runs, gains, steps, missing)


def tell(runs: dict[str, list[Sent]], gains: dict[str, Gain], steps: dict[str, float], missing: dict[str, str]) -> None:
    """Prints a row for every sender: its figures, or why there are none."""
    size = statistics.fmean(len(encode(each)) for each in trades())
    print(f"{os.cpu_count()} cores, server included; {size:.0f} bytes a trade")
    print(f"{'':<28}{'trades/s':>10}{'µs CPU':>8}{'bytes':>7}{'PUT units':>11}{'a record':>10}{'ours is':>9}")
    rates = {name: statistics.median(each.confirmed / each.seconds for each in done) for name, done in runs.items()}
    ours_cpu = 0.0
    for name in SENDERS:
        if name in missing:
            print(f"{name:<28}{missing[name]}")
            continue
        done, gain = runs[name], gains[name]
        cpu = statistics.median(each.core_s / each.confirmed * 1e6 for each in done)
        ours_cpu = ours_cpu or cpu
        shape = f"{'-':>7}{'-':>11}{'-':>10}"
        if gain.trades:
            each = gain.trades
            shape = f"{gain.bytes / each:>7.0f}{gain.units / each:>11.4f}{each / gain.records:>10.1f}"
        ratio = f"{rates['tapehouse'] / rates[name]:>8.1f}x" if gain.trades else f"{'-':>9}"
        print(f"{name:<28}{rates[name]:>10,.0f}{cpu:>8.2f}{shape}{ratio}")
    made = steps["a record's JSON"] + steps["aggregates"]
    print(f"\nOne core alone: {', '.join(f'{name} {cost:.2f} µs' for name, cost in steps.items())}) a trade.")
    print(
        f"Records become aggregates at {1e6 / made:,.0f} a second and core, JSON at {1e6 / steps['aggregates']:,.0f}."
    )
    print(f"What bounds us: one interpreter lock, {ours_cpu:.2f} µs a trade, and the server beside it.")


if __name__ == "__main__":
    main()
