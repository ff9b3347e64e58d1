"""Every function that is answered at home. One that is not here is refused by its name."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from tapehouse.query.dialect.aggregate_functions import AGGREGATES, WINDOWS
from tapehouse.query.dialect.array_functions import ARRAYS
from tapehouse.query.dialect.number_functions import NUMBERS
from tapehouse.query.dialect.signatures import Signature, parsed
from tapehouse.query.dialect.text_functions import TEXT
from tapehouse.query.dialect.time_functions import TIMES

INEXACT: Final = frozenset(
    ("exp", "ln", "log2", "log10", "log", "power", "pow", "corr", "geometric_mean", "regr_slope", "regr_intercept")
)  # fmt: skip
"""In the last digit, libraries and ways of adding differ: answered where that is not seen (``check_digits``)."""
ADDING: Final = frozenset(
    ("sum", "avg", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "corr", "covar_pop",
     "covar_samp", "regr_slope", "regr_intercept", "geometric_mean", "count")
)  # fmt: skip
"""What a last digit of what goes in is lost in."""


def scalars() -> Mapping[str, Sequence[Signature]]:
    """Those of one row."""
    return _by_name(NUMBERS + TEXT + TIMES + ARRAYS)


def aggregates() -> Mapping[str, Sequence[Signature]]:
    """Those over many rows."""
    return _by_name(AGGREGATES)


def windows() -> Mapping[str, Sequence[Signature]]:
    """Those that need OVER."""
    return _by_name(WINDOWS)


@cache
def _by_name(table: str) -> Mapping[str, Sequence[Signature]]:
    found: dict[str, list[Signature]] = {}
    for line in table.strip().splitlines():
        if line:
            signature = parsed(line)
            found.setdefault(signature.name, []).append(signature)
    return found
