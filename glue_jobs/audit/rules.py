"""The rules that are declared with the tables, asked of every row."""

from collections.abc import Iterable, Iterator, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.tables import Table


def rules(tables: Iterable[Table], there: Mapping[str, DataFrame]) -> Iterator[DataFrame]:
    """A check of each table that has rules: one pass over its rows, whatever the number of rules.

    ``there``: the tables by name. As everywhere in SQL, a rule that comes out as null is not broken.
    """
    for table in tables:
        if table.rules:
            yield broken(table, there[table.name])


def broken(table: Table, rows: DataFrame) -> DataFrame:
    """The rows that break a rule of the table, once for each."""
    what = [
        F.when(~F.expr(f"({rule.sql})"), F.lit(f"row(s) of {table.name} break its rule {rule.name}: {rule.sql}"))
        for rule in table.rules
    ]
    found = rows.select(*table.key, F.array_compact(F.array(*what)).alias("broken")).where(F.size("broken") > 0)
    return found.select(*table.key, F.explode("broken").alias("what"))
