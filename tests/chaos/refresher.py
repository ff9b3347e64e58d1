"""A refresher that can be killed at a named point: ``python -m tests.chaos.refresher --lake DIR --endpoint URL …``.

It runs the product's own ``Refresh`` and says on stdout, line by line, what it does: ``ready``, ``at POINT``,
``passed rows=N``. A point is ``<step>:before`` or ``<step>:after`` (see ``glue_jobs.engine.steps``).
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from glue_jobs.engine import build_session, runner
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.errors import TransientError
from tapehouse.lake import Lake

DRIVER, GROUP = "driver", "group"


def ignore_the_lock() -> None:
    """Refreshes are not kept apart by the lake's lock: only the commits themselves tell who was first."""
    setattr(runner, "_locked", lambda _: True)  # noqa: B010


def kill_at(spec: str, whom: str) -> Callable[[str], None]:
    """What ``on_point`` does: SIGKILL at ``POINT[:N]``, the N-th time that the point is reached (the first without N).

    ``driver`` kills this process alone, as the system does that runs out of memory; ``group`` takes Spark's JVM along.
    """
    head, _, last = spec.rpartition(":")
    point, turn = (head, int(last)) if last.isdigit() else (spec, 1)
    reached: Counter[str] = Counter()
    lock = threading.Lock()

    def on_point(name: str) -> None:
        with lock:
            reached[name] += 1
            if name == point and reached[name] == turn:
                say(f"killed at {spec}")
                if whom == GROUP:
                    os.killpg(0, signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)

    return on_point


def say(line: str) -> None:
    # One write: two threads' lines never mix, and nothing waits in a buffer that a kill would take along.
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--stream", default="trades")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--kill-at", metavar="POINT[:N]")
    parser.add_argument("--kill", choices=(DRIVER, GROUP), default=GROUP)
    parser.add_argument("--every", type=float, metavar="S", help="again and again, with pauses of S seconds")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long to begin new passes")
    parser.add_argument("--unlocked", action="store_true", help="without the lake's lock")
    options = parser.parse_args()
    if options.unlocked:
        ignore_the_lock()
    killing = kill_at(options.kill_at, options.kill) if options.kill_at else lambda point: None

    def on_point(name: str) -> None:
        say(f"at {name}")
        killing(name)

    client = aws.client("kinesis", endpoint_url=options.endpoint, region="us-east-1")
    refresh = Refresh(
        build_session(app_name="tapehouse-chaos", memory_mb=1024),
        Lake(options.lake),
        pipeline(Options(stream_name=options.stream, client=client)),
        on_point=on_point,
    )
    say("ready")
    end = time.monotonic() + options.seconds
    while True:
        try:
            report = refresh.once()
            say(f"passed rows={report.rows} seconds={report.seconds:.2f}")
        except TransientError as error:
            if options.every is None:
                raise
            say(f"again {type(error).__name__}: {str(error)[:300]}")
        if options.every is None or time.monotonic() > end:
            return 0
        time.sleep(options.every)


if __name__ == "__main__":
    sys.exit(main())
