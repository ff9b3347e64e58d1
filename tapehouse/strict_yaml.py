"""YAML of which only the plain part is read: mappings with text keys, lists, text, true, false and nothing.

Aliases are refused (ten lines of them are gigabytes), tags too (they name Python's objects), a key that is there twice
(the second would silently win), and what is large or deep. A scalar is text whatever it looks like: YAML 1.1 takes
``NO`` for false, ``1:30`` for ninety and ``2026-11-29`` for a date.
"""

from typing import Any, Final

import yaml

from tapehouse.errors import TerminalError

MOST_BYTES: Final = 256 * 1024
MOST_DEPTH: Final = 24
_CORE: Final = "tag:yaml.org,2002:"
_PLAIN: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class LinedMapping(dict[str, Any]):
    """A mapping of a text, which knows where it was written."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        """From 1, where it begins."""
        self.lines: dict[str, int] = {}
        """Of each key."""


class YamlError(TerminalError):
    """A text is no YAML, or more than the plain part of it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


def load(content: bytes) -> Any:
    """Mappings, lists, text, booleans and None. Raises YamlError; its text shows a line's number, never the line."""
    if len(content) > MOST_BYTES:
        raise YamlError(f"it has more than {MOST_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
        _look_over(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise YamlError("it is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        problem = error.problem or error.context or "it cannot be read"
        raise YamlError(f"{_line(error.problem_mark)}no YAML: {problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlError(f"no YAML ({type(error).__name__})") from error
    return None if node is None else _value(node)


def _look_over(text: str) -> None:
    """By its events, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(f"{_line(event.start_mark)}aliases and anchors are not read: write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise YamlError(f"{_line(event.start_mark)}it is nested deeper than {MOST_DEPTH}")


def _value(node: yaml.Node) -> Any:
    if not node.tag.startswith(_CORE) or node.tag.startswith((f"{_CORE}python", f"{_CORE}binary")):
        raise YamlError(f"{_line(node.start_mark)}tags are not read")
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _PLAIN
    return _PLAIN[node.value] if is_plain else str(node.value)


def _mapping(node: yaml.MappingNode) -> LinedMapping:
    made = LinedMapping(node.start_mark.line + 1)
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"{_line(key.start_mark)}a key has to be a word")
        if key.value in made:
            raise YamlError(f"{_line(key.start_mark)}the key {key.value[:40]!r} is there twice")
        made[key.value] = _value(value)
        made.lines[key.value] = key.start_mark.line + 1
    return made


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}: " if mark is not None else ""
