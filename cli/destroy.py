"""``tapehouse destroy``: what was deployed goes, after its plan was shown and its name typed."""

import argparse
import sys

from cli.deploy import add_words
from tapehouse.errors import TerminalError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_words(parser)
    parser.add_argument(
        "--lose-data", action="store_true", help="remove buckets that hold something, and what is protected, too"
    )


def run(options: argparse.Namespace) -> int:
    from cli.terraform import place as places
    from cli.terraform import work as works

    place = places.place_of(places.wanted_target(options, doing="destroy at"))
    with works.prepared(
        place, environment_name=options.environment, region=options.region, state_bucket=options.state_bucket
    ) as work:
        plan = work.plan(destroy=True)
        if plan is None:
            print(f"There is nothing of {work.deployment} ({work.where}).")
            work.forget_settings()
            return 0
        print(f"{work.deployment} ({work.where}): {plan.counts()}.")
        for address in plan.loses:
            print(f"  LOSES DATA: {address}")
        if plan.keeps and not options.lose_data:
            print(
                f"{', '.join(plan.keeps)} would stop it, by what is in there or by a protection: say --lose-data if "
                "that is to go, or apply with force_destroy = true. Nothing was done.",
                file=sys.stderr,
            )
            return 1
        print(f"The whole plan: {place.plan_text.relative_to(place.checkout)}", flush=True)
        if not works.confirm("Remove it all, data too?", wanted=work.deployment, yes=options.yes):
            print("Nothing was done.", file=sys.stderr)
            return 1
        if place.target == "aws":
            stop_all(work.deployment, work.region)
        if plan.keeps:
            work.let_go(plan.keeps)
            work.plan(destroy=True)
        work.apply()
        work.forget_settings()
    print(f"{work.deployment} is gone.")
    return 0


def stop_all(deployment: str, region: str) -> None:
    """Ends whatever would write into a bucket that is being emptied: producers need not have ended, a job's run must.

    Where nothing is there any more, nothing is done. Raises TerminalError where a run does not end.
    """
    from cli.remote.producers import Producers
    from cli.remote.runs import Runs
    from glue_jobs.jobs.arguments import JOBS
    from tapehouse.settings import Settings

    settings = Settings(target="aws", deployment=deployment, region=region)
    for name in Producers(settings).scale(0):
        print(f"{name}: stops, once what it read is confirmed")
    try:
        Runs(settings).end(JOBS)
    except TerminalError as error:
        raise TerminalError(f"{error} Nothing was removed: run the same again.") from error
