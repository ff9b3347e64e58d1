"""The parameters of a question: what a reader may choose, and how a choice becomes SQL."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

ParamType: TypeAlias = Literal["text", "number", "date"]
PARAM_TYPES: Final = get_args(ParamType)
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LITTLE: Final = ("is no text", "is no number, as 5 or 0.25", "is no date, as 2026-11-29")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: ``{{name}}`` in the SQL."""

    name: str
    type: ParamType
    default: str | None = None
    required: bool = False
    """It always has a value: where a reader clears it, the default comes back."""


def value_fault(kind: ParamType, value: str) -> str | None:
    """Why a text is no value of the type; None where it is one."""
    if kind == "number":
        good = _NUMBER.fullmatch(value) is not None
    elif kind == "date":
        good = _is_date(value)
    else:
        good = value != "" and value.isprintable()
    return None if good else f"{value[:40]!r} {_LITTLE[PARAM_TYPES.index(kind)]}"


def literal(kind: ParamType, value: str) -> str:
    """The value as SQL, as Metabase puts it in the place of the tag. Raises ValueError for what is none."""
    if fault := value_fault(kind, value):
        raise ValueError(fault)
    if kind == "number":
        return value
    quoted = "'" + value.replace("'", "''") + "'"
    return f"DATE {quoted}" if kind == "date" else quoted


def _is_date(value: str) -> bool:
    try:
        return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False
