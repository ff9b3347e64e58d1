"""KPL aggregates both ways and PutRecords' body: ours beside the libraries', in MB/s and µs of one core.

``python benchmarks/encoding.py [--tries 7]``. Trades of some 250 bytes, one market an aggregate of up to 100 KB, as the
sink makes them. Time is the process' own on a core, the least of the tries: other programs disturb it little. Nothing
is sent: boto3's request is answered before it reaches a socket.

*protobuf* is what aws-kinesis-agg stands on: the generated classes of its schema, with the same magic and checksum
around. Not comparable: aws-kinesis-agg's aggregator takes one record at a time and watches the size; its deaggregator
gives Lambda's dictionaries, data in base64 again. Both directions are checked against ours first.
"""

import argparse
import base64
import hashlib
import io
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import boto3
from aws_kinesis_agg import MAGIC, aggregator, deaggregator
from botocore.awsrequest import AWSResponse

from producers.sink.body import DirectPutRecords, body
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse import kpl
from tapehouse.record import Trade, encode

AGGREGATE: Final = 400
"""Trades that share one: some 100 KB."""
AGGREGATES: Final = 40
KEY: Final = "synthetic:BTC-USD"
HASH_KEY: Final = "0"
ANSWER: Final = b'{"FailedRecordCount":0,"Records":[]}'


def payloads() -> list[bytes]:
    """The bytes of trades."""
    start_us = 1_760_000_000_000_000
    source = SyntheticSource(SyntheticConfig(count=AGGREGATE * AGGREGATES, start_us=start_us))
    return [encode(each) for each in source.records(start_us) if isinstance(each, Trade)]


def by_protobuf(data: Sequence[bytes]) -> bytes:
    """The same aggregate, by the generated classes."""
    message = aggregator.messages_pb2.AggregatedRecord()
    message.partition_key_table.append(KEY)
    message.explicit_hash_key_table.append(HASH_KEY)
    for each in data:
        message.records.add(partition_key_index=0, explicit_hash_key_index=0, data=each)
    text = message.SerializeToString()
    return bytes(MAGIC + text + hashlib.md5(text).digest())


def protobuf_records(aggregate: bytes) -> list[tuple[str, bytes]]:
    """(partition key, data) of an aggregate's records, checked, by the generated classes."""
    text = aggregate[4:-16]
    if hashlib.md5(text).digest() != aggregate[-16:]:
        raise ValueError("the checksum is wrong")
    message = aggregator.messages_pb2.AggregatedRecord.FromString(text)
    keys = message.partition_key_table
    return [(keys[each.partition_key_index], each.data) for each in message.records]


def by_aggregator(data: Sequence[bytes]) -> bytes:
    """The same by aws-kinesis-agg."""
    growing = aggregator.RecordAggregator()
    for each in data:
        growing.add_user_record(KEY, each, HASH_KEY)
    return bytes(growing.clear_and_get().get_contents()[2])


def by_deaggregator(aggregate: bytes) -> list[tuple[str, bytes]]:
    """(partition key, data) by aws-kinesis-agg."""
    record = {
        "kinesis": {
            **{"kinesisSchemaVersion": "1.0", "sequenceNumber": "1", "approximateArrivalTimestamp": 1.0},
            **{"partitionKey": KEY, "data": base64.b64encode(aggregate)},
        }
    }
    return [
        (each["kinesis"]["partitionKey"], base64.b64decode(each["kinesis"]["data"]))
        for each in deaggregator.deaggregate_records([record])
    ]


def ours_records(aggregate: bytes) -> list[tuple[str, bytes]]:
    return [(each.partition_key, each.data) for each in kpl.deaggregate(aggregate) or []]


def least_s(work: Callable[[], object], tries: int) -> float:
    """Seconds of a core."""
    taken = []
    for _ in range(tries):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


class _Answered(io.BytesIO):
    def stream(self) -> Any:
        return iter([self.getvalue()])


def deaf_client() -> Any:
    """A client of boto3 whose requests are made and signed, and answered before they are sent."""
    kinesis = boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {}, _Answered(ANSWER))

    kinesis.meta.events.register("before-send.kinesis.PutRecords", answer)
    return kinesis


def aggregation(tries: int) -> None:
    data = payloads()
    parts = [data[first : first + AGGREGATE] for first in range(0, len(data), AGGREGATE)]
    made = [kpl.aggregate(KEY, part, HASH_KEY) for part in parts]
    assert [by_aggregator(part) for part in parts] == made
    assert [by_protobuf(part) for part in parts] == made
    assert [by_deaggregator(each) for each in made] == [ours_records(each) for each in made]
    megabytes = sum(map(len, data)) / 1e6
    print(f"{'MB/s of a core':<28}{'make':>8}{'take apart':>12}")
    ways: dict[str, tuple[Callable[[Sequence[bytes]], bytes], Callable[[bytes], object]]] = {
        "tapehouse.kpl": (lambda part: kpl.aggregate(KEY, part, HASH_KEY), kpl.deaggregate),
        "protobuf": (by_protobuf, protobuf_records),
        "aws-kinesis-agg": (by_aggregator, by_deaggregator),
    }
    for name, (make, take) in ways.items():
        there = least_s(lambda make=make: [make(part) for part in parts], tries)  # type: ignore[misc]
        back = least_s(lambda take=take: [take(each) for each in made], tries)  # type: ignore[misc]
        print(f"{name:<28}{megabytes / there:>8.0f}{megabytes / back:>12.0f}")


def put_records(tries: int) -> None:
    calls = {
        "10 aggregates of 100 KB": [{"Data": os.urandom(100_000), "PartitionKey": KEY} for _ in range(10)],
        "500 records of 250 bytes": [{"Data": os.urandom(250), "PartitionKey": KEY} for _ in range(500)],
    }
    kinesis, ours = deaf_client(), DirectPutRecords(deaf_client())
    model = kinesis.meta.service_model.operation_model("PutRecords")
    rounds = 10

    def repeated(call: Callable[[], object]) -> Callable[[], object]:
        return lambda: [call() for _ in range(rounds)]

    print(f"\n{'µs of a core a PutRecords':<28}{'body':>8}{'boto3':>8}{'call':>8}{'boto3':>8}")
    for name, records in calls.items():
        words = {"StreamName": "trades", "Records": records}
        work: list[Callable[[], object]] = [
            lambda records=records: body("trades", records),  # type: ignore[misc]
            lambda words=words: kinesis._serializer.serialize_to_request(words, model),  # type: ignore[misc]
            lambda words=words: ours.put_records(**words),  # type: ignore[misc]
            lambda words=words: kinesis.put_records(**words),  # type: ignore[misc]
        ]
        costs = [least_s(repeated(each), tries) / rounds * 1e6 for each in work]
        print(f"{name:<28}" + "".join(f"{cost:>8,.0f}" for cost in costs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=7, help="(default 7)")
    options = parser.parse_args()
    aggregation(options.tries)
    put_records(options.tries)


if __name__ == "__main__":
    main()
