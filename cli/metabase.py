"""``tapehouse metabase``: the questions and dashboards of the files, in Metabase.

Exit status of ``plan``: 0 nothing to do, 1 an error, whatever it is, 2 changes. Of the others: 0 done, 1 an error, or
not confirmed.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.command import add_setting, load_settings
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

if TYPE_CHECKING:
    from metabase.server.provision import Provisioner
    from metabase.server.sign_in import Administrator

_COLLECTION = "Tapehouse"
_ANSWERS_WITHIN_S = 60.0
"""A deployment has waited until the load balancer found it well; its name may be known here a little later."""
_AGAIN = "From where it can be reached: `TARGET=aws tapehouse metabase apply`."
_ACTIONS = ("plan", "apply", "destroy", "export")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=_ACTIONS,
        help="plan: show what apply would do (exit 2: something); apply: do it, and run every question; destroy: take "
        "it away; export: write what was drawn or changed by hand into files",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--collection",
        metavar="NAME",
        default=_COLLECTION,
        help=f"what is touched, and nothing else (default {_COLLECTION})",
    )
    parser.add_argument("--files", metavar="FOLDER", type=Path, help="other files than the package's own")
    parser.add_argument("--wait-s", metavar="S", type=float, default=600.0, help="for Metabase to start (default 600)")
    parser.add_argument("--overwrite", action="store_true", help="export: replace files that are there")
    parser.add_argument(
        "--with-database",
        action="store_true",
        help="destroy: the database's entry too, where nothing but ours asks it; for good, with what is in the trash",
    )
    for name in (
        "metabase_url",
        "metabase_email",
        "metabase_workgroup",
        "athena_workgroup",
        "database_prefix",
        "region",
    ):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target != "aws":
        raise TerminalError("Metabase asks Athena, which there is with TARGET=aws alone; at home look at the preview.")
    if not settings.metabase_url:
        raise TerminalError("Where Metabase is, is not said: TAPEHOUSE_METABASE_URL, or --metabase-url.")
    return carry_out(options, provisioner(settings, collection=options.collection, files=options.files))


def provision(settings: Settings, *, yes: bool) -> int:
    """What ``apply`` does, with the Metabase that was just deployed. Raises what apply raises.

    A load balancer that is seen from inside alone does not answer whoever deploys from elsewhere, and one that asks for
    a sign-in sends him there: that is told, and is no failure.
    """
    from metabase.server.errors import RefusedError, UnavailableError
    from metabase.server.sign_in import wait_until_up

    work = provisioner(settings)
    try:
        wait_until_up(work.client, wait_s=_ANSWERS_WITHIN_S)
    except (UnavailableError, RefusedError) as error:
        work.client.close()
        if isinstance(error, UnavailableError):
            why = f"{error} {_AGAIN}"
        elif 300 <= error.status < 400:
            why = f"A sign-in stands before it: do it from a network of machine_cidrs. {_AGAIN}"
        else:
            raise
        print(f"The dashboards are not in Metabase yet. {why}", file=sys.stderr)
        return 0
    try:
        done = work.apply(confirm=_asked("Put these dashboards into Metabase?", "yes", yes=yes))
    finally:
        work.client.close()
    if not done:
        print(f"The dashboards are not in Metabase: not confirmed. {_AGAIN}", file=sys.stderr)
    return 0


def carry_out(options: argparse.Namespace, work: "Provisioner") -> int:
    """One action, to its exit status."""
    try:
        if options.action == "plan":
            return 2 if work.plan() else 0
        if options.action == "export":
            return 1 if work.export(options.files or Path("metabase"), overwrite=options.overwrite) else 0
        if options.action == "apply":
            done = work.apply(confirm=_asked("Apply it?", "yes", yes=options.yes), wait_s=options.wait_s)
        else:
            confirm = _asked("Remove it?", options.collection, yes=options.yes)
            done = work.destroy(confirm=confirm, with_database=options.with_database)
    finally:
        work.client.close()
    if not done:
        print("Nothing was done.", file=sys.stderr)
    return 0 if done else 1


def _asked(question: str, wanted: str, *, yes: bool) -> Callable[[], bool]:
    from cli.terraform.work import confirm

    return lambda: confirm(question, wanted=wanted, yes=yes)


def provisioner(settings: Settings, *, collection: str = _COLLECTION, files: Path | None = None) -> "Provisioner":
    """The files (the package's own where none are named), and the Metabase that the settings name."""
    from metabase import book
    from metabase.server.client import MetabaseClient
    from metabase.server.names import Names
    from metabase.server.provision import Provisioner
    from metabase.server.wanted import Athena

    workgroup = settings.metabase_workgroup or settings.athena_workgroup
    return Provisioner(
        client=MetabaseClient(settings.metabase_url),
        who=_administrator(settings),
        book=book.read(files or book.FOLDER),
        athena=Athena(settings.region, workgroup, results_of(workgroup, settings.region), settings.database_prefix),
        names=Names(collection),
        tell=lambda line: print(line, flush=True),
    )


def _administrator(settings: Settings) -> "Administrator":
    from metabase.server.sign_in import Administrator
    from tapehouse import aws
    from tapehouse.keys import SecretsClient, key

    def secrets() -> SecretsClient:
        client: SecretsClient = aws.client("secretsmanager", region=settings.region)
        return client

    password, api_key = (
        key(
            getattr(settings, direct).get_secret_value(),
            getattr(settings, stored),
            direct_setting=direct,
            setting=stored,
            client=secrets,
        )
        for direct, stored in (("metabase_password", "metabase_secret"), ("metabase_api_key", "metabase_api_secret"))
    )
    return Administrator(settings.metabase_email, password, api_key)


def results_of(workgroup: str, region: str) -> str:
    """Where a workgroup puts what is asked. Raises TerminalError."""
    from botocore.exceptions import BotoCoreError, ClientError

    from tapehouse import aws

    try:
        found = aws.client("athena", region=region).get_work_group(WorkGroup=workgroup)["WorkGroup"]
    except (BotoCoreError, ClientError) as error:
        raise TerminalError(f"The Athena workgroup {workgroup} cannot be looked at: {error}") from error
    place = found.get("Configuration", {}).get("ResultConfiguration", {}).get("OutputLocation")
    if not place:
        raise TerminalError(
            f"The Athena workgroup {workgroup} does not say where its results go: give it an output location."
        )
    return str(place)
