"""The ``tapehouse`` command: reads its words, runs a subcommand, turns our errors into one sentence.

Exit status: 0 done; 1 an error, or an audit that found something missing; 2 wrong words; 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tapehouse import __version__
from tapehouse.cli import audit, backfill, down, logs, parse, produce, query, rebuild, refresh, run_app, tables, up
from tapehouse.cli.command import SHARED, Command, add_setting, on_terminal
from tapehouse.errors import LakehouseError

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
        shared = sub.add_argument_group("everywhere")
        for name in SHARED:
            add_setting(shared, name)  # type: ignore[arg-type]  # a group takes arguments as its parser does
        shared.add_argument("--debug", action="store_true", help="show tracebacks and all log lines")
        sub.set_defaults(run=command.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    logs.set_up(debug=options.debug, drawing=on_terminal())
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has enough (`| head`): say nothing, also not when Python closes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except LakehouseError as error:
        if options.debug:
            raise
        print(f"tapehouse {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if options.debug:
            raise
        text = " ".join(str(error).split())[:500]
        print(
            f"tapehouse {options.command}: unexpected {type(error).__name__}: {text} (--debug shows where)",
            file=sys.stderr,
        )
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
