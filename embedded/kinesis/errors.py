"""What Kinesis answers when it refuses a call, by Kinesis' own names.

Every refusal that a client can mend is HTTP 400 with ``__type`` and ``message``; only ``InternalFailure`` is 500. The
messages follow what Kinesis says, so that a log read here looks like one read there.
"""

import json

from tapehouse.errors import TerminalError

ACCOUNT = "123456789012"
"""The account that every stream belongs to: the one moto uses, so that both stand-ins agree."""


class ApiError(TerminalError):
    """A call is refused: ``code`` is Kinesis' exception name, ``status`` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def body(self) -> bytes:
        return json.dumps({"__type": self.code, "message": self.message}).encode()


class JournalError(TerminalError):
    """The journal on disk cannot be used: held by another server, or damaged where it must not be."""


def invalid(message: str) -> ApiError:
    """A value is well formed and wrong here."""
    return ApiError("InvalidArgumentException", message)


def validation(path: str, value: object, constraint: str) -> ApiError:
    """A value breaks the shape that the API's model gives it; the text is that of AWS' request validator."""
    shown = "null" if value is None else f"'{str(value)[:128]}'"
    text = f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
    return ApiError("ValidationException", text)


def stream_not_found(name: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"Stream {name} under account {ACCOUNT} not found.")


def shard_not_found(name: str, shard_id: str) -> ApiError:
    text = f"Could not find shard {shard_id} in stream {name} under account {ACCOUNT}."
    return ApiError("ResourceNotFoundException", text)


def throttled(name: str, shard_id: str) -> ApiError:
    return ApiError("ProvisionedThroughputExceededException", rate_exceeded(name, shard_id))


def rate_exceeded(name: str, shard_id: str) -> str:
    return f"Rate exceeded for shard {shard_id} in stream {name} under account {ACCOUNT}."


def internal_failure() -> ApiError:
    return ApiError("InternalFailure", "Internal Service Failure", status=500)
