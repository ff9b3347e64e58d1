"""What every query stands on: Delta commits with a turn, the Spark session, the steps of a refresh, and the runner."""

from glue_jobs.engine.cache import MOST_FILE_BYTES
from glue_jobs.engine.columns import Flags, Ints, codes_of, ints_of, ranks_of
from glue_jobs.engine.days import days_there, put, put_all, put_days, rows_of_days
from glue_jobs.engine.files import read_files, schema_of, table_of, write_file
from glue_jobs.engine.follow import Batch, BatchLimits
from glue_jobs.engine.query import BatchJob, IntakeJob, Job, Piece, Query, hanging_on, tables_of, writer_of
from glue_jobs.engine.retention import Below, below, rows_below
from glue_jobs.engine.runner import Runner
from glue_jobs.engine.schema import arrow_schema, arrow_type, ddl
from glue_jobs.engine.session import DELTA_PACKAGES, S3A_PACKAGES, build_session, glue_session, resolve_jars, sized
from glue_jobs.engine.steps import Step, Steps
from glue_jobs.engine.sums import CountAnewError, Counter, Counts, Key, SumsJob, SumsTable, read_once, units_of
from glue_jobs.engine.table_log import Commit, DataFile, TableState, instant_text, instant_us
from glue_jobs.engine.transaction import LostRaceError
from glue_jobs.engine.upsert import Rewrite, date_of, days_of, upsert
from glue_jobs.engine.workspace import Workspace

__all__ = [
    "DELTA_PACKAGES",
    "MOST_FILE_BYTES",
    "S3A_PACKAGES",
    "Batch",
    "BatchJob",
    "BatchLimits",
    "Below",
    "Commit",
    "CountAnewError",
    "Counter",
    "Counts",
    "DataFile",
    "Flags",
    "IntakeJob",
    "Ints",
    "Job",
    "Key",
    "LostRaceError",
    "Piece",
    "Query",
    "Rewrite",
    "Runner",
    "Step",
    "Steps",
    "SumsJob",
    "SumsTable",
    "TableState",
    "Workspace",
    "arrow_schema",
    "arrow_type",
    "below",
    "build_session",
    "codes_of",
    "date_of",
    "days_of",
    "days_there",
    "ddl",
    "glue_session",
    "hanging_on",
    "instant_text",
    "instant_us",
    "ints_of",
    "put",
    "put_all",
    "put_days",
    "ranks_of",
    "read_files",
    "read_once",
    "resolve_jars",
    "rows_below",
    "rows_of_days",
    "schema_of",
    "sized",
    "table_of",
    "tables_of",
    "units_of",
    "upsert",
    "write_file",
    "writer_of",
]
