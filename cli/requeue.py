"""``tapehouse requeue``: what is quarantined judged again, after a rule was mended."""

import argparse

from cli import spark as engine
from cli.command import add_setting, load_settings, target
from cli.refresh import refresher, show_step
from cli.remote.runs import Runs, add_words, refuse_while_owned
from tapehouse.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "What is sound now goes to silver.trades, silver.gaps or silver.coverage, and gold follows; what it repeats or "
        "contradicts there makes it a duplicate or a conflict. What still breaks a rule stays, with today's reasons. "
        "Conflicts are not asked again, and messages that no feed could read (unparsed) stay: only a feed reads those."
    )
    parser.add_argument("--reason", metavar="R", help="only records with this reason, as price.scale (default: all)")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be sound; writes nothing")
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "deployment")
    add_words(parser)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        return on_aws(options, settings, Runs(settings))
    here = target(settings)
    here.activate()
    with engine.session(here, "requeue") as spark:
        found = refresher(here, spark, on_step=show_step).requeue(options.reason, dry_run=options.dry_run)
        for line in found.lines():
            print(line)
    return 0


def on_aws(options: argparse.Namespace, settings: Settings, runs: Runs) -> int:
    """Starts the requeue job; the exit status. Raises TerminalError while the stream job owns the tables."""
    if not options.dry_run and options.follow is None:
        refuse_while_owned(settings, runs, "requeue")
    dry_run = "true" if options.dry_run else None
    return runs.command("requeue", {"reason": options.reason, "dry_run": dry_run}, options)
