"""A process that writes silver.trades on S3, a trade a turn, from a first line of input until that ends.

``test_one_writer`` starts two::

    python -m tests.glue_jobs.engine.driver LAKE LASTS_S [idle] [stop-at VERSION]

It says on its output what it does: "here" once it is the writer, "wrote NUMBER VERSION" after each commit, "lost WHY"
where it could not. ``idle``: it becomes the writer and writes nothing. ``stop-at``: it stops itself, as SIGSTOP does,
between its last check and the PUT of that version's file.
"""

import faulthandler
import os
import signal
import sys
import threading
import time
from typing import Any

from glue_jobs.engine import Piece, Query, Runner, Steps, Workspace, objects
from glue_jobs.engine.lease import Terms
from glue_jobs.engine.leases import Leases
from tapehouse.errors import TransientError
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES
from tests.glue_jobs.engine.test_table_log import trades


def say(*words: object) -> None:
    print(*words, flush=True)


class Counting:
    """Puts the number of rows that there are."""

    def __init__(self, workspace: Workspace, *, is_idle: bool) -> None:
        self._ws, self._is_idle = workspace, is_idle

    def drain(self) -> int:
        raise NotImplementedError

    def turn(self) -> Piece:
        if not self._is_idle:
            base = self._ws.state(SILVER_TRADES)
            number = base.rows
            self._ws.commit(base, add=[self._ws.stage(SILVER_TRADES, trades(number))])
            say("wrote", number, base.version + 1)  # the table may be further: it may have been stopped since
        return Piece(1, wrote=not self._is_idle, has_more=True)


def stop_at(version: int) -> None:
    put, name = objects.Objects.put, f"_delta_log/{version:020d}.json"

    def stopping(self: objects.Objects, at: str, *told: Any, **more: Any) -> str | None:
        if at == name:
            setattr(objects.Objects, "put", put)  # noqa: B010 - once
            say("stops")
            os.kill(os.getpid(), signal.SIGSTOP)
        return put(self, at, *told, **more)

    setattr(objects.Objects, "put", stopping)  # noqa: B010


def wait_for_the_end(ends: threading.Event) -> None:
    sys.stdin.read()
    ends.set()


def main(uri: str, lasts_s: str, *options: str) -> None:
    faulthandler.register(signal.SIGUSR1)
    sys.stdin.readline()
    lake = Lake(uri)
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    is_idle = "idle" in options
    query = Query(name="silver", makes={SILVER_TRADES: ()}, job=lambda workspace: Counting(workspace, is_idle=is_idle))
    terms = Terms(lasts_s=float(lasts_s), renew_every_s=0.4, spare_s=float(lasts_s) / 4, look_every_s=0.1)
    runner = Runner(workspace, leases=Leases(objects.Objects(uri), terms=terms))
    if "stop-at" in options:
        stop_at(int(options[-1]))
    ends = threading.Event()
    threading.Thread(target=wait_for_the_end, args=(ends,), daemon=True).start()
    was_here = False
    while not ends.is_set():
        try:
            workspace.ensure([SILVER_TRADES])
            with runner.only_writer(query, give_up=ends, keep=True) as is_ours:
                if is_ours:
                    if not was_here:
                        say("here")
                    was_here = True
                    runner.piece(query)
        except TransientError as error:
            was_here = False
            say("lost", type(error).__name__)
        time.sleep(0.02)
    runner.let_go(query)


if __name__ == "__main__":
    main(*sys.argv[1:])
