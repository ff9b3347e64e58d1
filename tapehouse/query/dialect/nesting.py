"""How long a value becomes once DuckDB has put every macro in its place, and what is worked out once instead.

A macro's argument stands wherever the macro names it, so that calls within calls grow by the power of their depth:
six decimal divisions in one another are 1.6 million words, which take minutes to plan and heed no Ctrl-C meanwhile.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

from tapehouse.errors import RefusedError
from tapehouse.query.dialect.macros import MACROS

_WORD: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+(?:\s*\()?|[(),\[\]{}]""")
_MACRO: Final = re.compile(r"CREATE MACRO (\w+)\(([^)]*)\) AS (.*)", re.DOTALL)
_MOST: Final = 30_000
"""Words that take a second or two to plan, whatever was asked."""
_MOST_EACH: Final = 20
"""Words for each part of a question: a list of ten thousand numbers may be long."""
_FLAT: Final = 1_000
"""Words of an argument, up to which repeating it is faster over many rows than naming it: two divisions deep."""


def words(sql: str) -> int:
    """The words of the SQL with its macros in their places."""
    return _counted(sql, _macros())[""]


def refuse_long(sql: str, parts: int, said: Callable[[], str]) -> None:
    """Raises RefusedError for a value that takes DuckDB too long to plan; ``parts``: those of the question's own."""
    if words(sql) > _MOST + _MOST_EACH * parts:
        raise RefusedError(f"so many calls in one another: {said()}", "work it out step by step, each in a WITH")


def once(arguments: Sequence[str], make: Callable[..., str]) -> str:
    """What is made of the arguments, each of which may be repeated: a long one is worked out before, and named."""
    if max(map(words, arguments)) <= _FLAT:
        return make(*arguments)
    fields = ", ".join(f"a{place} := {argument}" for place, argument in enumerate(arguments))
    # Not named.a0: HAVING would take that for a column.
    made = make(*(f"struct_extract(named, 'a{place}')" for place in range(len(arguments))))
    return f"list_transform([struct_pack({fields})], lambda named: {made})[1]"


@cache
def _macros() -> Mapping[str, tuple[int, tuple[int, ...]]]:
    """Of each macro its own words, and how often each of its arguments stands among them."""
    found: dict[str, tuple[int, tuple[int, ...]]] = {}
    for macro in MACROS:
        parts = _MACRO.fullmatch(macro)
        assert parts is not None, macro  # noqa: S101 - a table of our own
        names = re.findall(r"\w+", parts.group(2))
        counts = _counted(parts.group(3), found, names)
        found[parts.group(1)] = counts[""], tuple(counts[name] for name in names)
    return found


def _counted(
    sql: str, macros: Mapping[str, tuple[int, tuple[int, ...]]], names: Sequence[str] = ()
) -> Mapping[str, int]:
    """How often each of the names stands in the SQL, and under no name its other words."""
    counts = dict.fromkeys(("", *names), 0)
    open_calls: list[tuple[int, tuple[int, ...], int]] = []  # the times around it, of each argument, which is read
    times = 1
    for word in _WORD.findall(sql):
        if word[-1] in "([{":
            own, repeated = macros.get(word[:-1].rstrip(), (1, ()))
            counts[""] += times * own
            open_calls.append((times, repeated, 0))
            times *= repeated[0] if repeated else 1
        elif word in ")]}":
            times = open_calls.pop()[0]
        elif word == ",":
            if open_calls:
                around, repeated, place = open_calls.pop()
                open_calls.append((around, repeated, place + 1))
                times = around * (repeated[place + 1] if place + 1 < len(repeated) else 1)
        else:
            counts[word if word in counts else ""] += times
    return counts
