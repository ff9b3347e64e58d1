"""Tables as they are declared: made, given what was declared since, and read by Spark as of one version.

Made and changed by the log's protocol, as they are written (see ``transaction``). What a table's newest commit of ours
carries is repeated by each of these commits, so that a position in it is never buried; none of them counts as a turn.
"""

import time
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine.declared import brought_up_to_date, clashes, creation, is_current, refuse_clash
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableLog, TableState
from glue_jobs.engine.transaction import LostRaceError, commit_actions
from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)

_TRIES: Final = 5


def ensure(table_log: TableLog, *, is_replaced: bool = False) -> None:
    """Create the table from its declaration where it is not there yet, and give it what was declared since.

    Columns that may be null, in the declaration's order, looser nullability, comments and upkeep are a change of
    metadata: no row is rewritten, and older rows have null. So is any change of a table without rows. Safe to run
    again, by two at once, beside a writer, and where another was killed at it.

    ``is_replaced``: its rows are about to be computed anew; what they cannot be is left for the commit that does.

    Raises:
        TerminalError: its rows cannot be those of the declaration, or the folder holds files and no table.
        LostRaceError: another writer was first each time.
    """
    for _ in range(_TRIES):
        state = table_log.state()
        table, uri, now_ms = state.table, state.uri, time.time_ns() // 1_000_000
        if not state.is_there:
            _refuse_foreign(uri)
            actions, operation, said = creation(table, uri, now_ms=now_ms), "CREATE TABLE", "table_created"
        else:
            if state.files and clashes(state):
                if is_replaced:
                    return
                refuse_clash(state)
            if is_current(state):
                return
            actions, operation, said = [brought_up_to_date(state)], "SET TBLPROPERTIES", "table_brought_up"
        if commit_actions(uri, actions, version=state.version, metadata=state.metadata, operation=operation):
            log.info(said, table=table.name, uri=uri)
            for name in set(table.column_names) - set(state.columns) if state.is_there else ():
                log.warning("column_added", table=table.name, column=name, note="null in rows from before")
            return
    raise LostRaceError(table_log.table.name, table_log.state().turn)


def _refuse_foreign(uri: str) -> None:
    """A folder that is somebody else's never becomes a table. A log without a commit is what a killed creation left."""
    names = sorted({each.path.split("/")[0] for each in place(uri).listing(recursive=True)} - {"_delta_log"})
    if names:
        raise TerminalError(f"{uri}: holds files, but is no table: {names[:5]}. Move them away and run again.")


def read(spark: SparkSession, state: TableState) -> DataFrame:
    """The table as of the state, whatever others commit meanwhile."""
    return spark.read.format("delta").option("versionAsOf", state.version).load(state.uri)
