"""The producers of a deployment: ECS services that are started and stopped, and the task that fills holes once."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cli.remote.calls import Clients, refused, until
from tapehouse import deployed
from tapehouse.deployed import cluster_name, log_group, producer_name
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

MOST_S: Final = 10.0


class Producers:
    """The services and tasks of one deployment's cluster."""

    def __init__(
        self,
        settings: Settings,
        *,
        make: Callable[..., Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._sleep = settings, sleep
        self._cluster = cluster_name(settings.deployment)
        self._client = Clients(settings.region, make)

    def services(self) -> list[Mapping[str, Any]]:
        """The producers' services as ECS describes them; none where there is no cluster.

        Raises TerminalError where ECS does not say.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from tapehouse.kinesis import code_of

        ecs, first = self._client("ecs"), producer_name(self._settings.deployment, "")
        found: list[Mapping[str, Any]] = []
        try:
            pages = ecs.get_paginator("list_services").paginate(cluster=self._cluster)
            names = [arn for page in pages for arn in page["serviceArns"] if arn.rpartition("/")[2].startswith(first)]
            for start in range(0, len(names), 10):  # so many are described at once
                found += ecs.describe_services(cluster=self._cluster, services=names[start : start + 10])["services"]
        except (ClientError, BotoCoreError) as error:
            if code_of(error) == "ClusterNotFoundException":
                return []
            raise refused("ECS does not tell the producers", error) from error
        return found

    def scale(self, count: int) -> list[str]:
        """Gives each service that has another one this count of tasks (0 or 1: a second one would read the same
        market); the names of those that were changed. Raises TerminalError where ECS refuses.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        changed = []
        for service in self.services():
            if bool(service["desiredCount"]) == bool(count):
                continue
            try:
                self._client("ecs").update_service(
                    cluster=self._cluster, service=service["serviceName"], desiredCount=count
                )
            except (ClientError, BotoCoreError) as error:
                raise refused(f"ECS does not change {service['serviceName']}", error) from error
            changed.append(str(service["serviceName"]))
        return changed

    def backfill(self, words: Sequence[str]) -> int:
        """Runs `python -m producers.backfill` with these words as a task, and follows it; its exit status.

        Raises TerminalError where the deployment has no such task, or ECS does not start it.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        how = (deployed.read(deployed.outputs_of("aws")).get("producers") or {}).get("backfill")
        if not how:
            raise TerminalError("No producers were deployed, and so no task that fills: set `producers`, then deploy.")
        network = {
            "subnets": how["subnet_ids"],
            "securityGroups": how["security_groups"],
            "assignPublicIp": "ENABLED" if how["assign_public_ip"] else "DISABLED",
        }
        command = {"name": how["container"], "command": ["producers.backfill", *words]}
        try:
            told = self._client("ecs").run_task(
                cluster=self._cluster,
                taskDefinition=how["task_definition"],
                launchType="FARGATE",
                count=1,
                networkConfiguration={"awsvpcConfiguration": network},
                overrides={"containerOverrides": [command]},
            )
        except (ClientError, BotoCoreError) as error:
            raise refused("ECS does not start the backfill", error) from error
        if not told["tasks"]:
            why = told["failures"][0].get("reason", "it does not say why") if told.get("failures") else "it is full"
            raise TerminalError(f"ECS does not start the backfill: {why}")
        task = str(told["tasks"][0]["taskArn"])
        short = task.rpartition("/")[2]
        sys.stderr.write(f"The backfill was started as task {short} of {self._cluster}.\n")
        try:
            return self._follow(task, how["container"])
        except KeyboardInterrupt:
            sys.stderr.write(f"\nTask {short} goes on without us. Its log: {self._log_of(short)}.\n")
            raise

    def _follow(self, task: str, container: str) -> int:
        short = task.rpartition("/")[2]
        found = until(
            lambda: self._look(task),
            state_of=lambda found: str(found["lastStatus"]),
            is_over=lambda state: state == "STOPPED",
            tell=lambda state: print(f"Task {short} is {state}.", file=sys.stderr),
            sleep=self._sleep,
            most_s=MOST_S,
        )
        return self._ended(found, container, short)

    def _look(self, task: str) -> Mapping[str, Any] | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found: list[Mapping[str, Any]] = self._client("ecs").describe_tasks(cluster=self._cluster, tasks=[task])[
                "tasks"
            ]
        except (ClientError, BotoCoreError):
            return None
        return next(iter(found), None)

    def _ended(self, task: Mapping[str, Any], container: str, short: str) -> int:
        for line in self._lines(container, short):
            print(line)
        status = next((each.get("exitCode") for each in task["containers"] if each["name"] == container), None)
        if status is None:
            why = " ".join(str(task.get("stoppedReason", "")).split())
            sys.stderr.write(f"The backfill did not run to its end: {why}. Its log: {self._log_of(short)}.\n")
            return 1
        return int(status)

    def _log_of(self, short: str) -> str:
        return f"{log_group(self._settings.deployment, 'producers')}, stream backfill/producer/{short}"

    def _lines(self, container: str, short: str) -> list[str]:
        """What the task said; nothing where its log may not be read."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client("logs").get_log_events(
                logGroupName=log_group(self._settings.deployment, "producers"),
                logStreamName=f"backfill/{container}/{short}",
                startFromHead=True,
            )["events"]
        except (ClientError, BotoCoreError):
            return []
        return [str(event["message"]).rstrip("\n") for event in found]
