"""Words that sqlglot reads for other dialects' sake, and Athena does not: refused before anything is read into them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlglot import TokenType

from tapehouse.errors import RefusedError

_FOREIGN: Final = {
    TokenType.DCOLON: "::",
    TokenType.CARET: "^",
    TokenType.CARET_AT: "^@",
    TokenType.AMP: "&",
    TokenType.PIPE: "|",
    TokenType.TILDE: "~",
    TokenType.HASH: "#",
    TokenType.DIV: "DIV",
    TokenType.ILIKE: "ILIKE",
    TokenType.GLOB: "GLOB",
    TokenType.RLIKE: "RLIKE",
    TokenType.SIMILAR_TO: "SIMILAR TO",
    TokenType.QUALIFY: "QUALIFY",
    TokenType.PARAMETER: "@",
    TokenType.PLACEHOLDER: "?",
}
"""Signs and words that sqlglot reads for other dialects' sake, and Athena does not."""

_SIGNS: Final = ("==", "//", "!", "**")
_QUOTED: Final = (TokenType.STRING, TokenType.IDENTIFIER)
_TYPES: Final = frozenset(
    ("boolean", "tinyint", "smallint", "int", "integer", "bigint", "real", "double", "decimal", "varchar", "char",
     "varbinary", "json", "date", "time", "timestamp", "interval", "array", "map", "row", "uuid", "ipaddress")
)  # fmt: skip
"""What a type may begin with in Athena; sqlglot reads other dialects' too, and takes them for one of these."""


def refuse(tokens: Sequence[Any], sql: str) -> None:
    """Raises RefusedError for the first of them."""
    calls: list[str] = []
    limited: dict[int, bool] = {}
    for before, token in zip([None, *tokens], tokens, strict=False):
        _sign(token, sql)
        if before is not None and before.token_type is TokenType.GROUP_BY and token.token_type is TokenType.DISTINCT:
            raise RefusedError("GROUP BY DISTINCT", "name each set once")
        _beginning(before, token)
        if token.token_type is TokenType.L_PAREN:
            calls.append(before.text.upper() if before is not None else "")
        elif token.token_type is TokenType.R_PAREN and calls:
            calls.pop()
        elif token.token_type is TokenType.COMMA and calls and calls[-1] in ("EXTRACT", "POSITION", "TRIM"):
            raise RefusedError(f"{calls[-1]} with a comma", "write EXTRACT(x FROM y), POSITION(x IN y), TRIM(x)")
        if calls and calls[-1] in ("CAST", "TRY_CAST") and before.token_type is TokenType.ALIAS:
            _type(token)
        _limit(token, limited, len(calls))


def _sign(token: Any, sql: str) -> None:
    if token.token_type in _FOREIGN or (token.text in _SIGNS and token.token_type not in _QUOTED):
        raise RefusedError(f"the sign {token.text}", "Athena has no such word")
    if token.token_type is TokenType.IDENTIFIER and sql[token.start] == "`":
        raise RefusedError("a name in backquotes", 'Athena quotes names with "')


def _beginning(before: Any, token: Any) -> None:
    """A word that follows a number at once, and FROM where SELECT is due."""
    if before is not None and before.token_type is TokenType.NUMBER and before.end + 1 == token.start:
        if token.token_type is TokenType.VAR or token.text[0] in "_.":
            raise RefusedError(f"the number {before.text}{token.text}", "write it apart")
    elif token.token_type is TokenType.FROM and (before is None or before.token_type is TokenType.L_PAREN):
        raise RefusedError("FROM without SELECT", "Athena begins with SELECT")


def _type(token: Any) -> None:
    if token.text.lower() not in _TYPES:
        raise RefusedError(f"the type {token.text}", "Athena knows no such type")


def _limit(token: Any, limited: dict[int, bool], depth: int) -> None:
    if token.token_type in (TokenType.LIMIT, TokenType.SELECT):
        limited[depth] = token.token_type is TokenType.LIMIT
    elif token.token_type is TokenType.OFFSET and limited.get(depth):
        raise RefusedError("OFFSET behind LIMIT", "Athena takes OFFSET first")
