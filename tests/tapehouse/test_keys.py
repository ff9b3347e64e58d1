"""A key comes from a setting or from Secrets Manager, and out of nowhere else."""

import json
import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tapehouse.errors import SettingsError
from tapehouse.keys import SecretUnavailableError, key

SETTING, DIRECT = "TAPEHOUSE_FINNHUB_SECRET", "TAPEHOUSE_FINNHUB_TOKEN"


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
    return key("", stored, direct_setting=DIRECT, setting=SETTING, client=lambda: secrets)


def direct(text: str) -> str:
    return key(text, "", direct_setting=DIRECT, setting=SETTING, client=never)


def never() -> Secrets:
    raise AssertionError("nobody asked for Secrets Manager")


def test_a_key_that_is_set_is_taken_and_nothing_is_asked() -> None:
    assert direct("hunter2\n") == "hunter2"
    assert direct("") == ""


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
def test_a_secret_without_that_text_is_said_without_what_it_holds(value: Any) -> None:
    with pytest.raises(SecretUnavailableError) as caught:
        read("keys#token", Secrets(value))
    assert str(caught.value) == (f"{SETTING} names the secret keys#token, which cannot be used: it holds no such text.")
    assert "hunter2" not in repr(caught.value)


@pytest.mark.parametrize("wrong", ["hunter\N{HORIZONTAL ELLIPSIS}2", "hunt\u00e9r2", "hunter\n2", "hunter\x002"])
def test_a_key_that_no_request_can_carry_is_refused_where_it_is_read_and_not_shown(wrong: str) -> None:
    with pytest.raises(SettingsError, match=DIRECT) as set_wrong:
        direct(wrong)
    with pytest.raises(SecretUnavailableError, match=f"{SETTING} names the secret keys") as stored_wrong:
        read("keys", Secrets({"SecretString": wrong}))
    for caught in (set_wrong, stored_wrong):
        assert "hunt" not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "Could not connect"),
    ],
)
def test_why_a_secret_cannot_be_read_is_said(error: Exception, said: str) -> None:
    with pytest.raises(SecretUnavailableError, match=said) as caught:
        read("keys", Secrets(error=error))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
