#!/usr/bin/env python3
"""Writes what Terraform reads of the project's own declarations; ``--check`` only tells whether all is current (exit 1
if not).

- ``infra/modules/catalog/tables.json``: each table's columns, in the words of Glue's catalog
- ``infra/modules/glue/spark.json``: the settings that every Spark session of ours has

Run with the project's own interpreter: ``.venv/bin/python scripts/terraform_data.py``.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glue_jobs.engine.session import SQL_SETTINGS
from tapehouse.tables import REGISTRY, Table

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "infra/modules/catalog/tables.json"
SPARK = ROOT / "infra/modules/glue/spark.json"
COMMENT_LENGTH = 255
"""Glue's catalog takes no longer comment of a column."""
_SIMPLE = frozenset({"STRING", "BINARY", "BOOLEAN", "INT", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP"})
_DECIMAL = re.compile(r"DECIMAL\((\d{1,2}),(\d{1,2})\)")
_ARRAY = re.compile(r"ARRAY<(.+)>")


def hive_type(spark_type: str) -> str:
    """A Spark SQL type as Hive spells it. Raises ValueError for one that no table of ours has had so far."""
    if spark_type in _SIMPLE or _DECIMAL.fullmatch(spark_type):
        return spark_type.lower()
    if array := _ARRAY.fullmatch(spark_type):
        return f"array<{hive_type(array[1])}>"
    raise ValueError(f"{spark_type}: say in scripts/terraform_data.py how Hive spells this type")


def catalog_entry(table: Table) -> dict[str, Any]:
    """What the catalog says of a table. Columns of the partitions are columns as any other: see the module's README.

    Raises ValueError for a comment that the catalog would refuse.
    """
    for column in table.columns:
        if len(column.comment) > COMMENT_LENGTH:
            raise ValueError(f"{table.name}.{column.name}: its comment is longer than {COMMENT_LENGTH} characters")
    return {
        "layer": table.layer,
        "name": table.short_name,
        "description": table.grain,
        "columns": [
            {"name": column.name, "type": hive_type(column.type), "comment": column.comment} for column in table.columns
        ],
    }


def files() -> Mapping[Path, str]:
    """What each file is to hold."""
    tables = {table.name: catalog_entry(table) for table in REGISTRY.values()}
    return {TABLES: _text(tables), SPARK: _text(dict(SQL_SETTINGS))}


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the JSON files that Terraform reads.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is not current")
    options = parser.parse_args(arguments)
    stale = [path for path, text in files().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if options.check:
        for path in stale:
            name = path.relative_to(ROOT)
            sys.stderr.write(f"{name} is not current: run `.venv/bin/python scripts/terraform_data.py`.\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(files()[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
