"""The confirmed sink: records into Kinesis as KPL aggregates, each confirmed or reported as unconfirmed."""

from producers.sink.config import SinkConfig
from producers.sink.errors import RecordsRefusedError, SinkClosedError, UnconfirmedError
from producers.sink.metrics import Metrics
from producers.sink.sender import PutRecordsClient
from producers.sink.sink import KinesisSink
from producers.sink.watermark import Mark

__all__ = [
    "KinesisSink",
    "Mark",
    "Metrics",
    "PutRecordsClient",
    "RecordsRefusedError",
    "SinkClosedError",
    "SinkConfig",
    "UnconfirmedError",
]
