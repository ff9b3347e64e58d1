"""A service of ECS runs what Terraform applied last, and as many tasks as it should.

A deployment whose tasks do not come up is rolled back by the circuit breaker, and Terraform may have reported success
all the same (hashicorp/terraform-provider-aws#19519): so the newest revision of a family is held against what runs.
"""

from collections.abc import Mapping
from typing import Any

from cli.facts.finding import Asked, Finding, fault

_LOGS = "see its log group /tapehouse/{deployment}/, mend the cause, then run `make deploy-terraform`."


def fault_of(asked: Asked, service: Mapping[str, Any]) -> Finding | None:
    """What is wrong with a service, as DescribeServices tells it; None where nothing is."""
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
