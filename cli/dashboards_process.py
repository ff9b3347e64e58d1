"""The dashboards beside ``run-app``. They never end it: where they do not start, or die again and again, it goes on
without them. One bounded pass has none."""

import sys
from typing import Final

from cli.command import Target
from cli.dashboards import port_of
from embedded import port as ports
from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)
DASHBOARDS: Final = "dashboards"
RESTARTS: Final = 3


class DashboardsProcess:
    """Starts the server of the dashboards, and again where it died."""

    def __init__(self, here: Target) -> None:
        self._here, self._settings = here, here.settings
        self._port = 0
        self._restarts = 0
        self.address = ""
        """Where they are; in words why they are not; empty where none are wanted."""

    @property
    def names(self) -> list[str]:
        """For ``Stack.stop``."""
        return [DASHBOARDS]

    def start(self) -> None:
        """Does not wait until they answer: that takes a second or two, and Spark takes longer."""
        if self._settings.once:
            return
        try:
            self._port = port_of(self._settings)
            self._launch()
        except TerminalError as error:
            self._give_up(str(error))

    def supervise(self) -> None:
        """Starts them again where they died."""
        if not self._port or DASHBOARDS in self._here.stack.alive():
            return
        self._restarts += 1
        if self._restarts > RESTARTS:
            self._give_up(f"died: see {self._here.stack.log_path(DASHBOARDS)}")
            return
        log.warning("dashboards_died", log=self._here.stack.log_path(DASHBOARDS), note="started again")
        self._launch()

    def _give_up(self, why: str) -> None:
        log.error("dashboards_given_up", reason=why, note="all else goes on")
        self._port, self.address = 0, why

    def _launch(self) -> None:
        from metabase.preview.place import Place

        settings = self._settings
        command = [sys.executable, "-m", "cli.main", "dashboards", "--lake", self._here.lake.uri]
        command += ["--dashboards-port", str(self._port), "--dashboards-host", settings.dashboards_host]
        command += ["--portfolio", settings.portfolio] if settings.portfolio else []
        self._here.stack.start(DASHBOARDS, command, role="simulator", port=self._port)
        host = settings.dashboards_host
        seen = ports.HOST if host == "0.0.0.0" else host  # noqa: S104 - it is compared
        self.address = Place(seen, self._port).address
