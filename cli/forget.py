"""``tapehouse forget``: a document's text erased, from the landing and from all tables, and never taken in again."""

import argparse
import sys
from typing import TYPE_CHECKING

from cli import spark as engine
from cli.command import add_setting, load_settings, target
from cli.refresh import refresher, show_step
from tapehouse.errors import UnpreparedError
from tapehouse.lake import Lake
from tapehouse.settings import Settings

if TYPE_CHECKING:
    from glue_jobs.silver.stories import Forgot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The document goes as every source told it, with its scores, and stays on a list in the lake, so that neither "
        "a refetch nor a rebuild brings it back. Others that tell the same story are named and stay: forget them by "
        "their own ids. Killed, it is to be run again; done again, it removes what was fetched since."
    )
    parser.add_argument("document_id", metavar="DOCUMENT_ID", help="as in told_as of silver.documents")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_on_aws(settings, options.document_id)
    if not confirmed(options.document_id, yes=options.yes):
        print("Nothing was forgotten.")
        return 1
    here = target(settings)
    here.activate()
    with engine.session(here, "forget") as spark:
        found = refresher(here, spark, on_step=show_step).forget(options.document_id, landing=settings.landing)
    for line in lines(found, here.lake):
        print(line)
    return 1 if found.left else 0


def refuse_on_aws(settings: Settings, document_id: str) -> None:
    """There the owning jobs alone write the tables, and none of them may erase versions of objects."""
    if settings.target == "aws":
        raise UnpreparedError(
            "On AWS nothing can be erased from the landing and from bronze yet, and nothing was begun: no job may "
            "remove the versions of an object. Out of silver and gold it goes so: put a file, whatever is in it, to "
            f"_forgotten/{document_id}.json in the lake, then `tapehouse rebuild silver.documents` and "
            "`tapehouse rebuild silver.scores`."
        )


def confirmed(document_id: str, *, yes: bool) -> bool:
    """Whether its id was typed once more. Raises UnpreparedError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UnpreparedError("Nobody is here to confirm this, and it cannot be taken back: say --yes.")
    sys.stderr.write(f"{document_id} goes for good. Type it again to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == document_id


def lines(found: "Forgot", lake: Lake) -> list[str]:
    """What was done, what stays, and until when."""
    from tapehouse.tables import SILVER_DOCUMENTS

    upkeep = SILVER_DOCUMENTS.upkeep
    hours = upkeep.removed_kept_h if lake.is_local else upkeep.removed_kept_on_s3_h
    said = [
        f"forgotten document_id={found.document_id} lines={found.lines} objects={found.objects}",
        f"Files that the tables let go of stay on disk for {hours:g} hours, for those who read them: the first refresh "
        "after that, or `tapehouse job maintain`, removes them.",
    ]
    if not lake.is_local:
        said.append("A bucket with versions keeps those files for as long as it keeps versions.")
    if found.others:
        said.append(f"The same story is told as {', '.join(found.others)} too: these stay.")
    said += [f"It cannot be taken out of {each} without changing another document: look there." for each in found.left]
    return said
