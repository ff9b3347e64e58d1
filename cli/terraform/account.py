"""Whose account, and which region: asked before anything begins, and each thing that is missing is one sentence."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tapehouse import aws, deployed
from tapehouse.errors import UnpreparedError

_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as AWS names it."""

    id: str
    arn: str
    """Who we are in it."""


def region_of(named: str | None, environment: Mapping[str, str]) -> str:
    """The region that a word, the environment, the profile or the last deployment names, in this order.

    Raises UnpreparedError where none does.
    """
    import boto3

    known = (
        named,
        environment.get("TAPEHOUSE_REGION"),
        environment.get("AWS_REGION"),
        environment.get("AWS_DEFAULT_REGION"),
    )
    region = next((each for each in known if each), None) or boto3.Session().region_name
    region = region or str(deployed.read(deployed.path_of("aws")).get("region") or "")
    if not region:
        raise UnpreparedError("No AWS region is set: say AWS_REGION=eu-west-1 or the like, or give your profile one.")
    return region


def account_of(region: str, *, client: Callable[..., Any] = aws.client) -> Account:
    """The account that the credentials open. Raises UnpreparedError where there are none, or they open none."""
    from botocore.exceptions import BotoCoreError, ClientError

    profile = f" (profile {os.environ['AWS_PROFILE']})" if os.environ.get("AWS_PROFILE") else ""
    try:
        found = client("sts", region=region, max_attempts=2).get_caller_identity()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _EXPIRED:
            raise UnpreparedError(f"The AWS credentials{profile} have expired: log in again.") from error
        raise UnpreparedError(f"AWS refuses the credentials{profile}: {code}. Log in again, or set others.") from error
    except BotoCoreError as error:
        raise UnpreparedError(_sentence(error, profile)) from error
    return Account(str(found["Account"]), str(found["Arn"]))


def _sentence(error: Exception, profile: str) -> str:
    from botocore import exceptions as e

    if isinstance(error, e.NoCredentialsError | e.PartialCredentialsError):
        return "There are no AWS credentials here: log in (`aws sso login`, `aws configure`), or set AWS_PROFILE."
    if isinstance(error, e.ProfileNotFound):
        return f"{error}: name one that is in your AWS configuration."
    if isinstance(error, e.SSOError | e.TokenRetrievalError | e.UnauthorizedSSOTokenError | e.CredentialRetrievalError):
        return f"The AWS credentials{profile} have expired or cannot be had: log in again (`aws sso login`)."
    if isinstance(error, e.HTTPClientError | e.ConnectionError):
        return f"AWS does not answer: {' '.join(str(error).split())}"
    return f"The AWS credentials{profile} cannot be used: {' '.join(str(error).split())}"
