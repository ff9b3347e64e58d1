"""The Glue job ``stream``: every layer as a loop, for as long as it runs. SIGTERM or Ctrl-C ends it after the piece at
hand; what waits then is the next run's."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script
from glue_jobs.jobs.tally import Tally
from tapehouse import logs

log = logs.of(__name__)

_LOOK_EVERY_S: Final = 1.0
_TELL_EVERY_S: Final = 60.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def work(spark: SparkSession, given: Given) -> Done:
    """Raises what ended one of the loops for good."""
    most_minutes: float | None = given.own["most_minutes"]
    numbers = Tally()
    refresh, began = refresh_of(spark, given, on_step=numbers.take), time.monotonic()
    end = began + (60 * most_minutes if most_minutes is not None else float("inf"))
    told = began
    with _told_to_stop() as stop, refresh.live(every_s=given.settings.refresh_every_s) as live:
        log.info("stream_live", every_s=given.settings.refresh_every_s)
        while not stop.wait(min(_LOOK_EVERY_S, max(0.0, end - time.monotonic()))):
            live.check()
            now = time.monotonic()
            if now >= end:
                break
            if now >= told + _TELL_EVERY_S:
                told = now
                numbers.say()
                for name, each in live.progress().items():
                    log.info("stream_progress", query=name, rows=each.rows, pieces=each.pieces, failures=each.failures)
        log.info("stream_ending", signal=stop.is_set())
    numbers.say()
    live.check()
    progress = live.progress()
    pieces = {name: each.pieces for name, each in progress.items()}
    return Done.of(refresh.report(progress["bronze"].rows, time.monotonic() - began), pieces=pieces)


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that the signals set; after the session began, which takes SIGINT for itself."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # where no handler may be set
        yield stop
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    run_script("stream", work, sys.argv[1:])
