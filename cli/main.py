"""The ``tapehouse`` command: reads its words, runs a subcommand, turns our errors into one sentence.

Exit status: 0 done; 1 an error, or an audit that found something missing; 2 wrong words; 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence

from cli import audit, backfill, down, parse, produce, query, rebuild, refresh, run_app, tables, up
from cli.command import Command
from tapehouse import __version__
from tapehouse.command import add_shared, exit_status

COMMANDS: tuple[Command, ...] = (run_app, up, down, produce, backfill, refresh, rebuild, audit, tables, query, parse)


def parser() -> argparse.ArgumentParser:
    """All words of the command."""
    top = argparse.ArgumentParser(
        prog="tapehouse",
        description="A ticker tape kept in a lakehouse: trades from Kinesis to bronze, silver and gold Delta tables.",
        epilog="Settings: defaults <- tapehouse.toml (or TAPEHOUSE_CONFIG) <- environment <- these words. "
        "`tapehouse COMMAND -h` tells a command's words, their units and defaults.",
    )
    top.add_argument("--version", action="version", version=f"tapehouse {__version__}")
    subcommands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = subcommands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        command.add_arguments(sub)
        add_shared(sub)
        sub.set_defaults(run=command.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    return exit_status(options.run, options, name=f"tapehouse {options.command}")


if __name__ == "__main__":
    sys.exit(main())
