"""Which errors of Kinesis pass: one row of the module's table a case, and each error that the API's model names."""

import pickle
from typing import Any, Final

import botocore.session
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from tapehouse import kinesis
from tapehouse.errors import TerminalError, TransientError

OPERATIONS: Final = ("PutRecords", "GetRecords", "GetShardIterator", "ListShards", "DescribeStreamSummary")
"""What we call of Kinesis."""
PASS: Final = frozenset(
    {
        "ExpiredIteratorException",
        "ExpiredNextTokenException",
        "InternalFailureException",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ResourceInUseException",
    }
)
STAY: Final = frozenset(
    {
        "AccessDeniedException",
        "DryRunOperationException",
        "InvalidArgumentException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "ResourceNotFoundException",
    }
)


def client_error(code: str, status: int | None = 400) -> ClientError:
    metadata = {} if status is None else {"HTTPStatusCode": status}
    response: Any = {"Error": {"Code": code, "Message": "no."}, "ResponseMetadata": metadata}
    return ClientError(response, "PutRecords")


def named_by_the_model() -> list[tuple[str, str]]:
    """(operation, error) of all that the model of the installed botocore names."""
    model = botocore.session.Session().get_service_model("kinesis")
    return [(name, shape.name) for name in OPERATIONS for shape in model.operation_model(name).error_shapes]


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        # throttle, 5xx, 408, 429
        *((client_error(code), True) for code in sorted(kinesis.THROTTLES)),
        (client_error("InternalFailure", 500), False),
        (client_error("500", 500), False),
        (client_error("503", 503), False),
        (client_error("Unknown", 599), False),
        (client_error("RequestTimeout"), False),
        (client_error("Unheard", 408), False),
        (client_error("Unheard", 429), False),
        # stream not active yet, iterator or page token expired
        (client_error("ResourceInUseException"), False),
        (client_error("ExpiredIteratorException"), False),
        (client_error("ExpiredNextTokenException"), False),
        # connection refused or dropped, timeout, answer cut or short
        (EndpointConnectionError(endpoint_url="u"), False),
        (ProxyConnectionError(proxy_url="u"), False),
        (SSLError(endpoint_url="u", error="e"), False),
        (ConnectTimeoutError(endpoint_url="u"), False),
        (ReadTimeoutError(endpoint_url="u"), False),
        (ConnectionClosedError(endpoint_url="u"), False),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), False),
        (ResponseStreamingError(error="cut"), False),
        (ResponseParserError("cut"), False),
        (ConnectionResetError("reset"), False),
        (TimeoutError("late"), False),
        (CredentialRetrievalError(provider="role", error_msg="m"), False),
    ],
    ids=repr,
)
def test_what_passes_is_transient(error: Exception, throttled: bool) -> None:
    assert isinstance(error, kinesis.ERRORS)
    found = kinesis.judged("tape", "PutRecords", error)
    assert isinstance(found, kinesis.CallFailedError)
    assert isinstance(found, TransientError)
    assert found.throttled is throttled
    assert "PutRecords on Kinesis stream 'tape'" in str(found)
    assert kinesis.code_of(error) in str(found)
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


@pytest.mark.parametrize(
    ("operation", "error", "remedy"),
    [
        ("PutRecords", client_error("ResourceNotFoundException"), "Create the stream"),
        ("PutRecords", client_error("AccessDeniedException"), r"kinesis:PutRecords on it .*kms:GenerateDataKey"),
        ("GetRecords", client_error("AccessDeniedException"), r"kinesis:GetRecords on it .*kms:Decrypt"),
        ("GetRecords", client_error("KMSAccessDeniedException"), "kms:Decrypt"),
        ("PutRecords", client_error("ValidationException"), "limits"),
        ("PutRecords", client_error("InvalidArgumentException"), "limits"),
        ("PutRecords", client_error("KMSDisabledException"), "KMS key"),
        ("PutRecords", client_error("ExpiredTokenException"), "renew"),
        ("PutRecords", client_error("UnrecognizedClientException"), "Mend the cause"),
        ("PutRecords", client_error("Unheard", 404), "Mend the cause"),
        ("PutRecords", client_error("Unheard", None), "Mend the cause"),
        ("PutRecords", ClientError({}, "PutRecords"), "Mend the cause"),
        ("PutRecords", NoCredentialsError(), "Mend the cause"),
        ("PutRecords", NoRegionError(), "Mend the cause"),
        ("PutRecords", ParamValidationError(report="r"), "Mend the cause"),
    ],
    ids=repr,
)
def test_what_stays_is_terminal_and_says_what_to_do(operation: str, error: Exception, remedy: str) -> None:
    assert isinstance(error, kinesis.ERRORS)
    found = kinesis.judged("tape", operation, error)
    assert isinstance(found, kinesis.StreamRefusedError)
    assert isinstance(found, TerminalError)
    with pytest.raises(kinesis.StreamRefusedError, match=rf"'tape' refused {operation}: .*{remedy}"):
        raise found
    assert "{" not in str(found)
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


@pytest.mark.parametrize(("operation", "code"), named_by_the_model())
def test_each_error_of_the_model_is_judged_on_purpose(operation: str, code: str) -> None:
    """A botocore that names a new error fails here until somebody has said whether it passes."""
    assert (code in PASS) != (code in STAY), f"{code} of {operation}: does it pass?"
    found = kinesis.judged("tape", operation, client_error(code))
    assert isinstance(found, kinesis.CallFailedError if code in PASS else kinesis.StreamRefusedError)
    if code in STAY:
        assert code in kinesis._REMEDIES, f"{code} of {operation}: what is to be done about it?"


def test_the_model_names_errors_of_each_operation() -> None:
    assert {operation for operation, _ in named_by_the_model()} == set(OPERATIONS)
    assert {code for _, code in named_by_the_model()} <= PASS | STAY


def test_no_error_both_passes_and_has_a_remedy() -> None:
    assert set(kinesis._REMEDIES) & kinesis._PASSING == set()
