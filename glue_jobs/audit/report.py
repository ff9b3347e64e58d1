"""What the audit found, and how it is put into words.

A check is a frame of faulty rows, none where all is well: the key of each, ``what`` is wrong with it, and, where values
are compared, ``there`` and ``due``: what it says and what it should say.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

_SHOWN: Final = 5
"""Rows that a finding names before it only counts."""
_COLLECTED: Final = 100
"""Faulty rows of one check that are looked at; where there are more, they are counted."""
_CLOSE: Final = 1e-9
"""Statistics hang on the order of adding up; nothing else may differ at all."""
_AT_ONCE: Final = 3
"""Checks that run beside each other: of a small lake, most of their time is planning."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found."""

    ok: bool
    lines: tuple[str, ...]
    """The account, how much was judged, and the findings, for people."""
    counts: dict[str, int]
    """Table → records of bronze that it holds."""


def findings(checks: Sequence[DataFrame]) -> list[str]:
    """The faults of all checks, up to five examples each."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [line for lines in pool.map(_findings_of, checks) for line in lines]


def _findings_of(check: DataFrame) -> list[str]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = check.limit(_COLLECTED).collect()
    for row in rows:
        found[row["what"]].append(_example(row.asDict()))
    numbers = {what: len(examples) for what, examples in found.items()}
    if len(rows) >= _COLLECTED:
        numbers = {row["what"]: row["count"] for row in check.groupBy("what").count().collect()}
    lines = []
    for what, number in sorted(numbers.items()):
        lines += [f"{number:,} {what}:", *(f"  {example}" for example in sorted(found[what])[:_SHOWN])]
    return lines


def faults(rows: DataFrame, what: str | Column, key: Sequence[str]) -> DataFrame:
    """A check of which every row is a fault."""
    return rows.select(*key, (F.lit(what) if isinstance(what, str) else what).alias("what"))


def differing(
    rows: DataFrame, pairs: Mapping[str, tuple[Column, Column]], what: str | Column, key: Sequence[str]
) -> DataFrame:
    """A check of the rows in which not every pair (what is there, what is due) is the same; null equals null."""
    kinds = dict(rows.select(*(there.alias(name) for name, (there, _) in pairs.items())).dtypes)
    there = F.struct(*(column.alias(name) for name, (column, _) in pairs.items()))
    due = F.struct(*(_due(*pair, kinds[name]).alias(name) for name, pair in pairs.items()))
    fault = (F.lit(what) if isinstance(what, str) else what).alias("what")
    return rows.select(*key, fault, there.alias("there"), due.alias("due")).where(
        ~F.col("there").eqNullSafe(F.col("due"))
    )


def compared(there: DataFrame, due: DataFrame, key: Sequence[str], name: str) -> DataFrame:
    """A check that table ``name`` has the rows of ``due`` and no others; columns that ``due`` lacks are not asked."""
    columns = [column for column in due.columns if column not in key]
    rows = there.select(*key, F.struct(*columns).alias("found")).join(
        due.select(*key, F.struct(*columns).alias("wanted")), on=list(key), how="full"
    )
    what = (
        F.when(
            F.col("found").isNull(),
            f"row(s) are missing from {name} ({again(name)})",
        )
        .when(F.col("wanted").isNull(), f"row(s) of {name} have nothing behind them (tapehouse rebuild {name})")
        .otherwise(f"row(s) of {name} are not what they should be (tapehouse rebuild {name})")
    )
    pairs = {column: (F.col(f"found.{column}"), F.col(f"wanted.{column}")) for column in columns}
    # A row of nothing but nulls is told from none.
    pairs["row"] = F.when(F.col("found").isNotNull(), True), F.when(F.col("wanted").isNotNull(), True)
    return differing(rows, pairs, what, key)


def again(name: str) -> str:
    """What to do where rows are missing: they may only not be there yet; what lies behind a checkpoint stays lost."""
    return f"run tapehouse refresh; if it stays, tapehouse rebuild {name}"


def _due(there: Column, due: Column, kind: str) -> Column:
    """What is due in the type of what is there, so that both are compared whole; a close statistic is the same."""
    due = due.try_cast(kind)
    if kind != "double":
        return due
    near = F.abs(there - due) <= F.lit(_CLOSE) * F.greatest(F.lit(1.0), F.abs(due))
    return F.when(near, there).otherwise(due)


def _example(row: dict[str, Any]) -> str:
    there, due = row.pop("there", None), row.pop("due", None)
    del row["what"]
    key = ", ".join(f"{name}={_text(value)}" for name, value in row.items())
    wrong = "; ".join(_differences(there.asDict(), due.asDict())) if there is not None else ""
    return f"{key}: {wrong}" if wrong else key


def _differences(there: Mapping[str, Any], due: Mapping[str, Any]) -> Iterator[str]:
    if there.get("row", True) and due.get("row", True):
        for name, value in there.items():
            if value != due[name]:
                yield f"{name} is {_text(value)} and should be {_text(due[name])}"


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case bytes() | bytearray():  # somebody else's: told apart, not printed
            return f"{len(value)} bytes of CRC {zlib.crc32(value)}"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))
    return str(value)
