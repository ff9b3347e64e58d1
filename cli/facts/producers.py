"""The producers on ECS run, and run what Terraform applied last.

A deployment whose tasks do not come up is rolled back by the circuit breaker, and Terraform may have reported success
all the same (hashicorp/terraform-provider-aws#19519): so the newest revision of each family is held against what runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.facts.finding import DEPLOY, Asked, Finding, code_of, fault, ok, unknown
from tapehouse.deployed import cluster_name, producer_name

_LOGS = "see its log group /tapehouse/{deployment}/, mend the cause, then run `make deploy-terraform`."


def services(asked: Asked) -> Iterator[Mapping[str, Any]]:
    """The producers' services, as ECS describes them. Raises ClientError where there is no cluster."""
    ecs, deployment = asked.client("ecs"), asked.settings.deployment
    cluster, first = cluster_name(deployment), producer_name(deployment, "")
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    names = [arn for page in pages for arn in page["serviceArns"] if arn.rpartition("/")[2].startswith(first)]
    for start in range(0, len(names), 10):  # so many are described at once
        yield from ecs.describe_services(cluster=cluster, services=names[start : start + 10])["services"]


def producers(asked: Asked) -> Finding:
    from botocore.exceptions import ClientError

    try:
        found = list(services(asked))
    except ClientError as error:
        if code_of(error) == "ClusterNotFoundException":
            return fault(f"there is no cluster {cluster_name(asked.settings.deployment)}", DEPLOY)
        raise
    if not found:
        return unknown("no feed is set up")
    for service in found:
        bad = _fault(asked, service)
        if bad is not None:
            return bad
    return ok(", ".join(f"{s['serviceName']} {s['runningCount']} of {s['desiredCount']}" for s in found))


def _fault(asked: Asked, service: Mapping[str, Any]) -> Finding | None:
    name, running = service["serviceName"], service["taskDefinition"]
    family = running.rpartition("/")[2].partition(":")[0]
    applied = asked.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]["taskDefinitionArn"]
    mend = _LOGS.format(deployment=asked.settings.deployment)
    if running != applied:
        return fault(f"{name} runs {_short(running)}, and {_short(applied)} was applied: it was rolled back", mend)
    if service["runningCount"] < service["desiredCount"]:
        events = service.get("events", ())
        why = f": {events[0]['message']}" if events else ""
        return fault(f"of {name} run {service['runningCount']} of {service['desiredCount']}{why}", mend)
    return None


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
