#!/usr/bin/env python3
"""Writes ``docs/tables.md`` from the table declarations; ``--check`` only tells whether it is current (exit 1 if not).

Run with the project's own interpreter: ``.venv/bin/python scripts/tables_page.py``.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tapehouse.tables import REGISTRY, Table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tables.md"
HEAD = """\
# Tables

Made by `scripts/tables_page.py` from the declarations in `tapehouse/tables/`: change those, then run
`.venv/bin/python scripts/tables_page.py`. Why the tables are as they are: [design.md](design.md).

Times are UTC. Columns that end in `_us` are whole microseconds since the epoch. A column is never null unless the
table says so.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([HEAD, *(line for table in REGISTRY.values() for line in _section(table))])


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{table.grain[0].upper()}{table.grain[1:]}.\n"
    yield f"- Key: {_names(table.key)}"
    yield f"- Layout: {_layout(table)}"
    yield f"- Kept: {_kept(table)}\n"
    if table.rules:
        yield "Of every row:\n"
        yield from (f"- `{rule.name}`: {rule.comment} (`{rule.sql}`)" for rule in table.rules)
        yield ""
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {column.type} | {'yes' if column.nullable else ''} | {_cell(column.comment)} |"
    yield ""


def _kept(table: Table) -> str:
    kept = "for ever" if table.retention_days is None else f"{table.retention_days} days"
    least = table.least_retention_days
    return kept if least is None else f"{kept}, or as the setting `retention` says, for {least} days at least"


def _layout(table: Table) -> str:
    parts = []
    if table.partition_by:
        parts.append(f"partitioned by {_names(table.partition_by)}")
    if table.cluster_by:
        parts.append(f"clustered by {_names(table.cluster_by)}")
    return "; ".join(parts) or "none: the table is small"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write docs/tables.md from the table declarations.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is not current")
    options = parser.parse_args(arguments)
    if options.check:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not current:
            sys.stderr.write("docs/tables.md is not current: run `.venv/bin/python scripts/tables_page.py`.\n")
        return 0 if current else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
