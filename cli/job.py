"""``tapehouse job``: the very script that Glue runs, in this process, with the arguments that Glue would give."""

import argparse
import importlib.util
import runpy
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli import spark as engine
from cli.command import add_setting, load_settings, refuse_aws, target
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

if TYPE_CHECKING:
    from glue_jobs.jobs.arguments import Given

_FROM_HOME = ("lake", "stream_name", "region")
"""What the settings say of the home is given to the script where the words do not."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the job, as refresh; another name is answered with all")
    parser.add_argument(
        "words", metavar="...", nargs=argparse.REMAINDER, help="its arguments, as --layer gold; -h tells them"
    )
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    from glue_jobs.jobs import arguments

    if {"-h", "--help"} & set(options.words):
        print(arguments.help_text(options.name))
        return 0
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse job`")
    words = _at_home(options.words, settings)
    given = arguments.parse(options.name, words)  # what is wrong is told before Spark starts
    here = target(settings.model_copy(update={"lake": given.settings.lake}))
    here.activate(needs_stream=_takes_in(given))
    here.lake.check_origin(here.lake.origin() or settings.origin)
    with engine.session(here, options.name):
        _run_file(_script(options.name), words)
    return 0


def _takes_in(given: "Given") -> bool:
    """Whether the job reads the stream."""
    layer = given.own.get("layer") or (given.own.get("table") or "bronze").partition(".")[0]
    return given.job in ("stream", "refresh") and layer == "bronze"


def _at_home(words: Sequence[str], settings: Settings) -> list[str]:
    given = {word.partition("=")[0] for word in words}
    told = ((f"--{name}", str(getattr(settings, name))) for name in _FROM_HOME)
    return [*(part for word, value in told if word not in given for part in (word, value)), *words]


def _script(name: str) -> str:
    found = importlib.util.find_spec(f"glue_jobs.jobs.{name}")
    if found is None or found.origin is None:
        raise TerminalError(f"there is no script of the job {name!r}")
    return found.origin


def _run_file(path: str, words: Sequence[str]) -> None:
    """As Glue does: a file as __main__, with its words in ``sys.argv``."""
    before = sys.argv
    sys.argv = [path, *words]
    try:
        runpy.run_path(path, run_name="__main__")
    finally:
        sys.argv = before
