"""``python -m producers.backfill``: gaps filled once, as a task runs it beside the producers.

Which ones is told by words (``--gap``, one a gap): `tapehouse backfill` asks the lake and writes them. So a task needs
neither the lake nor what answers questions.
"""

import argparse
import sys
from collections.abc import Sequence

from producers.run import backfill
from tapehouse.command import add_setting, add_shared, exit_status, load_settings


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 all whole; 1 some stayed open, or an error, in one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m producers.backfill", description=__doc__)
    parser.add_argument("--gap", action="append", required=True, dest="gaps", metavar="JSON", help="a gap")
    for name in ("feed_limits", "shard_share"):
        add_setting(parser, name)
    add_shared(parser)
    return exit_status(_run, parser.parse_args(arguments), name="backfill")


def _run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    gaps = [backfill.of_text(text, settings) for text in options.gaps]
    with backfill.source_of(gaps) as source:
        backfill.fill(source, settings)
    sys.stdout.writelines(f"{line}\n" for line in backfill.told(source))
    return 0 if backfill.is_whole(source) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
