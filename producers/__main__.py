"""``python -m producers``: ``tapehouse produce`` as a container runs it, told what to do by the environment alone.

``FEED=kraken SYMBOLS=BTC-USD TARGET=aws LAKE=s3://… AWS_REGION=… TAPEHOUSE_STATE_FOLDER=…``; the command's words work
too. Besides, it writes a heartbeat, for ``python -m producers.health``.
"""

import os
import sys
from collections.abc import Sequence

from producers.heartbeat import default_path
from tapehouse.cli import main as command
from tapehouse.settings import variable_of


def main(words: Sequence[str]) -> int:
    """The exit status: 0 told to stop and all confirmed, or the source's end; 1 an error, in one sentence on stderr."""
    if not os.environ.get(variable_of("heartbeat")):
        os.environ[variable_of("heartbeat")] = str(default_path())
    return command.main(["produce", *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
