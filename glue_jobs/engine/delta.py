"""Tables as they are declared: made, given what was declared since, and read by Spark as of one version.

Made and changed by the log's protocol, as they are written (see ``transaction``). What a table's newest commit of ours
carries is repeated by each of these commits, so that a position in it is never buried; none of them counts as a turn.
"""

import time
from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine.declared import anew, brought_up_to_date, creation, properties
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableLog, TableState
from glue_jobs.engine.transaction import LostRaceError, commit_actions
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.tables import Column

log = logs.of(__name__)

_TRIES: Final = 5


def ensure(table_log: TableLog) -> None:
    """Create the table from its declaration where it is not there yet, and give it what was declared since.

    Safe to run again, by two at once, and where another was killed at it. A table of gold that was made with another
    partitioning is emptied and made anew: everything in it is computed from silver, and its query does that at once.

    Raises:
        TerminalError: a column that may not be null is missing, or the folder holds files and no table.
        LostRaceError: another writer was first each time.
    """
    for _ in range(_TRIES):
        state = table_log.state()
        table, uri, now_ms = state.table, state.uri, time.time_ns() // 1_000_000
        carried = state.metadata
        if not state.is_there:
            _refuse_foreign(uri)
            actions, operation, said = creation(table, uri, now_ms=now_ms), "CREATE TABLE", "table_created"
        elif _is_filed_otherwise(state):
            # What its newest commit carried says what was in it: now nothing is.
            carried = {"turn": state.turn}
            actions, operation, said = anew(state, now_ms=now_ms), "REPLACE TABLE", "table_made_anew"
        else:
            missing = _missing(state)
            if not missing and properties(table, uri).items() <= state.properties.items():
                return
            actions, operation, said = [brought_up_to_date(state, missing)], "SET TBLPROPERTIES", "table_brought_up"
            for column in missing:
                log.warning("column_added", table=table.name, column=column.name, note="`tapehouse rebuild` fills it")
        if commit_actions(uri, actions, version=state.version, metadata=carried, operation=operation):
            log.info(said, table=table.name, uri=uri)
            return
    raise LostRaceError(table_log.table.name, table_log.state().turn)


def _refuse_foreign(uri: str) -> None:
    """A folder that is somebody else's never becomes a table. A log without a commit is what a killed creation left."""
    names = sorted({each.path.split("/")[0] for each in place(uri).listing(recursive=True)} - {"_delta_log"})
    if names:
        raise TerminalError(f"{uri}: holds files, but is no table: {names[:5]}. Move them away and run again.")


def _missing(state: TableState) -> Sequence[Column]:
    """The columns that were declared since. Raises TerminalError where one may not be null."""
    table = state.table
    missing = [column for column in table.columns if column.name not in state.columns]
    if not all(column.nullable for column in missing):
        names = ", ".join(column.name for column in missing)
        told = f"{state.uri}: {table.name} was made without {names}."
        raise TerminalError(f"{told} Take another lake, or remove the table.")
    return missing


def _is_filed_otherwise(state: TableState) -> bool:
    return state.table.layer == "gold" and state.partition_by != state.table.partition_by


def read(spark: SparkSession, state: TableState) -> DataFrame:
    """The table as of the state, whatever others commit meanwhile."""
    return spark.read.format("delta").option("versionAsOf", state.version).load(state.uri)
