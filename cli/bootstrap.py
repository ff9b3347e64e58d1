"""``tapehouse bootstrap``: the bucket of Terraform's state, once an account and region.

Its own state is a file here, and may be lost: where the bucket is there with all that guards it, nothing is left to do.
Where a run was killed in between, the bucket is taken into the state again, and the plan makes what is missing.
"""

import argparse
import os
import sys
from typing import Final

from cli.command import add_setting

STATES: Final = "aws_s3_bucket.states"
"""The bucket's address in ``infra/bootstrap``."""


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
    is_there = works.bucket_is_there(bucket, region)
    if is_there:
        lacks = lacking(bucket, region)
        if not lacks:
            print(f"{bucket} is there: nothing to do.")
            return 0
        print(f"{bucket} is there, without {', '.join(lacks)}.")
    place = places.Place(f"bootstrap-{account.id}-{region}", checkout, "bootstrap")
    told = {"TF_VAR_region": region, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    terraform = Terraform(binary, place.root, {**os.environ, **told, "TF_DATA_DIR": str(place.data.absolute())})
    with place.ours():
        terraform.run("init", "-reconfigure", quiet=True)
        if is_there and STATES not in terraform.run("state", "list", quiet=True, allowed=(0, 1))[1].split():
            terraform.run("import", STATES, bucket, quiet=True)  # 1 above: there is no state
        terraform.run("plan", f"-out={place.plan.absolute()}", quiet=True)
        plan = Plan.of(terraform.json("show", "-json", str(place.plan.absolute())))
        print(f"{bucket} (account {account.id}, {region}): {plan.counts()}.", flush=True)
        if not works.confirm("Make it?", wanted="yes", yes=options.yes):
            print("Nothing was done.", file=sys.stderr)
            return 1
        terraform.run("apply", str(place.plan.absolute()))
    print(f"Terraform's state will be in {bucket}. Next: `make deploy-terraform TARGET=aws`.")
    return 0


def lacking(bucket: str, region: str) -> list[str]:
    """What the bucket of the state should have and does not, in words; S3 itself encrypts, and lets no ACL count.

    Raises TerminalError where S3 does not say.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from cli.remote.calls import or_none, refused
    from tapehouse import aws

    s3 = aws.client("s3", region=region)
    try:
        versions = s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
        block = or_none(lambda: s3.get_public_access_block(Bucket=bucket), "NoSuchPublicAccessBlockConfiguration")
        policy = or_none(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy")
        rules = or_none(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), "NoSuchLifecycleConfiguration")
    except (ClientError, BotoCoreError) as error:
        raise refused(f"S3 does not tell what guards {bucket}", error) from error
    found = {
        "versions": versions,
        "a block of public access": block is not None and all(block["PublicAccessBlockConfiguration"].values()),
        "a policy that wants TLS": policy is not None and "aws:SecureTransport" in policy["Policy"],
        "an end of old versions": rules is not None,
    }
    return [what for what, there in found.items() if not there]
