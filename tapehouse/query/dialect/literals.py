"""Constants, and the types that Athena reads from how they are written."""

import re
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import types
from tapehouse.query.dialect.casts import cast, text
from tapehouse.query.dialect.names import Typed
from tapehouse.query.dialect.types import INTERVAL_DAYS, INTERVAL_MONTHS, Type

_MOMENT = re.compile(
    r"\s*(\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.(\d+))?)?)?)(?:\s*(\S*[A-Za-z+-]\S*))?\s*"
)
_MS: Final = {"SECOND": 1000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}


def number(written: str) -> Typed:
    """``1`` is an integer, ``1.5`` a decimal(2,1), ``15e-1`` a double."""
    digits = written.replace("_", "")
    if re.fullmatch(r"\d+", digits):
        if int(digits) > 2**63 - 1:
            raise TerminalError(f"The SQL is wrong: {written} is too large: write DECIMAL '{written}'.")
        kind = types.INTEGER if int(digits) < 2**31 else types.BIGINT
        return Typed(f"CAST({int(digits)} AS {kind.duckdb})", kind, text=digits)
    if re.fullmatch(r"\d*\.?\d*[eE][+-]?\d+", digits):
        return Typed(f"CAST('{digits}' AS DOUBLE)", types.DOUBLE)
    return decimal(digits)


def decimal(digits: str) -> Typed:
    """As many digits as are written, without zeros in front."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", digits.strip()):
        raise TerminalError(f"The SQL is wrong: {digits} is no decimal.")
    whole, _, behind = digits.strip().lstrip("+-").partition(".")
    kind = types.decimal(max(1, len(whole.lstrip("0")) + len(behind)), len(behind))
    return Typed(f"CAST('{digits.strip()}' AS {kind.duckdb})", kind)


def string(content: str) -> Typed:
    return Typed(text(content), Type("varchar", (len(content),)), text=content)


def of_type(written: str, content: str) -> Typed:
    """``DATE '2026-11-22'`` and its like."""
    name = written.lower()
    if name == "decimal":
        return decimal(content)
    if name.startswith("timestamp"):
        return moment(content)
    if name == "date":
        if not re.fullmatch(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*", content):
            raise TerminalError(f"The SQL is wrong: '{content}' is no date.")
        return Typed(f"CAST('{content.strip()}' AS DATE)", types.DATE)
    kind = types.parse(name)
    if kind.name == "json" or kind.args:
        raise RefusedError(f"a constant of {written.upper()}", "write it by a CAST or by json_parse")
    return Typed(cast(text(content), types.VARCHAR, kind), kind)


def moment(content: str) -> Typed:
    """A timestamp, of a zone if one is written; its digits are those behind the second."""
    found = _MOMENT.fullmatch(content)
    if not found:
        raise TerminalError(f"The SQL is wrong: '{content}' is no timestamp.")
    local, digits, zone = found.group(1), len(found.group(2) or ""), found.group(3)
    kind = types.timestamp(digits, zoned=zone is not None)
    sql = f"CAST('{local}' AS TIMESTAMP)"
    if zone is None:
        return Typed(sql, kind)
    if zone == "UTC":
        return Typed(f"athena_zoned({sql})", kind)
    shifted = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if shifted:
        minutes = int(shifted.group(2)) * 60 + int(shifted.group(3))
        sign = "-" if shifted.group(1) == "+" else "+"
        sql = f"athena_zoned({sql} {sign} to_minutes({minutes}))"
    else:
        sql = f"timezone({text(types.zone(zone))}, {sql})"
    return Typed(sql, Type(types.ZONED, (digits,), (zone,)))


def interval(node: exp.Interval) -> Typed:
    """``INTERVAL '1' DAY`` and ``INTERVAL '1 02:30' DAY TO MINUTE``."""
    unit, content = node.args.get("unit"), node.this
    if not isinstance(content, exp.Literal) or not content.is_string or unit is None:
        raise RefusedError("INTERVAL of what is no text", "write INTERVAL '1' DAY, or multiply that")
    span = " TO ".join(
        each.name.upper() for each in ([unit.this, unit.expression] if isinstance(unit, exp.IntervalSpan) else [unit])
    )
    written: str = content.name
    if span in _MS:
        return Typed(f"CAST({_scaled(written, span)} AS BIGINT)", INTERVAL_DAYS)
    if span in ("MONTH", "YEAR") and re.fullmatch(r"[+-]?\d+", written):
        return Typed(f"CAST({int(written) * (12 if span == 'YEAR' else 1)} AS BIGINT)", INTERVAL_MONTHS)
    months = re.fullmatch(r"([+-]?)(\d+)-(\d+)", written)
    if span == "YEAR TO MONTH" and months:
        total = int(months.group(2)) * 12 + int(months.group(3))
        return Typed(f"CAST({months.group(1)}{total} AS BIGINT)", INTERVAL_MONTHS)
    return Typed(f"CAST({_clock(written, span)} AS BIGINT)", INTERVAL_DAYS)


def _scaled(written: str, unit: str) -> int:
    found = re.fullmatch(r"([+-]?)(\d+)(?:\.(\d{1,3}))?", written)
    if not found or (found.group(3) and unit != "SECOND"):
        raise TerminalError(f"The SQL is wrong: '{written}' is no interval of {unit}.")
    total = int(found.group(2)) * _MS[unit] + int((found.group(3) or "").ljust(3, "0"))
    return -total if found.group(1) == "-" else total


def _clock(written: str, span: str) -> int:
    """Milliseconds of ``1 02:03:04.5``, of which the span says what comes first and last."""
    units = ["DAY", "HOUR", "MINUTE", "SECOND"]
    first, _, last = span.partition(" TO ")
    if first not in units or last not in units or units.index(first) >= units.index(last):
        raise RefusedError(f"INTERVAL … {span}", "write it in DAY, HOUR, MINUTE, SECOND, MONTH or YEAR")
    wanted = units[units.index(first) : units.index(last) + 1]
    is_negative = written.startswith("-")
    parts = re.split(r"[ :]", written[1:] if is_negative else written.lstrip("+"))
    if len(parts) != len(wanted) or not all(re.fullmatch(r"\d+(\.\d{1,3})?", part) for part in parts):
        raise TerminalError(f"The SQL is wrong: '{written}' is no interval of {span}.")
    total = sum(_scaled(part, unit) for part, unit in zip(parts, wanted, strict=True))
    return -total if is_negative else total
