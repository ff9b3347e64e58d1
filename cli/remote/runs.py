"""Runs of the Glue jobs that own the tables: started, followed to their end, stopped.

The command never writes a table on AWS: one driver a table. What is interrupted here goes on there, and can be followed
again.
"""

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from cli.remote.calls import Clients, refused, until
from tapehouse.deployed import job_log_group, job_name
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

GOING: Final = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
DONE: Final = "SUCCEEDED"
MOST_S: Final = 15.0
"""Seconds between two looks: a run takes about a minute to start, and hours at most."""
LOOK_S: Final = 5.0
"""Seconds between two looks at all jobs: each is a call a job."""
SHOWN_LINES: Final = 40


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words of a command that starts a job on AWS."""
    there = parser.add_argument_group("with TARGET=aws")
    there.add_argument("--follow", metavar="RUN", help="start nothing: follow this run, as jr_…, to its end")
    there.add_argument("--no-wait", action="store_true", help="start it and leave it")


class Runs:
    """The runs of one deployment's jobs."""

    def __init__(
        self,
        settings: Settings,
        *,
        make: Callable[..., Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._sleep = settings, sleep
        self._client = Clients(settings.region, make)

    def command(
        self, job: str, arguments: Mapping[str, str | None], options: argparse.Namespace, *, named: str = ""
    ) -> int:
        """A whole subcommand: starts the job, or takes the run that is named, and follows it; its exit status.

        ``named``: the word that the subcommand does not go without.
        """
        run = options.follow or self.start(job, arguments)
        if options.no_wait:
            print(run)
            return 0
        return self.follow(job, run, f"tapehouse {options.command} {named}".rstrip())

    def start(self, job: str, arguments: Mapping[str, str | None] | None = None) -> str:
        """Starts a run with those arguments that are not None; its id.

        Raises TerminalError where there is no such job, or it runs already: one run owns its tables.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from tapehouse.kinesis import code_of

        name = job_name(self._settings.deployment, job)
        given = {f"--{key}": value for key, value in (arguments or {}).items() if value is not None}
        try:
            run = str(self._client("glue").start_job_run(JobName=name, Arguments=given)["JobRunId"])
        except ClientError as error:
            code = code_of(error)
            if code == "ConcurrentRunsExceededException":
                raise TerminalError(self._already(job)) from error
            if code == "EntityNotFoundException":
                raise TerminalError(
                    f"There is no job {name} in {self._settings.region}: run `make deploy-terraform`, or set "
                    "TAPEHOUSE_DEPLOYMENT to what was deployed."
                ) from error
            raise refused(f"AWS did not start {name}", error) from error
        except BotoCoreError as error:
            raise refused(f"AWS did not start {name}", error) from error
        told = " ".join(f"{key} {value}" for key, value in given.items())
        sys.stderr.write(f"{name} {told}".rstrip() + f": run {run} was started.\n")
        return run

    def _already(self, job: str) -> str:
        name, going = job_name(self._settings.deployment, job), self.going(job)
        if going is None:
            return f"{name} runs already: try again in a minute."
        arguments = " ".join(f"{key} {value}" for key, value in sorted(going.get("Arguments", {}).items()))
        return (
            f"{name} runs already, once at a time: {going['Id']} since {_instant(going['StartedOn'])}"
            f"{' with ' + arguments if arguments else ''}. Follow it by --follow {going['Id']}."
        )

    def going(self, job: str) -> Mapping[str, Any] | None:
        """The run of a job that has not ended, as Glue tells it; None where there is none, or no such job.

        Raises TerminalError where Glue does not say.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from tapehouse.kinesis import code_of

        name = job_name(self._settings.deployment, job)
        try:
            found = self._client("glue").get_job_runs(JobName=name, MaxResults=10)["JobRuns"]
        except (ClientError, BotoCoreError) as error:
            if code_of(error) == "EntityNotFoundException":
                return None
            raise refused(f"AWS did not look at {name}", error) from error
        return next((run for run in found if run["JobRunState"] in GOING), None)

    def follow(self, job: str, run: str, again: str) -> int:
        """Tells each change of the run's state until it ends, then the end of its log; 0 where it succeeded.

        ``again``: the command by which to go on after an interrupt. Raises KeyboardInterrupt after it was told, and
        TerminalError where there is no such run. A look that fails is done again: the run does not hang on it.
        """
        try:
            found = self._to_the_end(job, run)
        except KeyboardInterrupt:
            sys.stderr.write(f"\n{run} goes on without us. Follow it again by `{again} --follow {run}`.\n")
            raise
        state, took_s = found["JobRunState"], found.get("ExecutionTime", 0)
        for line in self._log(job, run):
            print(line)
        if state == DONE:
            print(f"{found['JobName']} {run} is done after {took_s} s.")
            return 0
        why = " ".join(str(found.get("ErrorMessage") or "").split())
        sys.stderr.write(f"{found['JobName']} {run} ended {state} after {took_s} s{': ' + why if why else ''}.\n")
        sys.stderr.write(f"Its log: {job_log_group(self._settings.deployment, job)}, streams that begin with {run}.\n")
        return 1

    def _to_the_end(self, job: str, run: str) -> Mapping[str, Any]:
        name = job_name(self._settings.deployment, job)
        return until(
            lambda: self._look(name, run),
            state_of=lambda found: str(found["JobRunState"]),
            is_over=lambda state: state not in GOING,
            tell=lambda state: print(f"{name} {run} is {state}.", file=sys.stderr),
            sleep=self._sleep,
            most_s=MOST_S,
        )

    def _look(self, name: str, run: str) -> Mapping[str, Any] | None:
        from botocore.exceptions import BotoCoreError, ClientError

        from tapehouse.kinesis import code_of

        try:
            found: Mapping[str, Any] = self._client("glue").get_job_run(JobName=name, RunId=run)["JobRun"]
        except ClientError as error:
            code = code_of(error)
            if code in ("EntityNotFoundException", "InvalidInputException"):
                raise TerminalError(f"{name} has no run {run}.") from error
            if "Expired" in code or "AccessDenied" in code:
                raise refused(f"AWS did not look at {run}, which goes on without us", error) from error
            return None
        except BotoCoreError:
            return None
        return found

    def _log(self, job: str, run: str) -> Iterator[str]:
        """The last lines of the driver's log, as far as it may be read."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client("logs").get_log_events(
                logGroupName=job_log_group(self._settings.deployment, job),
                logStreamName=f"{run}-driver",
                startFromHead=False,
                limit=SHOWN_LINES,
            )["events"]
        except (ClientError, BotoCoreError):
            return
        for event in found:
            yield from str(event["message"]).rstrip("\n").splitlines()

    def stop(self, job: str) -> str | None:
        """Asks the run that goes on to stop; its id, or None. Raises TerminalError where Glue refuses."""
        from botocore.exceptions import BotoCoreError, ClientError

        going = self.going(job)
        if going is None:
            return None
        name, run = job_name(self._settings.deployment, job), str(going["Id"])
        try:
            told = self._client("glue").batch_stop_job_run(JobName=name, JobRunIds=[run])
        except (ClientError, BotoCoreError) as error:
            raise refused(f"AWS did not stop {run}", error) from error
        if told.get("Errors"):
            why = told["Errors"][0].get("ErrorDetail", {}).get("ErrorMessage", "")
            raise TerminalError(f"{name} {run} cannot be stopped: {why}")
        return run

    def end(self, jobs: Iterable[str], *, within_s: float = 600) -> None:
        """Asks the runs of these jobs to stop, queued ones as well, and waits until none goes on.

        Raises TerminalError where one still does after ``within_s`` of waiting.
        """
        jobs, waited_s = tuple(jobs), 0.0
        while left := {job: found for job in jobs if (found := self.going(job)) is not None}:
            if waited_s >= within_s:
                names = ", ".join(f"{job_name(self._settings.deployment, job)} {left[job]['Id']}" for job in left)
                raise TerminalError(f"{names} did not stop within {within_s:g} s.")
            for job, found in left.items():
                # Behind one that is stopped the next of a queue comes forth; one that stops already would be refused.
                if found["JobRunState"] != "STOPPING" and (run := self.stop(job)):
                    sys.stderr.write(f"{job_name(self._settings.deployment, job)} {run} stops.\n")
            self._sleep(LOOK_S)
            waited_s += LOOK_S


def owner_says(settings: Settings, runs: Runs) -> str | None:
    """Where the stream job runs, it owns the tables: what it does, in a sentence; None where it does not run."""
    going = runs.going("stream")
    if going is None:
        return None
    name = job_name(settings.deployment, "stream")
    return (
        f"{name} owns the tables and refreshes them every {settings.refresh_every_s:g} s: {going['Id']} since "
        f"{_instant(going['StartedOn'])}."
    )


def refuse_while_owned(settings: Settings, runs: Runs, doing: str) -> None:
    """Raises TerminalError while the stream job owns the tables. ``doing``: what is to be done once it has stopped."""
    if (says := owner_says(settings, runs)) is not None:
        raise TerminalError(
            f"{says} Stop it by `make down TARGET=aws`, {doing}, and start it again by `make run-app TARGET=aws`."
        )


def _instant(time_: dt.datetime) -> str:
    return time_.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
