"""``python -m embedded.newsroom``: the news and social sources as a process of their own, until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from embedded.newsroom.server import Newsroom
from tapehouse import logs
from tapehouse.errors import LakehouseError

log = logs.of(__name__)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded.newsroom", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on loopback; 0 takes a free one and logs it")
    parser.add_argument("--seed", type=int, default=1, help="of the stories and posts (default 1)")
    parser.add_argument("--recordings", type=Path, help="play what was recorded in this folder")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Newsroom(port=arguments.port, seed=arguments.seed, recordings=arguments.recordings) as room:
            log.info("listening", port=room.port, addresses=",".join(room.addresses))
            stop.wait()
    except (LakehouseError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
