"""What a request is held against: JSON Schema, as far as the contract uses it.

Stricter than the contract in one thing: an object whose properties are declared has no others. Metabase drops those in
silence, so that a misspelled key never fails there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),), "integer": (int,),
    "number": (int, float),
}  # fmt: skip
_KNOWN = {
    *("$ref", "type", "enum", "const", "required", "properties", "additionalProperties", "items", "prefixItems"),
    *("minItems", "maxItems", "minLength", "minimum", "maximum", "pattern", "format"),
    *("anyOf", "oneOf", "allOf", "if", "then", "not", "x-known-property-names"),
}


def faults(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = "body") -> list[str]:
    """Why a value is not as the schema says; nothing where it is."""
    return list(_faults(value, schema, schemas, at))


def _faults(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str) -> Iterator[str]:
    if unknown := set(schema) - _KNOWN:
        raise AssertionError(f"the validator does not know {unknown}")
    if "$ref" in schema:
        yield from _faults(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, at)
        return
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        yield from _text(value, schema, at)
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value} is out of range"
    if isinstance(value, list):
        yield from _list(value, schema, schemas, at)
    if isinstance(value, dict):
        yield from _object(value, schema, schemas, at)
    yield from _combined(value, schema, schemas, at)


def _is(value: Any, types: str | list[str]) -> bool:
    for name in [types] if isinstance(types, str) else types:
        if isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)):
            return True
    return False


def _text(value: str, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0) or (schema.get("minLength") and not value.strip()):
        yield f"{at}: it is blank"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match"
    if schema.get("format") == "email" and "@" not in value:
        yield f"{at}: {value!r} is no address"


def _list(value: list[Any], schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{at}: it has {len(value)} members"
    first = schema.get("prefixItems", [])
    for number, each in enumerate(value):
        inner = first[number] if number < len(first) else schema.get("items", {})
        yield from _faults(each, inner, schemas, f"{at}[{number}]")


def _object(value: dict[str, Any], schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str) -> Iterator[str]:
    declared = schema.get("properties", {})
    others = schema.get("additionalProperties", "properties" not in schema)
    yield from (f"{at}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    for key, each in value.items():
        if key in declared:
            yield from _faults(each, declared[key], schemas, f"{at}.{key}")
        elif others is False:
            yield f"{at}: {key} is not known"
        elif isinstance(others, dict):
            yield from _faults(each, others, schemas, f"{at}.{key}")


def _combined(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str) -> Iterator[str]:
    for each in schema.get("allOf", ()):
        yield from _faults(value, each, schemas, at)
    if "if" in schema and not faults(value, _open(schema["if"]), schemas):
        yield from _faults(value, _open(schema["then"]), schemas, at)
    if "not" in schema and not faults(value, schema["not"], schemas):
        yield f"{at}: it is there, and must not be"
    for words in ("anyOf", "oneOf"):
        fitting = [not faults(value, each, schemas) for each in schema.get(words, ())]
        if fitting and sum(fitting) != 1 and not (words == "anyOf" and any(fitting)):
            yield f"{at}: {value!r} fits {sum(fitting)} of {len(fitting)} forms"


def _open(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of a schema, which names some of the properties only."""
    return {**schema, "additionalProperties": True}
