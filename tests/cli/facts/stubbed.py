"""Clients of botocore that answer what a test says, checked against the services' own shapes."""

from typing import Any

import boto3
from botocore.stub import Stubber

from cli.facts import Asked
from tapehouse.settings import Settings

SETTINGS = Settings(
    target="aws",
    lake="s3://a-bucket/lake",
    stream_name="tapehouse-dev-trades",
    athena_workgroup="tapehouse-dev",
    region="eu-west-1",
)


def asked(answers: dict[str, list[tuple[str, Any]]], settings: Settings = SETTINGS) -> Asked:
    """Of ``service → [(operation, response or an error's code), …]``, in the order in which they are asked."""

    def make(service: str, **words: Any) -> Any:
        assert words["region"] == settings.region
        client = boto3.client(service, region_name=settings.region)
        stub = Stubber(client)
        for operation, answer in answers[service]:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer, "the message", http_status_code=400)
            else:
                stub.add_response(operation, answer)
        stub.activate()
        return client

    return Asked(settings, make)
