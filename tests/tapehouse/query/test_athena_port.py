"""What is sent to Athena, and what comes back."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from tapehouse.errors import TerminalError
from tapehouse.query.athena_port import AthenaPort


def reader() -> tuple[list[dict[str, Any]], Callable[..., pd.DataFrame]]:
    """What is sent, and what answers it with one row."""
    sent: list[dict[str, Any]] = []

    def read(**arguments: Any) -> pd.DataFrame:
        sent.append(arguments)
        return pd.DataFrame({"n": [1]})

    return sent, read


def test_the_question_is_sent_as_it_is_to_the_workgroup() -> None:
    sent, read = reader()
    AthenaPort(workgroup="analysts", read=read).run(" SELECT count(*) AS n FROM silver.trades ; ")
    assert sent[0]["sql"].strip() == "SELECT count(*) AS n FROM silver.trades"
    assert sent[0]["workgroup"] == "analysts"
    assert sent[0]["ctas_approach"] is False


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("select * from silver.trades -- all", "select * from desk_silver.trades -- all"),
        ('SELECT "gold".candles.open FROM Gold.candles', 'SELECT "desk_gold".candles.open FROM desk_Gold.candles'),
        ("SELECT 1 FROM awsdatacatalog.gold.candles g", "SELECT 1 FROM awsdatacatalog.desk_gold.candles g"),
        ("SELECT 1e0-1-2e0-1 FROM gold.candles", "SELECT 1e0-1-2e0-1 FROM desk_gold.candles"),
        (
            "WITH gold AS (SELECT 'silver.trades' AS é) SELECT gold.é FROM gold JOIN bronze.trades ON true",
            "WITH gold AS (SELECT 'silver.trades' AS é) SELECT gold.é FROM gold JOIN desk_bronze.trades ON true",
        ),
    ],
)
def test_the_databases_of_a_deployment_are_asked_by_their_names(asked: str, expected: str) -> None:
    sent, read = reader()
    AthenaPort(database_prefix="desk_", read=read).run(asked)
    assert (sent[0]["sql"], sent[0]["database"]) == (expected, "desk_gold")


def test_cells_are_those_of_the_other_engine() -> None:
    def arrow(kind: pa.DataType, values: list[Any]) -> pd.Series:
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, kind)))

    when = dt.datetime(2024, 3, 9, 23, 3, tzinfo=dt.UTC)
    frame = pd.DataFrame(
        {
            "price": arrow(pa.decimal128(28, 12), [Decimal("69000.123456789012"), None]),
            "event_time": arrow(pa.timestamp("us", "UTC"), [when, None]),
            "trade_count": arrow(pa.int64(), [3, None]),
            "side": arrow(pa.string(), ["buy", None]),
            "day": arrow(pa.date32(), [when.date(), None]),
        }
    )
    result = AthenaPort(read=lambda **_: frame).run("SELECT * FROM silver.trades")
    assert result.columns == ("price", "event_time", "trade_count", "side", "day")
    assert result.rows == [
        (Decimal("69000.123456789012"), when, 3, "buy", when.date()),
        (None, None, None, None, None),
    ]
    assert type(result.rows[0][1]) is dt.datetime


@pytest.mark.parametrize("sql", ["DROP TABLE silver.trades", "UNLOAD (SELECT 1) TO 's3://x'", "SELECT 1; SELECT 2"])
def test_what_is_no_question_is_never_sent(sql: str) -> None:
    def read(**_: Any) -> Any:
        raise AssertionError("sent")

    with pytest.raises(TerminalError):
        AthenaPort(read=read).run(sql)


def test_athenas_refusal_is_one_sentence() -> None:
    def read(**_: Any) -> Any:
        body = {"Error": {"Code": "InvalidRequestException", "Message": "line 1:8: Column 'x'\ncannot be resolved"}}
        raise ClientError(body, "StartQueryExecution")

    with pytest.raises(TerminalError, match=r"Athena did not answer: .*cannot be resolved") as caught:
        AthenaPort(read=read).run("SELECT x FROM silver.trades")
    assert "\n" not in str(caught.value)


def test_a_fault_of_our_own_is_not_dressed_up() -> None:
    def read(**_: Any) -> Any:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        AthenaPort(read=read).run("SELECT 1")
