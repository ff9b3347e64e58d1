"""One PutRecords call: what to send, and what its answer or its failure means. Retries nothing itself.

============================================  ==========================================================
what happened                                 what it means
============================================  ==========================================================
HTTP 200, an entry with an ErrorCode          that entry is to be sent again
an answer that does not name each entry       all are to be sent again, and may come to be there twice
an error that passes (``tapehouse.kinesis``)  the same: ``CallFailedError``
any other                                     nothing will help: ``StreamRefusedError``
============================================  ==========================================================

Source: PutRecords in the Kinesis API reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from producers.sink.packing import Entry
from tapehouse.kinesis import ERRORS, CallFailedError, judged

OPERATION: Final = "PutRecords"


class PutRecordsClient(Protocol):
    """The one call that the sink makes; boto3's Kinesis client has it."""

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        """Kinesis PutRecords."""


def send(client: PutRecordsClient, stream: str, entries: Sequence[Entry]) -> list[str | None]:
    """Make the call; for each entry its error code, or None where Kinesis has it and the entry knows in which shard.

    Blocks its thread; aggregates become bytes here. Raises ``CallFailedError`` and ``StreamRefusedError``.
    """
    try:
        answer = client.put_records(StreamName=stream, Records=[entry.request() for entry in entries])
    except ERRORS as error:
        raise judged(stream, OPERATION, error) from error
    results = answer.get("Records")
    if not isinstance(results, list) or len(results) != len(entries):
        detail = f"{len(entries)} entries sent, the answer does not name as many"
        raise CallFailedError(stream, OPERATION, "ShortAnswer", detail)
    for entry, result in zip(entries, results, strict=True):
        entry.stored_in = result.get("ShardId")
    return [result.get("ErrorCode") for result in results]
