"""``tapehouse doctor``: each fact by name, how it is, and what to do where it is not right."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from cli.command import add_setting, load_settings, replace_environment, target
from tapehouse import deployed
from tapehouse.settings import Settings, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("deployment", "region", "athena_workgroup", "kinesis_port", "aws_port"):
        add_setting(parser, name)
    parser.add_argument("--emulator", action="store_true", help="ask the emulator what `deploy --target local` made")


def run(options: argparse.Namespace) -> int:
    if options.emulator:
        return examine_deployment("local")
    settings = load_settings(options)
    from cli.facts import DEPLOYMENT, HERE

    return tell(DEPLOYMENT if settings.target == "aws" else HERE, settings)


def examine_deployment(where: str) -> int:
    """What was deployed to a target, by the settings that its deployment told; 1 where one fact is at fault."""
    from cli.facts import DEPLOYMENT

    if where == "aws":
        settings = load(environ=os.environ, arguments={"target": "aws"})
    else:
        found = deployed.read(deployed.path_of("local"))
        settings = Settings.model_validate({**found, "target": "local"})
        replace_environment(target(settings).stack.environment(os.environ))
    return tell(DEPLOYMENT, settings)


def tell(facts: Mapping[str, Any], settings: Settings, *, make: Callable[..., Any] | None = None) -> int:
    """A line a fact on stdout; 1 where one is at fault."""
    from cli.facts import Asked, examine
    from tapehouse import aws

    faults = 0
    for name, found in examine(facts, Asked(settings, make or aws.client)):
        faults += found.state == "fault"
        print(f"{found.state:<7} {name:<14}  {found.told}", flush=True)
        if found.mend:
            print(f"{'':<7} {'':<14}  → {found.mend}", flush=True)
    if faults:
        print(f"{faults} of {len(facts)} facts are not as they should be.", file=sys.stderr)
    return 1 if faults else 0
