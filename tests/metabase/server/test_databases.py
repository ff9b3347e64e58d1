"""The prefix of a deployment's databases stands before layers' names, and nowhere else."""

import pytest

from metabase.server.databases import prefixed, unprefixed
from tapehouse.errors import TerminalError


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT gold.candles.open FROM gold.candles", "SELECT dev_gold.candles.open FROM dev_gold.candles"),
        (
            'SELECT \'gold.x\', "a" FROM "silver".trades AS gold -- gold.candles\n[[ WHERE symbol = {{gold}} ]]',
            'SELECT \'gold.x\', "a" FROM "dev_silver".trades AS gold -- gold.candles\n[[ WHERE symbol = {{gold}} ]]',
        ),
        (
            "WITH g AS (SELECT 1 AS n FROM gold.news WHERE n > -{{days}}) SELECT n FROM g, bronze.trades",
            "WITH g AS (SELECT 1 AS n FROM dev_gold.news WHERE n > -{{days}}) SELECT n FROM g, dev_bronze.trades",
        ),
    ],
)
def test_names_of_layers_get_the_prefix_and_all_else_stays(sql: str, told: str) -> None:
    assert prefixed(sql, "dev_") == told
    assert prefixed(sql, "") == sql
    assert unprefixed(told, "dev_") == sql
    assert unprefixed(sql, "") == sql


def test_what_is_no_question_is_told() -> None:
    with pytest.raises(TerminalError, match="cannot be read"):
        prefixed("SELECT FROM WHERE {{a}}", "dev_")
