"""``python -m embedded.venues``: the venue simulator as a process of its own."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from embedded.venues.recordings import DamagedRecordingError
from embedded.venues.registry import BY_DEFAULT, MARKETS
from embedded.venues.server import HOST, Simulator
from tapehouse import logs
from tapehouse.errors import LakehouseError

log = logs.of(__name__)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _speed(text: str) -> float | None:
    return None if text == "max" else _positive(text)


def _exchanges(text: str) -> list[str]:
    names = list(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in MARKETS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: no such exchange; there are {', '.join(MARKETS)}")
    return names


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded.venues", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on loopback; 0 takes a free one and logs it")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic market (default 1)")
    parser.add_argument("--rate", type=_positive, default=10.0, help="trades a second at each exchange (default 10)")
    parser.add_argument("--trades", type=int, help="end each exchange's market after so many (default: never)")
    parser.add_argument(
        "--exchanges",
        type=_exchanges,
        default=list(BY_DEFAULT),
        metavar="NAMES",
        help=f"whose markets are run, of {','.join(MARKETS)} (default {','.join(BY_DEFAULT)})",
    )
    parser.add_argument("--truth", type=Path, help="write the trades made to this file, as JSON lines")
    parser.add_argument("--recordings", type=Path, help="play the recordings of this folder")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times the recorded pace, or max (default 1)")
    parser.add_argument("--once", action="store_true", help="end when all was played, or all --trades were made")
    arguments = parser.parse_args(argv)
    if arguments.once and arguments.recordings is None and arguments.trades is None:
        parser.error("--once needs an end: --recordings or --trades")
    return arguments


async def _serve(arguments: argparse.Namespace) -> None:
    simulator = Simulator(
        port=arguments.port,
        seed=arguments.seed,
        rate=0.0 if arguments.recordings else arguments.rate,
        trades=arguments.trades,
        markets={name: MARKETS[name] for name in arguments.exchanges},
        recordings=arguments.recordings,
        speed=arguments.speed,
        keep_truth=False,
        truth_file=arguments.truth,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with simulator:
        log.info("listening", host=HOST, port=simulator.port, recordings=len(simulator.recordings))
        waits: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
        if arguments.once:
            waits.append(asyncio.create_task(_all_read(simulator)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def _all_read(simulator: Simulator) -> None:
    """Everything was made or played, and every client has read it and gone."""
    await simulator.finished.wait()
    while simulator.connections:
        await asyncio.sleep(0.05)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("websockets").setLevel(logging.ERROR)
    try:
        asyncio.run(_serve(arguments))
    except (LakehouseError, OSError, DamagedRecordingError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
