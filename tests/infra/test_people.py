"""Who operates a deployment may do what the commands ask of AWS for them."""

import re
from collections.abc import Iterator

import boto3

from tests.infra.conftest import ROOT

ASKED = re.compile(r'client\("(\w+)"\)\.(\w+)\(|\b(ecs)\.(?:get_paginator\("(\w+)"\)|(\w+)\()')
OTHERWISE = {"lambda:Invoke": "lambda:InvokeFunction"}
"""What IAM calls otherwise than the API does."""
ACTION = re.compile(r'"([a-z0-9-]+:[A-Z]\w+)"')


def _asked_of_aws() -> Iterator[str]:
    """What ``tapehouse job`` and ``producers`` ask for, as IAM calls it."""
    for path in (ROOT / "cli/remote").glob("*.py"):
        for service, method, ecs, listed, described in ASKED.findall(path.read_text()):
            name = method or listed or described
            operations = boto3.client(service or ecs, region_name="us-east-1").meta.method_to_api_mapping
            if name in operations:
                asked = f"{service or ecs}:{operations[name]}"
                yield OTHERWISE.get(asked, asked)


def test_an_operator_may_do_what_the_commands_ask() -> None:
    asked = set(_asked_of_aws())
    assert {"ecs:ListServices", "ecs:UpdateService", "glue:StartJobRun", "lambda:InvokeFunction"} <= asked
    may = set(ACTION.findall((ROOT / "infra/modules/people/iam.tf").read_text()))
    assert asked - may == set()
