"""The leases that one process holds on one lake: waited for, renewed by threads, kept while a loop lives."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from glue_jobs.engine.lease import Lease, LeaseLostError, Terms
from glue_jobs.engine.objects import Conditional
from tapehouse import logs
from tapehouse.errors import LakehouseError

log = logs.of(__name__)


class Leases:
    """Those of one lake, one a query; each is renewed by a thread of its own."""

    def __init__(
        self, objects: Conditional, *, terms: Terms | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._objects, self._terms, self._clock = objects, terms or Terms(), clock
        self._me = uuid.uuid4().hex
        self._held: dict[str, tuple[Lease, threading.Event]] = {}

    @contextmanager
    def hold(self, query: str, *, give_up: threading.Event | None, keep: bool) -> Iterator[Lease | None]:
        """Wait until the lease is ours. Gives None where ``give_up`` was set before.

        ``keep``: hold it on after the context, unless somebody asked for it; until ``let_go``.

        Raises:
            LakehouseError: S3 cannot be asked; Terminal where it refuses.
        """
        lease = self._kept(query) or self._wait(query, give_up or threading.Event())
        try:
            yield lease
        finally:
            if lease is not None and (not keep or lease.is_wanted or not lease.is_held):
                self.let_go(query)

    def let_go(self, query: str) -> None:
        """Of one that is held; none is fine."""
        lease, stop = self._held.pop(query, (None, None))
        if lease is None or stop is None:
            return
        stop.set()
        try:
            lease.release()
        except LakehouseError as error:
            log.warning("lease_runs_out", query=query, error=str(error), note="others wait until it has")

    def _kept(self, query: str) -> Lease | None:
        lease, _ = self._held.get(query, (None, None))
        if lease is None:
            return None
        try:
            lease.check()
        except LeaseLostError:
            self.let_go(query)
            return None
        return lease

    def _wait(self, query: str, give_up: threading.Event) -> Lease | None:
        lease = Lease(self._objects, query, me=self._me, terms=self._terms, clock=self._clock)
        waits = False
        try:
            while not lease.take():
                if not waits:
                    log.info("refresh_waits", query=query, note="another process writes these tables")
                waits = True
                if give_up.wait(self._terms.look_every_s):
                    lease.give_up()
                    return None
        except BaseException:
            if waits:
                self._give_up(lease)
            raise
        stop = threading.Event()
        self._held[query] = lease, stop
        threading.Thread(target=self._renew, args=(lease, stop), name=f"tapehouse-lease-{query}", daemon=True).start()
        return lease

    @staticmethod
    def _give_up(lease: Lease) -> None:
        try:
            lease.give_up()
        except LakehouseError as error:
            log.warning("lease_runs_out", query=lease.query, error=str(error), note="others wait until it has")

    def _renew(self, lease: Lease, stop: threading.Event) -> None:
        while not stop.wait(self._terms.renew_every_s) and lease.is_held:
            try:
                lease.renew()
            except LakehouseError as error:
                log.warning("lease_not_renewed", query=lease.query, error=str(error), note="trying until it runs out")
