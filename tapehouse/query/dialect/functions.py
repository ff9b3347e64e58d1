"""Every function that is answered at home. One that is not here is refused by its name."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from tapehouse.errors import RefusedError
from tapehouse.query.dialect.aggregate_functions import AGGREGATES, WINDOWS
from tapehouse.query.dialect.array_functions import ARRAYS
from tapehouse.query.dialect.number_functions import NUMBERS
from tapehouse.query.dialect.signatures import Signature, parsed
from tapehouse.query.dialect.text_functions import TEXT
from tapehouse.query.dialect.time_functions import TIMES

INEXACT: Final = frozenset(("exp", "ln", "log2", "log", "power", "pow", "corr", "geometric_mean"))
"""In the last digit, libraries and orders of adding differ: answered inside round() alone."""


def check_exact(name: str, *, is_rounded: bool) -> None:
    """Raises RefusedError for one of those, bare."""
    if name in INEXACT and not is_rounded:
        raise RefusedError(f"{name} without round", f"write round({name}(…), 10): engines differ in the last digit")


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
