"""Every test starts from a known environment: no real account, no setting of the developer's shell, only loopback."""

import os

import pytest

_SETTINGS = ("TARGET", "LAKE", "FEEDS", "RECORDINGS", "ONCE", "SYMBOLS")
_DUMMY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # Nothing listens on the discard port: a client that a test forgot to point somewhere fails at once, on loopback.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}
_KEPT = frozenset({"AWS_CA_BUNDLE"})


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away the settings and credentials of whoever runs the tests, and puts in dummies that reach loopback."""
    for name in list(os.environ):
        ours = name in _SETTINGS or name.startswith("TAPEHOUSE_")
        if ours or (name.startswith("AWS_") and name not in _KEPT):
            monkeypatch.delenv(name)
    for name, value in _DUMMY.items():
        monkeypatch.setenv(name, value)
