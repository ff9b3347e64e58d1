"""``tapehouse deploy``: build, plan, show, confirm, apply exactly that, tell the settings, put the dashboards where
Metabase is deployed, then the doctor."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from cli.command import add_setting, replace_environment
from tapehouse.deployed import outputs_of, read
from tapehouse.errors import LakehouseError
from tapehouse.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_words(parser)
    parser.add_argument("--plan", action="store_true", dest="plan_only", help="show what would be done, and do nothing")
    parser.add_argument(
        "--lose-data",
        action="store_true",
        help="allow a plan that removes a bucket, the stream, producers' marks or Metabase's database",
    )


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words that destroy has too."""
    parser.add_argument(
        "--environment", metavar="NAME", help="all names begin with tapehouse-NAME (default: dev; local at home)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask (make: CONFIRM=1)")
    parser.add_argument("--state-bucket", metavar="NAME", help="another bucket of Terraform's state")
    add_setting(parser, "region")


def run(options: argparse.Namespace) -> int:
    from cli.terraform import place as places
    from cli.terraform import work as works

    place = places.place_of(places.wanted_target(options, doing="deploy to"))
    with contextlib.ExitStack() as last:
        with works.prepared(
            place, environment_name=options.environment, region=options.region, state_bucket=options.state_bucket
        ) as work:
            sys.stderr.write(f"Planning {work.deployment} ({work.where}).\n")
            plan = work.plan()
            if plan is None:
                print(f"{work.deployment} ({work.where}): nothing to change.")
            else:
                print(f"{work.deployment} ({work.where}): {plan.counts()}.")
                for line in plan.lines():
                    print(line)
                print(f"The whole plan: {place.plan_text.relative_to(place.checkout)}", flush=True)
                if options.plan_only:
                    return 0
                if plan.loses and not options.lose_data:
                    print("It would lose data: nothing was done. Say --lose-data if that is meant.", file=sys.stderr)
                    return 1
                if plan.keeps:
                    print(
                        f"{', '.join(plan.keeps)} would stop it half way, by what is in there or by a protection: "
                        "apply with force_destroy = true first. Nothing was done.",
                        file=sys.stderr,
                    )
                    return 1
                if not works.confirm("Apply it?", wanted="yes", yes=options.yes):
                    print("Nothing was done.", file=sys.stderr)
                    return 1
                if plan.waits and place.target == "aws":
                    last.callback(_tell_waiting, plan.waits)  # also where a step fails: the next plan does not know
                work.apply()
            if options.plan_only:
                return 0
            told = work.write_settings()
            print(f"The settings of {work.deployment} are in {told.relative_to(place.checkout)}.", flush=True)
            replace_environment(work.environment)
        provisioned = _provision(yes=options.yes) if place.target == "aws" else 0
        return max(provisioned, _examine(place.target))


def _provision(*, yes: bool) -> int:
    """The dashboards, where a Metabase was deployed for them. What fails is told, and keeps the doctor from nothing."""
    from cli import metabase

    if not read(outputs_of("aws")).get("metabase"):
        return 0
    try:
        return metabase.provision(load(environ=os.environ, arguments={"target": "aws"}), yes=yes)
    except LakehouseError as error:
        print(f"The dashboards are not in Metabase: {error}", file=sys.stderr)
        return 1


def _tell_waiting(services: Sequence[str]) -> None:
    print(f"New, and stopped until `make run-app TARGET=aws` starts them: {', '.join(services)}.")


def _examine(target: str) -> int:
    from cli.doctor import examine_deployment

    return examine_deployment(target)
