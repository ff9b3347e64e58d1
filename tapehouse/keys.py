"""A vendor's key: from a setting, or from Secrets Manager when it is needed. It stays out of logs, errors and reprs."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tapehouse.errors import SettingsError, TerminalError


class SecretUnavailableError(TerminalError):
    """The secret that a setting names cannot be read. What it holds is no part of this."""

    def __init__(self, setting: str, secret: str, detail: str) -> None:
        super().__init__(setting, secret, detail)
        self.setting, self.secret, self.detail = setting, secret, detail

    def __str__(self) -> str:
        return f"{self.setting} names the secret {self.secret}, which cannot be used: {self.detail}."


class SecretsClient(Protocol):
    """boto3's client of Secrets Manager, as far as it is used."""

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        """The secret's newest value."""


def key(direct: str, stored: str, *, direct_setting: str, setting: str, client: Callable[[], SecretsClient]) -> str:
    """The key itself, or what the secret ``NAME#JSON-KEY`` holds; empty where neither is set.

    Without ``#`` the whole text of the secret is the key. ``direct_setting`` and ``setting`` name the settings of the
    two. Raises SecretUnavailableError, and SettingsError for a key that no request can carry.
    """
    if direct or not stored:
        if not _is_sendable(direct.strip()):
            raise SettingsError([f"{direct_setting} is no key: one has letters, digits and signs of ASCII"])
        return direct.strip()
    name, _, part = stored.partition("#")
    try:
        text = client().get_secret_value(SecretId=name).get("SecretString")
    except ClientError as error:
        raise SecretUnavailableError(setting, stored, str(error.response["Error"]["Code"])) from error
    except BotoCoreError as error:
        raise SecretUnavailableError(setting, stored, f"{type(error).__name__}: {error}") from error
    if part and isinstance(text, str):
        text = _part(text, part)
    if not isinstance(text, str) or not text.strip():
        raise SecretUnavailableError(setting, stored, "it holds no such text")
    if not _is_sendable(text.strip()):
        raise SecretUnavailableError(setting, stored, "a key has letters, digits and signs of ASCII")
    return text.strip()


def _is_sendable(text: str) -> bool:
    """Whether an address and a header can hold it: a wrong one would be shown, key and all, where it is sent."""
    return text.isascii() and text.isprintable()


def _part(text: str, part: str) -> Any:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body.get(part) if isinstance(body, dict) else None
