"""A saved plan in words, and what it would do to data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_WORDS: Final[Mapping[tuple[str, ...], str]] = {
    ("create",): "make",
    ("update",): "change",
    ("delete",): "remove",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}
"""Terraform's actions; one that is not here (no-op, read) changes nothing."""
HOLDS_DATA: Final = frozenset({"aws_kinesis_stream", "aws_s3_bucket", "aws_efs_file_system", "aws_db_instance"})
"""Types whose removal loses what nobody can make again: records that were not read yet, the tables, the producers'
marks, without which what was traded meanwhile is neither filled nor told as a gap, and what people drew in Metabase."""
PRODUCER: Final = "module.producers"
SERVICE: Final = "aws_ecs_service"
"""A producer's module and type: one that is new, or stands in another's place, has no task until it is started from
outside. Metabase starts by itself."""
_REFUSES: Final[Mapping[str, tuple[str, bool]]] = {
    "aws_s3_bucket": ("force_destroy", False),
    "aws_db_instance": ("deletion_protection", True),
    "aws_lb": ("enable_deletion_protection", True),
}
"""Type → the attribute, and its value, by which AWS or the provider refuses to remove it. The root variable
``force_destroy`` lifts each."""
_SHOWN: Final = 20


def _refuses(kind: str, before: Mapping[str, Any]) -> bool:
    attribute, value = _REFUSES.get(kind, ("", None))
    return bool(attribute) and before.get(attribute) == value


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource."""

    what: str
    """make, change, replace, remove or forget."""
    address: str
    type: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one plan."""

    changes: tuple[Change, ...]
    keeps: tuple[str, ...] = ()
    """Addresses of what would go, and refuses to: buckets as long as something is in them, and what is protected."""

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> "Plan":
        """Of ``terraform show -json``."""
        found = (
            Change(_WORDS[tuple(each["change"]["actions"])], each["address"], each["type"])
            for each in shown.get("resource_changes", ())
            if tuple(each["change"]["actions"]) in _WORDS
        )
        going = (each for each in shown.get("resource_changes", ()) if "delete" in each["change"]["actions"])
        keeps = (each["address"] for each in going if _refuses(each["type"], each["change"].get("before") or {}))
        return cls(tuple(found), tuple(keeps))

    @property
    def loses(self) -> tuple[str, ...]:
        """Addresses of what holds data and would be removed, or replaced by an empty one."""
        return tuple(c.address for c in self.changes if c.type in HOLDS_DATA and c.what in ("remove", "replace"))

    @property
    def waits(self) -> tuple[str, ...]:
        """Addresses of producers' services that will run nothing until they are started, whatever ran before."""
        services = (c for c in self.changes if c.type == SERVICE and c.address.startswith(PRODUCER))
        return tuple(c.address for c in services if c.what in ("make", "replace"))

    def counts(self) -> str:
        """As ``74 to make, 1 to replace``; the ways that nothing goes are left out."""
        told = ((what, sum(change.what == what for change in self.changes)) for what in dict.fromkeys(_WORDS.values()))
        return ", ".join(f"{count} to {what}" for what, count in told if count) or "only outputs change"

    def lines(self) -> Iterator[str]:
        """What is not simply made, a line each, what is lost first."""
        order = ("replace", "remove", "forget", "change")
        found = sorted(
            (change for change in self.changes if change.what in order),
            key=lambda change: (change.address not in self.loses, order.index(change.what), change.address),
        )
        for change in found[:_SHOWN]:
            lost = "   LOSES DATA" if change.address in self.loses else ""
            yield f"  {change.what:<8} {change.address}{lost}"
        if len(found) > _SHOWN:
            yield f"  … and {len(found) - _SHOWN} more"
