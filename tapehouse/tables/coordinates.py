"""The coordinates of a record in its stream: what tells two records apart however often either is read."""

from typing import Final

from tapehouse.tables.model import Column

COORDINATES: Final = (
    Column("stream_name", "STRING", "Kinesis stream that the record was read from", nullable=False),
    Column(
        "stream_created_at",
        "TIMESTAMP",
        "creation time of that stream, UTC: a stream deleted and made again is another one",
        nullable=False,
    ),
    Column("shard_id", "STRING", "shard of the stream", nullable=False),
    Column("sequence_number", "STRING", "Kinesis sequence number: decimal digits, compare as integers", nullable=False),
    Column(
        "sub_sequence_number",
        "INT",
        "position inside a KPL aggregate, from 0; 0 for a plain record",
        nullable=False,
    ),
)
COORDINATE_NAMES: Final = tuple(column.name for column in COORDINATES)
