"""The layers' names as Athena's databases are called, in SQL that holds tags."""

import re
from typing import Final

from tapehouse.query.dialect import with_databases

_WORD: Final = "tapehouse_stands_in_for_a_prefix_"
_TAG: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def prefixed(sql: str, prefix: str) -> str:
    """The SQL with the prefix before bronze, silver and gold; all else stays as it was written.

    Tags are no SQL: while the names are looked for, texts of their length stand in their places. Raises TerminalError
    for SQL that cannot be read.
    """
    if not prefix:
        return sql
    plain = _TAG.sub(lambda match: f"'{'x' * (len(match[0]) - 2)}'", sql)
    plain = plain.replace("[[", "  ").replace("]]", "  ") if "[[" in plain else plain
    parts = with_databases(plain, _WORD).split(_WORD)
    made, done = "", 0
    for part in parts:
        made += ("" if done == 0 and not made else prefix) + sql[done : done + len(part)]
        done += len(part)
    return made


def unprefixed(sql: str, prefix: str) -> str:
    """The SQL as a file has it."""
    return re.sub(rf'\b{re.escape(prefix)}(bronze|silver|gold)("?\.)', r"\1\2", sql) if prefix else sql
