"""Words that sqlglot reads for other dialects' sake, and Athena does not: refused before anything is read into them."""

import re
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
_SIGNS_INSTEAD: Final = {
    "::": "write CAST(x AS type)", "==": "write =", "ILIKE": "write lower(x) LIKE 'btc%'", "^": "write power(x, y)",
    "**": "write power(x, y)", "RLIKE": "take regexp_like", "~": "take regexp_like", "!": "write NOT", "DIV": "write /",
    "SIMILAR TO": "take regexp_like", "QUALIFY": "put row_number() into a query around which WHERE stands",
}  # fmt: skip
FUNCTIONS: Final = {
    "nvl": "coalesce", "ifnull": "coalesce", "isnull": "x IS NULL", "len": "length", "instr": "strpos",
    "charindex": "strpos", "left": "substr(x, 1, n)", "right": "substr(x, -n)", "trunc": "truncate",
    **dict.fromkeys(("string_agg", "group_concat"), "listagg(x, ',') WITHIN GROUP (ORDER BY x)"),
    "date_sub": "x - INTERVAL '1' DAY", "dateadd": "date_add('day', 1, x)", "datediff": "date_diff('day', x, y)",
    "date_part": "year(x), hour(x) and their like", "strftime": "date_format", "str_to_date": "date_parse",
    "getdate": "now()", "sysdate": "now()", "unix_timestamp": "to_unixtime", "epoch": "to_unixtime",
    "time_bucket": "from_unixtime(floor(to_unixtime(x) / 300) * 300)", "todate": "date(x)",
    "size": "cardinality", "array_length": "cardinality", "array_contains": "contains", "generate_series": "sequence",
    "collect_list": "array_agg", "collect_set": "array_agg(DISTINCT x)", "explode": "CROSS JOIN UNNEST(x) AS t(y)",
    "unnest": "it behind FROM: CROSS JOIN UNNEST(x) AS t(y)", "first": "min_by(x, time)", "last": "max_by(x, time)",
    "argmax": "max_by", "argmin": "min_by", "arg_max": "max_by", "arg_min": "min_by", "countif": "count_if",
    "stdev": "stddev", "decode": "CASE", "regexp_substr": "regexp_extract", "get_json_object": "json_extract_scalar",
    "safe_divide": "x / nullif(y, 0)", "try_divide": "x / nullif(y, 0)", "substring_index": "split_part",
    **dict.fromkeys(
        ("median", "percentile", "percentile_approx", "quantile"),
        "element_at(array_sort(array_agg(x)), CAST(ceil(count(x) * 0.5) AS bigint))",
    ),
}  # fmt: skip
"""Other engines' functions that Athena does not have, and what says the same there."""
_UNREAD: Final = {
    "QUALIFY": "put row_number() into a query around which WHERE stands",
    "TOP": "write LIMIT at the end",
    "`": 'Athena quotes names with "',
    "JSON_OBJECT": "take json_extract_scalar of what there is",
}
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
        word = token.text.upper()
        raise RefusedError(f"the sign {token.text}", _SIGNS_INSTEAD.get(word, "Athena has no such word"))
    if token.token_type is TokenType.IDENTIFIER and sql[token.start] == "`":
        raise RefusedError("a name in backquotes", 'Athena quotes names with "')


def instead(sql: str) -> str:
    """What to write instead of what cannot be read."""
    words = set(re.findall(r"\w+|`", sql.upper()))
    return next((way for word, way in _UNREAD.items() if word in words), "write it otherwise")


def _beginning(before: Any, token: Any) -> None:
    """A word that follows a number at once, and FROM where SELECT is due."""
    if before is not None and before.token_type is TokenType.NUMBER and before.end + 1 == token.start:
        if token.token_type is TokenType.VAR or token.text[0] in "_.":
            raise RefusedError(
                f"the number {before.text}{token.text}", f"write it apart, or as a text: '{before.text}{token.text}'"
            )
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
