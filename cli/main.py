"""The ``tapehouse`` command: reads its words, runs a subcommand, turns our errors into one sentence.

Exit status: 0 done; 1 an error, or an audit that found something missing; 2 wrong words; 130 interrupted.

A subcommand's module is imported only where the words name it: with it come the settings and the log, which take
longer to import than ``tapehouse -h`` takes in all.
"""

import argparse
import importlib
import keyword
import sys
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from tapehouse import __version__

if TYPE_CHECKING:
    from cli.command import Command

COMMANDS: Final[Mapping[str, str]] = {
    "run-app": "Run it all here: simulated (or RECORDINGS, or real FEEDS) venues to gold candles, live. ONCE=1: one "
    "audited pass.",
    "dashboards": "Show the lake in a browser, live: candles, flow, forecasts, news, holdings, health. On this "
    "machine alone, unless dashboards_host says otherwise.",
    "up": "Start the embedded AWS of the lake in the background; does nothing where it runs.",
    "down": "Stop the lake's producers (they flush first), then its embedded AWS.",
    "produce": "Put one source's records into the stream, each confirmed; shows live how it goes, or tells it as JSON "
    "lines on stdout where that is no terminal. SIGTERM or Ctrl-C flushes first.",
    "backfill": "Fill one market's open gaps of a span of time from the venue's past trades; where no gap is recorded, "
    "the span itself. Exit 1 if any stays open.",
    "verify": "Compare one market's complete candles of a span of time with the venue's own, asked for over REST. "
    "Exit 1 if any differs, or none could be compared.",
    "refresh": "Read what is new in the stream into bronze, then silver and gold. Once, unless --every is given.",
    "rebuild": "Compute a silver or gold table again from its inputs, and what hangs on it; one overwrite each.",
    "requeue": "Judge what is quarantined again, after a rule was mended: what is sound now goes on.",
    "forget": "Erase a document's text for good, from what was landed and from all tables; it never comes back.",
    "audit": "Judge every table by what it is made of: nothing lost, twice, altered or misfiled. Exit 1 if that fails.",
    "job": "Run a Glue job's script here, with the arguments that Glue would give: tapehouse job refresh --layer gold.",
    "lambda": "Run one of the Lambdas here, by the very handler that AWS calls: news, social, enrich, crawler, "
    "crawler-schedule. With TARGET=aws the deployed one runs. Prints its answer as JSON; exit 1 if it failed, or a "
    "message did.",
    "batches": "Run the news and social batches of today so far and of the last three days, then score what landed, as "
    "AWS does: notifications, a queue, batches. Once, unless --every is given.",
    "tables": "List the tables: rows, newest event (UTC), lag behind it (seconds), position in the stream.",
    "query": 'Answer one SELECT in Athena\'s dialect, e.g. "SELECT * FROM gold.candles LIMIT 5". Times are UTC.',
    "metabase": "Put the dashboards' files into Metabase: plan shows the difference, apply makes it, destroy takes it "
    "away, export writes what was drawn by hand into files. plan: exit 2 where something differs.",
    "deploy": "Stand it up by Terraform, on AWS or on the emulator here: plan, confirm, apply, then the doctor.",
    "destroy": "Take down what was deployed, data too, once its name was typed.",
    "bootstrap": "Make the bucket of Terraform's state in your AWS account, once an account and region.",
    "doctor": "Say of each fact here, or with TARGET=aws of what was deployed, whether it is right, and the mend.",
    "parse": "Turn raw venue messages (stdin, one a line) into records (stdout, JSON lines); counts go to stderr.",
}
"""Subcommand → what it does; its module is the one of its name."""


def command(name: str) -> "Command":
    """The module of a subcommand; one that is named as Python's own words are has a ``_`` behind it."""
    module = name.replace("-", "_")
    return cast("Command", importlib.import_module(f"cli.{module}{'_' if keyword.iskeyword(module) else ''}"))


def parser(asked: Container[str] = COMMANDS) -> argparse.ArgumentParser:
    """All words of the command; of a subcommand its own words only where it is ``asked`` for."""
    top = argparse.ArgumentParser(
        prog="tapehouse",
        description="A ticker tape kept in a lakehouse: trades from Kinesis to bronze, silver and gold Delta tables.",
        epilog="Settings: defaults <- what was deployed (TARGET=aws) <- tapehouse.toml (or TAPEHOUSE_CONFIG) "
        "<- environment <- these words. `tapehouse COMMAND -h` tells a command's words, their units and defaults.",
    )
    top.add_argument("--version", action="version", version=f"tapehouse {__version__}")
    subcommands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        sub = subcommands.add_parser(name, help=about, description=about)
        if name in asked:
            from tapehouse.command import add_shared

            found = command(name)
            found.add_arguments(sub)
            add_shared(sub)
            sub.set_defaults(run=found.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(words).parse_args(words)
    from tapehouse.command import exit_status

    return exit_status(options.run, options, name=f"tapehouse {options.command}")


if __name__ == "__main__":
    sys.exit(main())
