"""Rows as people and programs get them."""

import argparse
import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest

from cli import results
from tapehouse.query.port import Result

WHEN = dt.datetime(2024, 3, 9, 23, 59, 59, 999_500, tzinfo=dt.UTC)
RESULT = Result(
    ("price", "at", "note", "n", "ok", "raw"),
    [
        (Decimal("0.000000000001"), WHEN, 'a "b", c', 3, True, b"\xffa"),
        (Decimal("1E+3"), None, None, None, False, None),
    ],
)


def shown(capsys: pytest.CaptureFixture[str], result: Result, **words: bool) -> str:
    results.show(result, argparse.Namespace(**{"json": False, "csv": False, **words}))
    return capsys.readouterr().out


def test_json_lines_keep_decimals_and_times_exact(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (json.loads(line) for line in shown(capsys, RESULT, json=True).splitlines())
    assert first == {
        "price": "0.000000000001",
        "at": "2024-03-09T23:59:59.999500Z",
        "note": 'a "b", c',
        "n": 3,
        "ok": True,
        "raw": "\\xffa",
    }
    assert second["price"] == "1000"
    assert second["at"] is None


def test_csv_quotes_what_needs_it_and_leaves_null_empty(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.reader(io.StringIO(shown(capsys, RESULT, csv=True))))
    assert rows[0] == ["price", "at", "note", "n", "ok", "raw"]
    assert rows[1][2] == 'a "b", c'
    assert rows[2] == ["1000", "", "", "", "false", ""]


def test_the_table_lines_up_and_numbers_stand_right(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(("market", "trades"), [("BTC-USD", 5), ("ETH-USD", 12_345)])
    assert shown(capsys, result).splitlines() == [
        "market   trades",
        "-------  ------",
        "BTC-USD       5",
        "ETH-USD   12345",
    ]


def test_no_rows_is_a_head_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, Result(("a",), [])) == "a\n-\n"
    assert shown(capsys, Result(("a",), []), json=True) == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_no_number_for_is_text(capsys: pytest.CaptureFixture[str], value: float) -> None:
    assert json.loads(shown(capsys, Result(("x",), [(value,)]), json=True)) == {"x": str(value)}


def test_nested_values_are_json_in_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(("x",), [([Decimal("1.50"), None],)])
    assert shown(capsys, result, csv=True) == 'x\n"[""1.50"", null]"\n'
    assert json.loads(shown(capsys, result, json=True)) == {"x": ["1.50", None]}
