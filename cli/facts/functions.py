"""The functions that fetch and score news are there and ready, and no event of theirs waits among the dead letters."""

from functools import partial
from typing import Final

from cli.facts.finding import DEPLOY, Asked, Finding, fault, ok, unknown
from cli.remote.calls import or_none
from tapehouse.deployed import outputs_of, read

_AGAIN: Final = "see the function's log, mend the cause, then send them back: docs/operations.md, News and moods."


def functions(asked: Asked) -> Finding:
    """Lambda keeps a function that is idle for weeks as Inactive, and makes it ready with the next call."""
    deployed = read(outputs_of(asked.settings.target)).get("news")
    if not deployed:
        return unknown("none is deployed")
    names = sorted(deployed["functions"].values())
    client = asked.client("lambda")
    for name in names:
        found = or_none(partial(client.get_function_configuration, FunctionName=name), "ResourceNotFoundException")
        if found is None:
            return fault(f"there is no function {name}", DEPLOY)
        for told, why in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
            if found.get(told) == "Failed":
                return fault(f"{name} is not ready: {found.get(why) or 'AWS does not say why'}", DEPLOY)
    letters = {name: _waiting(asked, name) for name in sorted(deployed["dead_letters"].values())}
    if any(letters.values()):
        told = ", ".join(f"{count} in {name}" for name, count in letters.items() if count)
        return fault(f"what failed three times waits: {told}", _AGAIN)
    return ok(f"{len(names)} functions, no dead letters")


def _waiting(asked: Asked, queue: str) -> int:
    """How many messages, about, as SQS counts them."""
    sqs, wanted = asked.client("sqs"), "ApproximateNumberOfMessages"
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"][wanted])
