"""What to run where a question finds nothing."""

import re
from collections.abc import Sequence
from typing import Final

from metabase.question import Question

_TABLE: Final = re.compile(r"\b(?:bronze|silver|gold)\.[a-z][a-z0-9_]*")
_COMMANDS: Final = (
    (("gold.portfolio",), "save what you hold by “Holdings” above, then run `make run-app` or `tapehouse refresh`"),
    (
        (
            "gold.news",
            "gold.keywords_daily",
            "gold.sentiment_daily",
            "gold.sentiment_vs_price",
            "silver.documents",
            "silver.scores",
            "silver.quotes",
        ),
        "run `tapehouse batches`, then `tapehouse refresh`; `make run-app` does both",
    ),
)
_ANYTHING_ELSE: Final = "run `make run-app`, which brings trades"


def tables_of(question: Question) -> tuple[str, ...]:
    """The tables that a question names, sorted. One in a comment is among them: that costs a needless look."""
    return tuple(sorted(set(_TABLE.findall(question.sql))))


def nothing_found(question: Question) -> str:
    """For an answer without rows."""
    return f"Nothing here for this choice. If there never was: {command_for(tables_of(question))}."


def not_there(question: Question, missing: Sequence[str]) -> str:
    """For tables that were not made yet."""
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} not there yet: {command_for(missing)}."


def command_for(tables: Sequence[str]) -> str:
    """What fills the tables, in words."""
    for names, command in _COMMANDS:
        if set(names) & set(tables):
            return command
    return _ANYTHING_ELSE
