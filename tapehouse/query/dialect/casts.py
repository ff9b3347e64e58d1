"""A value of one of Athena's types made one of another, in DuckDB's words: unasked, and where a CAST asks for it."""

from collections.abc import Callable, Mapping
from typing import Final

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import types
from tapehouse.query.dialect.types import DAYS, MONTHS, WHOLE, ZONED, Type


def coerced(sql: str, kind: Type, wanted: Type) -> str:
    """The value where it meets another type that holds it without loss."""
    return sql if kind.name == wanted.name == "varchar" else cast(sql, kind, wanted)


def cast(sql: str, kind: Type, wanted: Type) -> str:
    """What CAST makes. Raises TerminalError for what Athena does not cast, RefusedError for what is not had here."""
    if kind == wanted:
        return sql
    if kind.name == "unknown":
        return f"CAST({sql} AS {wanted.duckdb})"
    if wanted.name in ("array", "map", "row") or kind.name in ("array", "map", "row"):
        return _cast_parts(sql, kind, wanted)
    made = _TO.get(wanted.name, _never)(sql, kind, wanted)
    if made is None:
        raise TerminalError(f"The SQL is wrong: {kind} cannot be cast to {wanted}.")
    return made


def _cast_parts(sql: str, kind: Type, wanted: Type) -> str:
    if kind.name != wanted.name or len(kind.args) != len(wanted.args):
        if "json" in (kind.name, wanted.name):
            raise RefusedError(f"a cast of {kind} to {wanted}", "cast its parts")
        raise TerminalError(f"The SQL is wrong: {kind} cannot be cast to {wanted}.")
    if kind.name == "array":
        part = cast("part", kind.of, wanted.of)
        return sql if part == "part" else f"list_transform({sql}, lambda part: {part})"
    if kind.name == "row":
        parts = zip(types.field_names(wanted), types.field_names(kind), kind.args, wanted.args, strict=True)
        fields = [
            f"{types.quoted(new)} := {cast(f'struct_extract({sql}, {text(old)})', a, b)}"
            for new, old, a, b in parts
            if isinstance(a, Type) and isinstance(b, Type)
        ]
        return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"
    if kind.duckdb == wanted.duckdb:
        return sql
    raise RefusedError(f"a cast of {kind} to {wanted}", "cast its keys and values before they become a map")


def text(content: str) -> str:
    """A text constant."""
    return "'" + content.replace("'", "''") + "'"


def _never(sql: str, kind: Type, wanted: Type) -> str | None:
    return None


def _whole(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name in WHOLE or kind.name in ("decimal", "boolean"):
        return f"CAST({sql} AS {wanted.duckdb})"
    if kind.name == "double":
        return f"CAST(round({sql}) AS {wanted.duckdb})"  # bare, DuckDB would take the even neighbour of a half
    return f"athena_{wanted.name}(athena_near_digits({sql}))" if kind.name == "varchar" else None


def _double(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "decimal" and kind.decimal[0] > 18:
        return f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)"  # by way of two doubles, it would be rounded twice
    if kind.name in WHOLE or kind.name in ("decimal", "boolean"):
        return f"CAST({sql} AS DOUBLE)"
    return f"athena_double({sql})" if kind.name == "varchar" else None


def _decimal(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "varchar":
        return f"CAST(athena_decimal_text(athena_near_digits({sql})) AS {wanted.duckdb})"
    if kind.name == "double":
        return f"CAST(CAST({sql} AS VARCHAR) AS {wanted.duckdb})"  # of its shortest digits, as Athena rounds it
    return f"CAST({sql} AS {wanted.duckdb})" if types.is_number(kind) or kind.name == "boolean" else None


def _boolean(sql: str, kind: Type, wanted: Type) -> str | None:
    if types.is_number(kind):
        return f"({sql} <> 0)"
    return f"athena_boolean({sql})" if kind.name == "varchar" else None


def _varchar(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "varchar":
        length = wanted.length
        shorter = length is not None and (kind.length is None or kind.length > length)
        return f"left({sql}, {length})" if shorter else sql
    if wanted.args:
        raise RefusedError(f"a cast of {kind} to {wanted}", "cast to varchar")
    if kind.name == "json":
        raise RefusedError("a cast of json to varchar", "take json_format or json_extract_scalar")
    if kind.name in WHOLE or kind.name == "boolean":
        return f"CAST({sql} AS VARCHAR)"
    if kind.name == "decimal":
        return _decimal_text(sql, kind)
    digits = kind.digits if kind.name in ("timestamp", ZONED) else 0
    return {
        "double": f"athena_double_text({sql})",
        "date": f"athena_time_text(CAST({sql} AS TIMESTAMP), -10)",
        "timestamp": f"athena_time_text({sql}, {digits})",
        ZONED: f"(athena_time_text(athena_utc({sql}), {digits}) || ' UTC')",
        DAYS: f"CASE WHEN {sql} IS NOT NULL THEN athena_days_text({sql}) END",
        MONTHS: f"CASE WHEN {sql} IS NOT NULL THEN athena_months_text({sql}) END",
    }.get(kind.name)


def _decimal_text(sql: str, kind: Type) -> str:
    precision, scale = kind.decimal
    if precision > scale:
        return f"CAST({sql} AS VARCHAR)"
    if precision == 38:
        raise RefusedError(f"a cast of {kind} to varchar", "cast it to a decimal of fewer places")
    wider = types.decimal(precision + 1, scale)  # as it is, DuckDB would write no zero before the point
    return f"CAST(CAST({sql} AS {wider.duckdb}) AS VARCHAR)"


def _date(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "timestamp":
        return f"CAST({sql} AS DATE)"
    if kind.name == ZONED:
        return f"CAST(athena_utc({sql}) AS DATE)"
    return f"athena_date(athena_odd({sql}))" if kind.name == "varchar" else None


def _timestamp(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "date":
        return f"CAST({sql} AS TIMESTAMP)"
    if kind.name == "varchar":
        made, digits = f"athena_timestamp(athena_odd({sql}))", 6
    elif kind.name in ("timestamp", ZONED):
        made, digits = sql if kind.name == "timestamp" else f"athena_utc({sql})", kind.digits
    else:
        return None
    return made if wanted.digits >= digits else f"athena_digits({made}, {10 ** (6 - wanted.digits)})"


def _zoned(sql: str, kind: Type, wanted: Type) -> str | None:
    if kind.name == "varchar":
        sql = f"athena_utc_text({sql})"
    if kind.name == ZONED and wanted.digits >= kind.digits:
        return sql
    made = _timestamp(sql, kind, types.timestamp(wanted.digits))
    return None if made is None else f"athena_zoned({made})"


def _json(sql: str, kind: Type, wanted: Type) -> str | None:
    raise RefusedError(f"a cast of {kind} to json", "leave it as it is")


def _varbinary(sql: str, kind: Type, wanted: Type) -> str | None:
    return f"encode({sql})" if kind.name == "varchar" else None


_TO: Final[Mapping[str, Callable[[str, Type, Type], str | None]]] = {
    **dict.fromkeys(WHOLE, _whole),
    "double": _double,
    "decimal": _decimal,
    "boolean": _boolean,
    "varchar": _varchar,
    "date": _date,
    "timestamp": _timestamp,
    ZONED: _zoned,
    "json": _json,
    "varbinary": _varbinary,
}
