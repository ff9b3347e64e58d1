"""``tapehouse audit``: is every table what the one that it is made of says?"""

import argparse

from cli import spark as engine
from cli.command import add_setting, load_settings, target
from cli.remote.runs import Runs, add_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "deployment")
    parser.add_argument("--full", action="store_true", help="judge all of a big lake, not a sample (minutes, or more)")
    add_words(parser)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        return Runs(settings).command("audit", {"full": "true" if options.full else None}, options)
    here = target(settings)
    here.activate()
    with engine.session(here, "audit") as spark:
        from glue_jobs.audit import audit
        from glue_jobs.pipeline import pipeline

        report = audit(spark, here.lake, pipeline(), full=options.full)
    for line in report.lines:
        print(line)
    return 0 if report.ok else 1
