"""``tapehouse down``: drain and stop what runs in the background; on AWS the producers and the stream job."""

import argparse
import sys

from cli.command import add_setting, load_settings, target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("feeds", "recordings", "deployment"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        from cli.remote.app import App

        return App(settings).stop()
    here = target(settings)
    if not here.stack.folder.exists():
        print(f"Nothing of {here.lake.uri} runs.")
        return 0
    running = list(here.stack.alive())
    killed = here.stack.down()
    print(f"Stopped {', '.join(running)}." if running else f"Nothing of {here.lake.uri} runs.")
    if killed:
        print(f"Killed, since they did not end in time: {', '.join(killed)}.", file=sys.stderr)
    return 1 if killed else 0
