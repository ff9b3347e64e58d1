"""The producers on ECS run, and run what Terraform applied last."""

from cli.facts.finding import DEPLOY, Asked, Finding, fault, ok, unknown
from cli.facts.service import fault_of
from cli.remote.producers import Producers
from tapehouse.deployed import outputs_of, read


def producers(asked: Asked) -> Finding:
    found = Producers(asked.settings, make=lambda service, **_: asked.client(service)).services()
    if not found:
        wanted = read(outputs_of("aws")).get("producers")
        return fault("none of those deployed is there", DEPLOY) if wanted else unknown("no feed is set up")
    for service in found:
        bad = fault_of(asked, service)
        if bad is not None:
            return bad
    return ok(", ".join(f"{s['serviceName']} {s['runningCount']} of {s['desiredCount']}" for s in found))
