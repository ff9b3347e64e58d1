"""Rows on stdout: a table for people, JSON lines or CSV for programs. Decimals stay exact, times are ISO 8601, UTC."""

import argparse
import csv
import datetime as dt
import decimal
import json
import sys
from typing import Any

from tapehouse.query.port import Result


def add_format(parser: argparse.ArgumentParser, *, with_csv: bool = True) -> None:
    """The words ``--json`` and ``--csv``."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="one JSON object a line; decimals and times as text")
    if with_csv:
        group.add_argument("--csv", action="store_true", help="CSV with a head line; NULL is an empty field")


def show(result: Result, options: argparse.Namespace) -> None:
    """Writes the rows to stdout as the words ask."""
    if options.json:
        for row in result.rows:
            print(json.dumps(dict(zip(result.columns, map(plain, row), strict=True)), ensure_ascii=False))
    elif getattr(options, "csv", False):
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows([text(value) for value in row] for row in result.rows)
    else:
        draw(result)


def draw(result: Result) -> None:
    """A table as wide as it needs to be: a pipe into ``less -S`` loses nothing."""
    head = list(result.columns)
    body = [["" if value is None else text(value) for value in row] for row in result.rows]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    numbers = [
        all(isinstance(row[i], int | float | decimal.Decimal | None) for row in result.rows) for i in range(len(head))
    ]

    def line(cells: list[str]) -> str:
        padded = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(cells, widths, numbers, strict=True))
        return "  ".join(padded).rstrip()

    print(line(head))
    print("  ".join("-" * width for width in widths))
    for cells in body:
        print(line(cells))


def plain(value: Any) -> Any:
    """The value as JSON holds it without loss: decimals, times and bytes as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)  # noqa: PLR0124 - NaN
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return text(value)


def text(value: Any) -> str:
    """The value for a cell."""
    if isinstance(value, dt.datetime):
        iso = value.astimezone(dt.UTC).isoformat() if value.tzinfo else value.isoformat()
        return iso.replace("+00:00", "Z")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(plain(value), ensure_ascii=False)
    return "" if value is None else str(value)
