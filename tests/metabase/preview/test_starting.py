"""What to run where nothing is."""

import pytest

from metabase.preview.starting import not_there, nothing_found, tables_of
from tests.metabase.preview.asked import question


def test_a_question_s_tables_are_read_from_its_sql() -> None:
    sql = "WITH x AS (SELECT * FROM silver.trades) SELECT x.day FROM gold.manifest"
    assert tables_of(question("table", sql=sql)) == ("gold.manifest", "silver.trades")


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("gold.candles", "`make run-app`"),
        ("gold.news", "`tapehouse batches`"),
        ("silver.quotes", "`tapehouse batches`"),
        ("gold.portfolio", "“Holdings”"),
    ],
)
def test_each_kind_of_table_has_its_command(table: str, command: str) -> None:
    asked = question("table", sql=f"SELECT * FROM {table}")
    assert command in nothing_found(asked)
    assert not_there(asked, [table]).startswith(f"{table} is not there yet: ")
    assert command in not_there(asked, [table])
