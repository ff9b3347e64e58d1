"""``tapehouse bootstrap``: the bucket of Terraform's state, once an account and region.

Its own state is a file here, and may be lost: where the bucket is there, nothing is left to do.
"""

import argparse
import os
import sys

from cli.command import add_setting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask (make: CONFIRM=1)")
    add_setting(parser, "region")


def run(options: argparse.Namespace) -> int:
    from cli.terraform import account as accounts
    from cli.terraform import place as places
    from cli.terraform import work as works
    from cli.terraform.plan import Plan
    from cli.terraform.program import Terraform, find

    checkout = places.place_of("aws").checkout
    binary = find(os.environ)
    region = accounts.region_of(options.region, os.environ)
    account = accounts.account_of(region)
    bucket = works.state_bucket(account, region)
    if works.bucket_is_there(bucket, region):
        print(f"{bucket} is there: nothing to do.")
        return 0
    place = places.Place(f"bootstrap-{account.id}-{region}", checkout, "bootstrap")
    told = {"TF_VAR_region": region, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    terraform = Terraform(binary, place.root, {**os.environ, **told, "TF_DATA_DIR": str(place.data.absolute())})
    with place.ours():
        terraform.run("init", "-reconfigure", quiet=True)
        terraform.run("plan", f"-out={place.plan.absolute()}", quiet=True)
        plan = Plan.of(terraform.json("show", "-json", str(place.plan.absolute())))
        print(f"{bucket} (account {account.id}, {region}): {plan.counts()}.", flush=True)
        if not works.confirm("Make it?", wanted="yes", yes=options.yes):
            print("Nothing was done.", file=sys.stderr)
            return 1
        terraform.run("apply", str(place.plan.absolute()))
    print(f"Terraform's state will be in {bucket}. Next: `make deploy-terraform TARGET=aws`.")
    return 0
