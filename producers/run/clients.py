"""A producer's clients of AWS. Containers there get their region from ``AWS_REGION``, which boto3 does not read."""

import os

from producers.sink import PutRecordsClient
from tapehouse import aws
from tapehouse.keys import SecretsClient


def kinesis() -> PutRecordsClient:
    """The sink retries by itself, and waits no longer than it can bear."""
    client: PutRecordsClient = aws.client("kinesis", max_attempts=1, read_timeout_s=10, region=region())
    return client


def secrets() -> SecretsClient:
    client: SecretsClient = aws.client("secretsmanager", region=region())
    return client


def region() -> str | None:
    return os.environ.get("AWS_REGION") or None
