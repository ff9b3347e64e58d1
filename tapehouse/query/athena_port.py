"""Questions answered on AWS, by Athena through awswrangler.

Athena reads the layers as databases of the Glue catalog; ``SELECT … FROM silver.trades`` is sent as it is, but for
the databases' prefix where a deployment has one. That it is one SELECT is checked here first: a workgroup may allow
more than its reader should do.
"""

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any, Self

from tapehouse.errors import TerminalError
from tapehouse.query.dialect import tables_of, with_databases
from tapehouse.query.port import Result
from tapehouse.settings import Settings


def _read_sql_query(**arguments: Any) -> Any:
    import awswrangler  # noqa: PLC0415 - it takes seconds, and only TARGET=aws needs it

    return awswrangler.athena.read_sql_query(**arguments)


class AthenaPort:
    """A QueryPort over the Glue catalog."""

    def __init__(
        self,
        *,
        workgroup: str = "primary",
        database_prefix: str = "",
        read: Callable[..., Any] = _read_sql_query,
    ) -> None:
        self._workgroup = workgroup
        self._prefix = database_prefix
        self._read = read

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The port to what was deployed."""
        return cls(workgroup=settings.athena_workgroup, database_prefix=settings.database_prefix)

    def run(self, sql: str) -> Result:
        tables_of(sql)
        try:
            frame = self._read(
                sql=with_databases(sql, self._prefix).strip().rstrip(";"),
                database=f"{self._prefix}gold",
                workgroup=self._workgroup,
                ctas_approach=False,  # a CTAS would write tables, and loses the names of columns
                dtype_backend="pyarrow",
            )
        except Exception as error:
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

            known = isinstance(error, BotoCoreError | ClientError) or type(error).__module__.startswith("awswrangler.")
            if not known:
                raise
            raise TerminalError(f"Athena did not answer: {' '.join(str(error).split())}") from error
        rows = [tuple(_plain(value) for value in row) for row in frame.itertuples(index=False, name=None)]
        return Result(tuple(str(name) for name in frame.columns), rows)


def _plain(value: Any) -> Any:
    """A cell as the other engine gives it: None for every kind of missing, datetimes of the standard library."""
    if value is None or isinstance(value, str | bytes | bool | int | decimal.Decimal):
        return value
    if hasattr(value, "to_pydatetime"):  # also pandas' NaT
        value = value.to_pydatetime() if value == value else None  # noqa: PLR0124 - NaT is not itself
        return value.astimezone(dt.UTC) if value is not None and value.tzinfo else value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
