"""Clients of AWS. One call serves the real and the embedded AWS: boto3's own endpoint settings tell them apart.

boto3 reads ``AWS_ENDPOINT_URL`` and, before it, ``AWS_ENDPOINT_URL_KINESIS`` and the like; nothing here names an
address, so no code path differs between ``TARGET=local`` and ``TARGET=aws``.
"""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp


def client(
    service: str,
    *,
    max_attempts: int = 5,
    connect_timeout_s: float = 5,
    read_timeout_s: float = 60,
    endpoint_url: str | None = None,
    region: str | None = None,
    plain_times: bool = False,
) -> Any:
    """A boto3 client of ``service`` ("kinesis", "s3", …) with bounded waits and standard retries.

    ``max_attempts`` counts the first try: 1 means that the caller does all retrying itself. ``endpoint_url`` and
    ``region`` repeat what another client uses (a Spark worker's environment may be older than its driver's); left out,
    boto3's own settings decide. ``plain_times`` leaves times that come as seconds since the epoch what they are:
    to make a datetime of each record's costs more than all else that is done with a small record.
    """
    config = Config(
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        user_agent_extra="tapehouse",
        tcp_keepalive=True,
    )
    if not plain_times:
        return boto3.client(service, config=config, endpoint_url=endpoint_url, region_name=region)
    session = botocore.session.get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_seconds)
    made = boto3.Session(botocore_session=session)
    return made.client(service, config=config, endpoint_url=endpoint_url, region_name=region)


def _seconds(value: Any) -> Any:
    return value if isinstance(value, int | float) else parse_timestamp(value)
