"""``tapehouse audit``: is every bronze record somewhere, and no key twice?"""

import argparse

from cli import spark as engine
from cli.command import add_setting, load_settings, refuse_aws, target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse audit`")
    here = target(settings)
    here.activate()
    with engine.session(here, "audit") as spark:
        from glue_jobs.audit import audit

        report = audit(spark, here.lake)
    for line in report.lines:
        print(line)
    return 0 if report.ok else 1
