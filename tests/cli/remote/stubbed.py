"""Clients of botocore that answer what a test says, in order, and hold what they were asked against it."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber

from tapehouse.settings import Settings

SETTINGS = Settings(
    target="aws", lake="s3://a-bucket/lake", stream_name="tapehouse-dev-trades", region="eu-west-1", refresh_every_s=60
)
Answer = tuple[str, Any] | tuple[str, Any, dict[str, Any]]


class Service:
    """One service; ``done`` says that all that was expected was asked."""

    def __init__(self, **answers: list[Answer]) -> None:
        self._stubs: dict[str, Stubber] = {}
        self._clients: dict[str, Any] = {}
        for service, expected in answers.items():
            client = boto3.client(service, region_name="eu-west-1")
            stub = Stubber(client)
            for operation, answer, *asked in expected:
                words = asked[0] if asked else None
                if isinstance(answer, str):
                    stub.add_client_error(operation, answer, "the message", expected_params=words)
                else:
                    stub.add_response(operation, answer, words)
            stub.activate()
            self._stubs[service], self._clients[service] = stub, client

    @property
    def make(self) -> Callable[..., Any]:
        return lambda service, **_: self._clients[service]

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
