"""The limits of Kinesis that more than one room keeps. Imports nothing: the embedded Kinesis starts without botocore.

Source: "Quotas and limits" of the Kinesis developer guide; the API reference of the operations named.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

RECORD_BYTES: Final = MIB
"""Most of one record, data and partition key, by default (MaxRecordSizeInKiB raises it to 10 MiB)."""
KEY_CHARS: Final = 256
"""Most of a partition key."""
PUT_RECORDS_ENTRIES: Final = 500
"""Most entries of one PutRecords call."""
PUT_RECORDS_BYTES: Final = 10 * MIB
"""Most of one PutRecords call: data and partition keys."""
PUT_UNIT_BYTES: Final = 25 * KIB
"""A PUT payload unit: what a provisioned stream bills, each record rounded up. Source: Kinesis pricing page."""
GET_RECORDS_LIMIT: Final = 10_000
"""Most records that one GetRecords gives."""
GET_RECORDS_BYTES: Final = 10 * MIB
"""Most bytes that one GetRecords gives; so many block the shard's next five seconds."""
SHARD_RECORDS_PER_S: Final = 1_000
"""Records that a shard takes in."""
SHARD_BYTES_PER_S: Final = 1_000_000
"""Bytes that a shard takes in, read strictly: the guide says 1 MB, and who sends keeps to the smaller megabyte."""
READS_PER_S: Final = 5
"""GetRecords calls that a shard answers, of all its readers."""
READ_BYTES_PER_S: Final = 2_000_000
"""Bytes that a shard gives to its readers, read strictly."""
