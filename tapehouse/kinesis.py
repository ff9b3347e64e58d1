"""Kinesis as every room knows it: its limits, and which of its errors pass.

===========================================================  ==========================================
what happened                                                what it means
===========================================================  ==========================================
throttle, 5xx, 408, 429                                      passes: the same call later
connection refused or dropped, timeout, answer cut or short  passes; what was sent may be there
no such stream, no right, other 4xx, no credentials          stays: ``TerminalError``
===========================================================  ==========================================

Source: the Kinesis API reference; quotas: "Quotas and limits" of the developer guide; botocore's exception classes.
"""

from typing import Final

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

RECORD_BYTES: Final = 1024 * 1024
"""Most of one record, data and partition key, by default (MaxRecordSizeInKiB raises it to 10 MiB)."""
PUT_RECORDS_ENTRIES: Final = 500
PUT_RECORDS_BYTES: Final = 10 * 1024 * 1024
PUT_UNIT_BYTES: Final = 25 * 1024
"""What a PUT payload unit bills."""
SHARD_RECORDS_PER_S: Final = 1_000
SHARD_BYTES_PER_S: Final = 1_000_000
"""In; twice as much comes out."""
GET_RECORDS_LIMIT: Final = 10_000
"""Most records that one GetRecords gives."""
KEY_CHARS: Final = 256
"""Most of a partition key."""

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
"""Codes by which Kinesis asks for less."""
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
ERRORS: Final = (ClientError, BotoCoreError, ResponseParserError, OSError)
"""All that a call of boto3's may raise; for ``passes`` and ``code_of``."""


def code_of(error: Exception) -> str:
    """AWS' code of the error where it has one, else the name of its class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "Unknown")
    return type(error).__name__


def detail_of(error: Exception) -> str:
    """What the error says beside its code."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", ""))
    return str(error)


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later: 5xx is theirs, 4xx is ours and stays, unless its code says that it
    passes."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return code_of(error) in _PASSING or status >= 500 or status in (408, 429)
    return isinstance(error, _DROPPED)
