"""A key comes from a setting or from Secrets Manager, and out of nowhere else."""

import json
import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from producers.keys import SecretUnavailableError, key

SETTING = "TAPEHOUSE_FINNHUB_SECRET"


class Secrets:
    """Secrets Manager with one secret, or an error."""

    def __init__(self, value: Any = None, error: Exception | None = None) -> None:
        self._value, self._error = value, error
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        self.asked.append(SecretId)
        if self._error is not None:
            raise self._error
        return self._value


def read(stored: str, secrets: Secrets) -> str:
    return key("", stored, setting=SETTING, client=lambda: secrets)


def never() -> Secrets:
    raise AssertionError("nobody asked for Secrets Manager")


def test_a_key_that_is_set_is_taken_and_nothing_is_asked() -> None:
    assert key("hunter2", "", setting=SETTING, client=never) == "hunter2"
    assert key("", "", setting=SETTING, client=never) == ""


def test_a_secret_s_whole_text_is_the_key() -> None:
    secrets = Secrets({"SecretString": "hunter2\n"})
    assert read("tapehouse/finnhub", secrets) == "hunter2"
    assert secrets.asked == ["tapehouse/finnhub"]


def test_a_part_of_a_secret_s_json_is_the_key() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf"
    secrets = Secrets({"SecretString": json.dumps({"finnhub": "hunter2", "other": "hunter3"})})
    assert read(f"{arn}#finnhub", secrets) == "hunter2"
    assert secrets.asked == [arn]


@pytest.mark.parametrize(
    "value",
    [
        {"SecretBinary": b"hunter2"},
        {"SecretString": ""},
        {"SecretString": "hunter2"},
        {"SecretString": '["hunter2"]'},
        {"SecretString": '{"other": "hunter2"}'},
        {"SecretString": '{"token": ["hunter2"]}'},
    ],
)
def test_a_secret_without_that_text_is_told_without_what_it_holds(value: Any) -> None:
    with pytest.raises(SecretUnavailableError) as caught:
        read("keys#token", Secrets(value))
    assert str(caught.value) == (f"{SETTING} names the secret keys#token, which cannot be used: it holds no such text.")
    assert "hunter2" not in repr(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "Could not connect"),
    ],
)
def test_why_a_secret_cannot_be_read_is_told(error: Exception, said: str) -> None:
    with pytest.raises(SecretUnavailableError, match=said) as caught:
        read("keys", Secrets(error=error))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
