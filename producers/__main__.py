"""``python -m producers``: one producer as a container runs it, told what to do by the environment alone.

``FEED=kraken SYMBOLS=BTC-USD TARGET=aws LAKE=s3://… AWS_REGION=… TAPEHOUSE_STATE_FOLDER=…``; the arguments of
``tapehouse produce`` work too. Besides, it writes a heartbeat, for ``python -m producers.health``.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial

from producers.health import default_path
from producers.run.arguments import add_arguments
from producers.run.wiring import produce
from tapehouse.command import add_shared, exit_status
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings, variable_of


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 told to stop and all confirmed, or the source's end; 1 an error, in one sentence on stderr."""
    if not os.environ.get(variable_of("heartbeat")):
        os.environ[variable_of("heartbeat")] = str(default_path())
    parser = argparse.ArgumentParser(prog="python -m producers", description=__doc__)
    add_arguments(parser)
    add_shared(parser)
    return exit_status(partial(produce, reach=_named_endpoint), parser.parse_args(arguments), name="producers")


def _named_endpoint(settings: Settings) -> None:
    """At home nothing reaches AWS unless it is asked for. Raises TerminalError where no endpoint is named."""
    named = os.environ.get("AWS_ENDPOINT_URL_KINESIS") or os.environ.get("AWS_ENDPOINT_URL")
    if settings.target == "local" and not named:
        raise TerminalError(
            "TARGET is local, and no endpoint is named: set TARGET=aws to send to AWS, AWS_ENDPOINT_URL_KINESIS for "
            "another Kinesis, or use `tapehouse up` and `tapehouse produce`."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
