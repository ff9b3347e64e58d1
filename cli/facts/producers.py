"""The producers on ECS run, and run what Terraform applied last.

A deployment whose tasks do not come up is rolled back by the circuit breaker, and Terraform may have reported success
all the same (hashicorp/terraform-provider-aws#19519): so the newest revision of each family is held against what runs.
"""

from collections.abc import Mapping
from typing import Any

from cli.facts.finding import DEPLOY, Asked, Finding, fault, ok, unknown
from cli.remote.producers import Producers
from tapehouse.deployed import outputs_of, read

_LOGS = "see its log group /tapehouse/{deployment}/, mend the cause, then run `make deploy-terraform`."


def producers(asked: Asked) -> Finding:
    found = Producers(asked.settings, make=lambda service, **_: asked.client(service)).services()
    if not found:
        wanted = read(outputs_of("aws")).get("producers")
        return fault("none of those deployed is there", DEPLOY) if wanted else unknown("no feed is set up")
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
