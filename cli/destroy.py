"""``tapehouse destroy``: what was deployed goes, after its plan was shown and its name typed."""

import argparse
import sys

from cli.deploy import add_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_words(parser)
    parser.add_argument("--lose-data", action="store_true", help="remove buckets that hold something, too")


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
                f"{', '.join(plan.keeps)} would stop it while something is in there: say --lose-data if that is to go, "
                "or apply with force_destroy = true. Nothing was done.",
                file=sys.stderr,
            )
            return 1
        print(f"The whole plan: {place.plan_text.relative_to(place.checkout)}", flush=True)
        if not works.confirm("Remove it all, data too?", wanted=work.deployment, yes=options.yes):
            print("Nothing was done.", file=sys.stderr)
            return 1
        if plan.keeps:
            work.let_go(plan.keeps)
            work.plan(destroy=True)
        work.apply()
        work.forget_settings()
    print(f"{work.deployment} is gone.")
    return 0
