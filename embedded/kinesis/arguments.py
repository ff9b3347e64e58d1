"""The arguments of one call: a JSON object read by name, type and range, as AWS' request validator does.

Every method raises ``ApiError``: ValidationException where the API's model is broken, SerializationException where the
type is wrong.
"""

import json
import re
from typing import Any, Final

from .errors import ApiError, validation

NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
ARN: Final = re.compile(r"arn:aws[^:]*:kinesis:[^:]*:\d{12}:stream/([a-zA-Z0-9_.-]{1,128})")
HASH_KEY: Final = re.compile(r"0|[1-9]\d{0,38}")
SEQUENCE_NUMBER: Final = re.compile(r"0|[1-9]\d{0,128}")


def serialization(name: str, wanted: str) -> ApiError:
    return ApiError("SerializationException", f"{name} must be {wanted}")


class Arguments:
    """Reads the body of a call."""

    def __init__(self, body: bytes) -> None:
        try:
            values = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            raise ApiError("SerializationException", "the request body is no JSON") from None
        if not isinstance(values, dict):
            raise serialization("the request body", "a JSON object")
        self._values: dict[str, Any] = values

    def raw(self, name: str) -> Any:
        """Whatever was given, None if nothing."""
        return self._values.get(name)

    def optional(self, name: str, pattern: re.Pattern[str] | None = None) -> str | None:
        """A text, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise serialization(name, "a string")
        if pattern is not None and not pattern.fullmatch(value):
            rule = f"Member must satisfy regular expression pattern: {pattern.pattern}"
            raise validation(_path(name), value, rule)
        return value

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """A text that must be there."""
        value = self.optional(name, pattern)
        if value is None:
            raise validation(_path(name), None, "Member must not be null")
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of a few texts."""
        value = self.text(name)
        if value not in allowed:
            raise validation(_path(name), value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        return value

    def integer(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number in a range; must be there unless there is a default."""
        value = self._values.get(name)
        if value is None:
            if default is None:
                raise validation(_path(name), None, "Member must not be null")
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise serialization(name, "an integer")
        if value < least:
            raise validation(_path(name), value, f"Member must have value greater than or equal to {least}")
        if value > most:
            raise validation(_path(name), value, f"Member must have value less than or equal to {most}")
        return value

    def timestamp_us(self, name: str) -> int | None:
        """Epoch seconds (a number, with or without a fraction) as µs, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e11:
            raise serialization(name, "a number of epoch seconds")
        return round(value * 1e6)

    def mapping(self, name: str) -> "Arguments | None":
        """A nested object, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise serialization(name, "an object")
        nested = Arguments(b"")
        nested._values = value
        return nested

    def tags(self, name: str, *, required: bool) -> dict[str, str]:
        """A map of texts."""
        value = self._values.get(name)
        if value is None:
            if required:
                raise validation(_path(name), None, "Member must not be null")
            return {}
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise serialization(name, "an object of strings")
        for key, text in value.items():
            if not 1 <= len(key) <= 128 or len(text) > 256:
                raise validation(_path(name), key, "Keys are 1 to 128, values 0 to 256 characters long")
        return value

    def texts(self, name: str, *, most: int) -> list[str]:
        """A list of texts that must be there."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise serialization(name, "a list of strings")
        if not 1 <= len(value) <= most:
            raise validation(_path(name), len(value), f"Member must have length between 1 and {most}")
        return value

    def stream_name(self, *, arn: str = "StreamARN", name: str = "StreamName") -> str:
        """The stream meant by StreamName, StreamARN or both, which must agree."""
        given, by_arn = self.optional(name, NAME), self.optional(arn, ARN)
        if by_arn is None and given is None:
            raise ApiError("InvalidArgumentException", f"Either {name} or {arn} must be specified.")
        if by_arn is None:
            return str(given)
        in_arn = by_arn.partition(":stream/")[2]
        if given is not None and given != in_arn:
            raise ApiError("InvalidArgumentException", f"StreamName {given} and StreamARN {by_arn} do not match.")
        return in_arn


def _path(name: str) -> str:
    return name[:1].lower() + name[1:]
