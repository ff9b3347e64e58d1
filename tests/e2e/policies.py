"""What the roles in Terraform's state may do, as IAM reads it: Allow, actions and resources with ``*``."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource that a role may do."""

    role: str
    action: str
    resource: str
    """As the policy spells it: an ARN, perhaps with ``*``."""

    def allows(self, action: str, resource: str) -> bool:
        return self.action.lower() == action.lower() and fnmatchcase(resource, self.resource)


def grants(policies: Sequence[dict[str, Any]]) -> Iterator[Grant]:
    """Of the attributes of ``aws_iam_role_policy``. Raises AssertionError for what is not read here."""
    for policy in policies:
        for statement in _list(json.loads(policy["policy"])["Statement"]):
            assert statement["Effect"] == "Allow" and not {"NotAction", "NotResource"} & set(statement), statement
            for action in _list(statement["Action"]):
                assert "*" not in action, f"{policy['role']} may {action}"
                for resource in _list(statement["Resource"]):
                    yield Grant(policy["role"], action, resource)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
