"""``python -m embedded.kinesis --port P --journal DIR``: the embedded Kinesis until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tapehouse import logs
from tapehouse.errors import TerminalError

from .server import KinesisServer
from .timing import NAMES


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m embedded.kinesis", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one (default)")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address (default 127.0.0.1)")
    parser.add_argument("--journal", type=Path, help="folder that streams and records are kept in; without: memory")
    parser.add_argument("--limits", action="store_true", help="enforce Kinesis' throughput limits per shard")
    parser.add_argument(
        "--timing", choices=NAMES, default="immediate", help="answer at once (default), or as AWS does, with its limits"
    )
    parser.add_argument("--seed", type=int, help="fixes sequence numbers and the faults' dice")
    parser.add_argument("--transition-ms", type=int, default=0, help="ms that streams stay CREATING or UPDATING (0)")
    parser.add_argument(
        "--stream", action="append", default=[], type=_stream, metavar="NAME:SHARDS", help="make it unless it is there"
    )
    return parser.parse_args(arguments)


def _stream(text: str) -> tuple[str, int]:
    name, colon, shards = text.rpartition(":")
    if not colon or not name or not shards.isdecimal() or int(shards) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:SHARDS")
    return name, int(shards)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop. Exits with 1 and one sentence when it cannot."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = KinesisServer(
            journal=options.journal,
            host=options.host,
            port=options.port,
            limits=options.limits,
            timing=options.timing,
            seed=options.seed,
            transition_ms=options.transition_ms,
        )
        for name, shards in options.stream:
            server.ensure_stream(name, shards)
        server.start()
    except TerminalError as error:
        sys.exit(str(error))
    stop.wait()
    server.stop()
    logs.of(__name__).info("kinesis_stopped")


if __name__ == "__main__":
    main()
