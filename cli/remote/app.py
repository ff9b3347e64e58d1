"""The whole on AWS: ``run-app`` starts the producers and the job that owns the tables, ``down`` stops them.

What runs there does not hang on this machine: starting twice changes nothing, and neither does leaving.
"""

import sys

from cli.remote.producers import Producers
from cli.remote.runs import Runs, owner_says
from tapehouse import deployed
from tapehouse.deployed import job_name
from tapehouse.settings import Settings


class App:
    """A deployment as somebody starts and stops it."""

    def __init__(self, settings: Settings, *, runs: Runs | None = None, producers: Producers | None = None) -> None:
        self._settings = settings
        self._runs = runs or Runs(settings)
        self._producers = producers or Producers(settings)
        self._outputs = deployed.read(deployed.outputs_of("aws"))

    def start(self) -> int:
        """Starts what does not run, and says what runs and where to look; the exit status.

        Raises TerminalError where AWS refuses.
        """
        if self._outputs.get("owner") != "refresh":
            self._start_stream()
        started = self._producers.scale(1)
        services = [str(service["serviceName"]) for service in self._producers.services()]
        if not services:
            sys.stderr.write("No producers were deployed: set the variable `producers`, then deploy.\n")
        for name in services:
            print(f"{name}: {'started' if name in started else 'runs'}")
        self._addresses()
        return 0

    def _start_stream(self) -> None:
        says = owner_says(self._settings, self._runs)
        if says is None:
            self._runs.start("stream")
            print(f"{job_name(self._settings.deployment, 'stream')}: started; it takes a minute or two to come up")
        else:
            print(says)

    def _addresses(self) -> None:
        settings = self._settings
        print(f"lake       {settings.lake}")
        print(f"stream     {settings.stream_name} in {settings.region}")
        print(f'workgroup  {settings.athena_workgroup}: `tapehouse query "SELECT …"` asks it')
        for name, address in sorted(self._outputs.get("addresses", {}).items()):
            print(f"{name:<9}  {address}")
        print("`make doctor TARGET=aws` says whether all is well; `make down TARGET=aws` stops it.")

    def stop(self) -> int:
        """Stops the producers, which confirm what they read, and the stream job; the exit status. Tables, stream and
        marks stay: the next start goes on where this one stopped. Raises TerminalError where AWS refuses.
        """
        stopped = self._producers.scale(0)
        run = self._runs.stop("stream")
        for name in stopped:
            print(f"{name}: stops, once what it read is confirmed")
        if run is not None:
            print(f"{job_name(self._settings.deployment, 'stream')}: {run} stops, and goes on there next time")
        scheduled = self._outputs.get("owner") == "refresh"
        if scheduled:
            refresh = job_name(self._settings.deployment, "refresh")
            print(f'{refresh}: goes on by its schedule, and costs; deploy with mode = "stream" to end that')
        if not stopped and run is None and not scheduled:
            print(f"Nothing of {self._settings.deployment} runs.")
        return 0
