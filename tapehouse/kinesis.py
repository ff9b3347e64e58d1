"""Which errors of Kinesis pass, for every room that calls it.

===========================================================  ==========================================
what happened                                                what it means
===========================================================  ==========================================
throttle, 5xx, 408, 429                                      passes: the same call later
stream not active yet, iterator or page token expired        passes: the same work later, asked anew
connection refused or dropped, timeout, answer cut or short  passes; what was sent may be there
no such stream, no right, other 4xx, no credentials          stays: ``StreamRefusedError``
===========================================================  ==========================================

What passes becomes ``CallFailedError``. Nothing is retried here: see ``tapehouse.backoff``.

Source: the Kinesis API reference; botocore's exception classes.
"""

from collections.abc import Mapping
from datetime import datetime
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

from tapehouse.errors import TerminalError, TransientError

THROTTLES: Final = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes by which Kinesis asks for less."""
_PASSING: Final = THROTTLES | {
    "ExpiredIteratorException",
    "ExpiredNextTokenException",
    "InternalFailure",
    "InternalFailureException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ResourceInUseException",  # of ListShards: the stream is being made
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
_KEY_REMEDY: Final = "Mend the cause, the stream's KMS key, and start again."
_RULE_REMEDY: Final = "The request breaks a rule of Kinesis: compare our limits with the stream's."
_REMEDIES: Final[Mapping[str, str]] = {
    "AccessDeniedException": "Give this role kinesis:{operation} on it (and, where it is encrypted, {key} on its key).",
    "DryRunOperationException": "Leave DryRun out of the call.",
    "ExpiredTokenException": "The credentials have expired: renew them and start again.",
    "InvalidArgumentException": _RULE_REMEDY,
    "KMSAccessDeniedException": "Mend the cause: give this role {key} on the stream's KMS key, and start again.",
    "KMSDisabledException": _KEY_REMEDY,
    "KMSInvalidStateException": _KEY_REMEDY,
    "KMSNotFoundException": _KEY_REMEDY,
    "KMSOptInRequired": _KEY_REMEDY,
    "ResourceNotFoundException": (
        "Create the stream (at home: tapehouse up) or mend its name (TAPEHOUSE_STREAM_NAME), then start again."
    ),
    "ValidationException": _RULE_REMEDY,
}
"""By code, of errors that stay. Each error that the API's model names is here or passes: a test walks them."""
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
"""All that a call of boto3's may raise; for ``judged``."""


class CallFailedError(TransientError):
    """A call failed, or its answer was lost: the same call later may succeed, and this one may have been done."""

    def __init__(self, stream: str, operation: str, code: str, detail: str) -> None:
        super().__init__(stream, operation, code, detail)
        self.stream, self.operation, self.code, self.detail = stream, operation, code, detail

    def __str__(self) -> str:
        return f"{self.operation} on Kinesis stream {self.stream!r} failed: {self.code}: {self.detail}"

    @property
    def throttled(self) -> bool:
        """Kinesis asked for less."""
        return self.code in THROTTLES


class StreamRefusedError(TerminalError):
    """Kinesis will never take this call: there is no such stream, no right to it, or something is wrong with it."""

    def __init__(self, stream: str, operation: str, code: str, detail: str) -> None:
        super().__init__(stream, operation, code, detail)
        self.stream, self.operation, self.code, self.detail = stream, operation, code, detail

    def __str__(self) -> str:
        return f"Kinesis stream {self.stream!r} refused {self.operation}: {self.code}: {self.detail} {self.remedy}"

    @property
    def remedy(self) -> str:
        """What to do about it, in a sentence."""
        key = "kms:GenerateDataKey" if self.operation.startswith("Put") else "kms:Decrypt"
        remedy = _REMEDIES.get(self.code, "Mend the cause and start again.")
        return remedy.format(operation=self.operation, key=key)


def judged(stream: str, operation: str, error: Exception) -> CallFailedError | StreamRefusedError:
    """What one of ``ERRORS``, raised by ``operation`` ("PutRecords"), is to us: to be raised from it."""
    kind = CallFailedError if passes(error) else StreamRefusedError
    return kind(stream, operation, code_of(error), detail_of(error))


def code_of(error: Exception) -> str:
    """AWS' code of the error where it has one, else the name of its class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "Unknown")
    return type(error).__name__


def detail_of(error: Exception) -> str:
    """What the error says beside its code, on one line."""
    said = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else error
    return " ".join(str(said).split())


def passes(error: Exception) -> bool:
    """Whether the same work may succeed later: 5xx is theirs, 4xx is ours and stays, unless its code says that it
    passes."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return code_of(error) in _PASSING or status >= 500 or status in (408, 429)
    return isinstance(error, _DROPPED)


def time_us(moment: datetime | float) -> int:
    """A time of Kinesis in µs: it gives milliseconds in a float, and rounding to them undoes what the float did."""
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return round(seconds * 1000) * 1000
