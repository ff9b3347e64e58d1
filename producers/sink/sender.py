"""One PutRecords call: what to send, and what its answer or its failure means. Retries nothing itself.

===========================================================  ==========================================
what happened                                                what it means
===========================================================  ==========================================
HTTP 200, an entry with an ErrorCode                         that entry is to be sent again
throttle (whole call), 5xx, 429                              the whole call is to be sent again
connection refused or dropped, timeout, answer cut or short  the same; entries may come to be there twice
no such stream, no right, other 4xx, no credentials          nothing will help: ``StreamRefusedError``
===========================================================  ==========================================

Source: PutRecords in the Kinesis API reference; botocore's exception classes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from producers.sink.packing import Entry
from tapehouse.errors import TerminalError, TransientError

THROTTLES: Final = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_PASSING: Final = THROTTLES | {"InternalFailure", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable"}
_DROPPED: Final = (
    BotoConnectionError,
    CredentialRetrievalError,  # a role's credentials are renewed all day; one failed renewal passes
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    ResponseStreamingError,
    OSError,
)
_REMEDIES: Final = {
    "ResourceNotFoundException": "Create the stream or mend its name, then start again.",
    "AccessDeniedException": "Give the producer's role kinesis:PutRecords on it (and kms:GenerateDataKey on its key).",
    "ValidationException": "The request breaks a rule of Kinesis: compare the sink's limits with the stream's.",
    "InvalidArgumentException": "The request breaks a rule of Kinesis: compare the sink's limits with the stream's.",
    "ExpiredTokenException": "The credentials have expired: renew them and start again.",
}


class PutRecordsClient(Protocol):
    """The one call that the sink makes; boto3's Kinesis client has it."""

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        """Kinesis PutRecords."""


class StreamRefusedError(TerminalError):
    """Kinesis will never take this call."""

    def __init__(self, stream: str, code: str, detail: str, unconfirmed: int | None = None) -> None:
        super().__init__(stream, code, detail, unconfirmed)
        self.stream, self.code, self.detail, self.unconfirmed = stream, code, detail, unconfirmed

    def __str__(self) -> str:
        remedy = _REMEDIES.get(self.code, "Mend the cause and start again.")
        count = "" if self.unconfirmed is None else f" {self.unconfirmed} item(s) are not confirmed."
        return f"Kinesis stream {self.stream!r} refused the records: {self.code}: {self.detail}{count} {remedy}"


class CallFailedError(TransientError):
    """The call as a whole failed, or its answer was lost: every entry is to be sent again."""

    def __init__(self, stream: str, code: str, detail: str) -> None:
        super().__init__(stream, code, detail)
        self.stream, self.code, self.detail = stream, code, detail

    def __str__(self) -> str:
        return f"PutRecords to {self.stream!r} failed: {self.code}: {self.detail}"

    @property
    def throttled(self) -> bool:
        """Kinesis asked for less."""
        return self.code in THROTTLES


def send(client: PutRecordsClient, stream: str, entries: Sequence[Entry]) -> list[str | None]:
    """Make the call; for each entry its error code, or None where Kinesis has it and the entry knows in which shard.

    Blocks its thread; aggregates become bytes here. Raises ``CallFailedError`` and ``StreamRefusedError``.
    """
    try:
        answer = client.put_records(StreamName=stream, Records=[entry.request() for entry in entries])
    except ClientError as error:
        raise _judged(stream, error) from error
    except _DROPPED as error:
        raise CallFailedError(stream, type(error).__name__, str(error)) from error
    except BotoCoreError as error:  # no credentials, no region, a parameter that boto3 itself refuses
        raise StreamRefusedError(stream, type(error).__name__, str(error)) from error
    results = answer.get("Records")
    if not isinstance(results, list) or len(results) != len(entries):
        raise CallFailedError(stream, "ShortAnswer", f"{len(entries)} entries sent, the answer does not name as many")
    for entry, result in zip(entries, results, strict=True):
        entry.landed = result.get("ShardId")
    return [result.get("ErrorCode") for result in results]


def _judged(stream: str, error: ClientError) -> CallFailedError | StreamRefusedError:
    """4xx is our fault and stays so, unless its code says that it passes; 5xx is theirs."""
    fault = error.response.get("Error", {})
    code, detail = str(fault.get("Code", "Unknown")), str(fault.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _PASSING or status >= 500 or status in (408, 429):
        return CallFailedError(stream, code, detail)
    return StreamRefusedError(stream, code, detail)


def backoff_s(attempts: int, *, base_ms: int, cap_ms: int, jitter: float) -> float:
    """Seconds before the next try after ``attempts`` failures: full jitter over a doubling span.

    ``jitter`` is uniform in [0, 1). Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    span_ms = min(cap_ms, base_ms << min(attempts - 1, 30))
    return jitter * span_ms / 1000
