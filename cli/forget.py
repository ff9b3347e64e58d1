"""``tapehouse forget``: a document's text erased, from the landing and from all tables, and never taken in again."""

import argparse
import sys

from cli import spark as engine
from cli.command import add_setting, load_settings, target
from cli.refresh import refresher, show_step
from cli.remote.runs import Runs, add_words, refuse_while_owned
from tapehouse.document import is_document_id
from tapehouse.errors import UnpreparedError
from tapehouse.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The document goes as every source told it, with its scores, and stays on a list in the lake, so that neither "
        "a refetch nor a rebuild brings it back. Others that tell the same story are named and stay: forget them by "
        "their own ids. Killed, it is to be run again; done again, it removes what was fetched since."
    )
    parser.add_argument("document_id", metavar="DOCUMENT_ID", help="as in told_as of silver.documents")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "deployment")
    add_words(parser)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if not is_document_id(options.document_id):
        raise UnpreparedError(f"{options.document_id[:40]!r} is no document_id: it has 32 hexadecimal digits.")
    if options.follow is None and not confirmed(options.document_id, yes=options.yes):
        print("Nothing was forgotten.")
        return 1
    if settings.target == "aws":
        return on_aws(options, settings, Runs(settings))
    here = target(settings)
    here.activate()
    with engine.session(here, "forget") as spark:
        found = refresher(here, spark, on_step=show_step).forget(options.document_id, landing=settings.landing)
    for line in found.report(on_s3=not here.lake.is_local):
        print(line)
    return 1 if found.left else 0


def on_aws(options: argparse.Namespace, settings: Settings, runs: Runs) -> int:
    """Starts the maintain job, which owns all tables while it runs; the exit status.

    Raises TerminalError while the stream job owns the tables.
    """
    if options.follow is None:
        refuse_while_owned(settings, runs, "forget")
    return runs.command("maintain", {"forget": options.document_id}, options, named=options.document_id)


def confirmed(document_id: str, *, yes: bool) -> bool:
    """Whether its id was typed once more. Raises UnpreparedError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UnpreparedError("Nobody is here to confirm this, and it cannot be taken back: say --yes.")
    sys.stderr.write(f"{document_id} goes for good. Type it again to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == document_id
