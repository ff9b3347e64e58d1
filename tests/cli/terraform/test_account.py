"""Credentials and region: each thing that is missing is one sentence, and nothing was begun."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.stub import Stubber

from cli.terraform.account import account_of, region_of
from tapehouse import deployed
from tapehouse.errors import UnpreparedError


def sts(code: str | None = None) -> Any:
    """A client that answers, or refuses with a code."""
    client = boto3.client("sts", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stub = Stubber(client)
    if code is None:
        stub.add_response(
            "get_caller_identity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/a", "UserId": "U"}
        )
    else:
        stub.add_client_error("get_caller_identity", code)
    stub.activate()
    return lambda *_, **__: client


def raising(error: Exception) -> Any:
    def client(*_: Any, **__: Any) -> Any:
        raise error

    return client


def test_whose_account_it_is() -> None:
    assert account_of("eu-west-1", client=sts()).id == "123456789012"


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (sts("ExpiredToken"), "The AWS credentials have expired: log in again."),
        (sts("InvalidClientTokenId"), "AWS refuses the credentials: InvalidClientTokenId. Log in again"),
        (raising(NoCredentialsError()), "There are no AWS credentials here: log in"),
        (raising(PartialCredentialsError(provider="env", cred_var="x")), "There are no AWS credentials here: log in"),
        (raising(TokenRetrievalError(provider="sso", error_msg="x")), "expired or cannot be had: log in again"),
        (raising(ProfileNotFound(profile="moon")), "moon) could not be found: name one that is in your AWS"),
        (raising(ConnectTimeoutError(endpoint_url="x")), "AWS does not answer: Connect timeout"),
    ],
)
def test_what_is_missing_is_one_sentence(client: Any, said: str) -> None:
    with pytest.raises(UnpreparedError) as told:
        account_of("eu-west-1", client=client)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_the_profile_is_named_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    client = sts("ExpiredToken")
    monkeypatch.setenv("AWS_PROFILE", "work")
    with pytest.raises(UnpreparedError, match=r"The AWS credentials \(profile work\) have expired"):
        account_of("eu-west-1", client=client)


def test_the_region_is_of_the_word_then_the_environment_then_the_last_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    environ = {"TAPEHOUSE_REGION": "eu-west-2", "AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-north-1"}
    assert region_of("eu-west-1", environ) == "eu-west-1"
    for wanted in ("eu-west-2", "eu-west-3", "eu-north-1"):
        assert region_of(None, environ) == wanted
        environ.pop(next(iter(environ)))
    with pytest.raises(UnpreparedError, match="No AWS region is set: say AWS_REGION="):
        region_of(None, {})
    deployed.write(deployed.path_of("aws"), {"region": "sa-east-1"})
    assert region_of(None, {}) == "sa-east-1"
