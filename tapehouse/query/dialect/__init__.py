"""Athena's SQL in DuckDB's words, or a refusal by name (see ``translation``)."""

from tapehouse.query.dialect.macros import MACROS
from tapehouse.query.dialect.reading import with_databases
from tapehouse.query.dialect.translation import Translated, tables_of, translate

__all__ = ["MACROS", "Translated", "tables_of", "translate", "with_databases"]
