"""What every command line of ours shares: settings as words, log lines, and errors as one sentence on stderr.

Exit status: 0 done; 1 an error; 2 wrong words, or something that the command needs is missing; 130 interrupted.
"""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from typing import Any

from tapehouse import logs
from tapehouse import settings as configuration
from tapehouse.errors import LakehouseError, TerminalError, UnpreparedError
from tapehouse.intervals import micros_of
from tapehouse.settings import Settings

SHARED = ("lake", "target", "stream_name")
"""Settings that every command takes as words."""


def add_setting(parser: Any, name: str, **more: Any) -> None:
    """A word for a setting, with the setting's own help. Its value is judged with all the others.

    ``parser``: an ArgumentParser, or a group of one.
    """
    help_text = configuration.about(name).replace("%", "%%")
    parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="X", help=help_text, **more)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """The words that every command has."""
    shared = parser.add_argument_group("everywhere")
    for name in SHARED:
        add_setting(shared, name)
    shared.add_argument("--debug", action="store_true", help="show tracebacks and all log lines")


def load_settings(options: argparse.Namespace, *, origin: str | None = None) -> Settings:
    """The settings with what the command line says. Raises SettingsError."""
    given = {name: value for name, value in vars(options).items() if name in Settings.model_fields}
    return configuration.load(environ=os.environ, arguments=given, origin=origin)


def instant_us(word: str, text: str) -> int:
    """An ISO 8601 instant, UTC where it names no zone, as µs UTC. Raises TerminalError, which names the word."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise TerminalError(f"{word} {text!r} is no time: write 2026-11-23T08:00:00Z.") from None
    return micros_of(found)


def on_terminal() -> bool:
    """Whether progress may be drawn: somebody watches stderr, and it is not a dumb one."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def exit_status(run: Callable[[argparse.Namespace], int], options: argparse.Namespace, *, name: str) -> int:
    """Runs a command with its log set up; an error becomes one sentence on stderr, or with --debug its traceback."""
    logs.set_up(debug=options.debug, drawing=on_terminal())
    try:
        status = int(run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has enough (`| head`): say nothing, also not when Python closes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except LakehouseError as error:
        if options.debug:
            raise
        sys.stderr.write(f"{name}: {error}\n")
        return 2 if isinstance(error, UnpreparedError) else 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if options.debug:
            raise
        text = " ".join(str(error).split())[:500]
        sys.stderr.write(f"{name}: unexpected {type(error).__name__}: {text} (--debug shows where)\n")
        return 1
    return status
