"""``python -m producers``: one producer as a container runs it, told what to do by the environment alone.

``FEED=kraken SYMBOLS=BTC-USD TARGET=aws LAKE=s3://… AWS_REGION=… TAPEHOUSE_STATE_FOLDER=…``; the arguments of
``tapehouse produce`` work too. Besides, it writes a heartbeat, for ``python -m producers.health``.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from producers.health import default_path
from producers.run.arguments import add_arguments
from producers.run.wiring import produce
from tapehouse.command import add_shared, exit_status
from tapehouse.settings import variable_of


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 told to stop and all confirmed, or the source's end; 1 an error, in one sentence on stderr."""
    if not os.environ.get(variable_of("heartbeat")):
        os.environ[variable_of("heartbeat")] = str(default_path())
    parser = argparse.ArgumentParser(prog="python -m producers", description=__doc__)
    add_arguments(parser)
    add_shared(parser)
    return exit_status(produce, parser.parse_args(arguments), name="producers")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
