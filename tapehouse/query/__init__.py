"""Questions in SQL, in Athena's dialect, wherever the tables are."""

from tapehouse.query.port import QueryPort, Result

__all__ = ["QueryPort", "Result"]
