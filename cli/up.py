"""``tapehouse up``: the embedded AWS in the background."""

import argparse

from cli.command import add_setting, load_settings, refuse_aws, target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("shards", "kinesis_port", "kinesis_timing", "aws_port", "feeds", "recordings"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse up`")
    here = target(settings)
    if here.lake.is_local:
        here.lake.check_origin(here.lake.origin() or settings.origin)
    started = here.stack.up(wanted={"kinesis": settings.kinesis_port, "aws": settings.aws_port})
    here.stack.ensure_stream(settings.stream_name, settings.shards)
    what = f"started {' and '.join(started)}" if started else "is up already"
    print(f"The embedded AWS of {here.lake.uri} {what}. To use it from a shell:")
    for name, value in here.stack.environment().items():
        if name.startswith("AWS_"):
            print(f"  export {name}={value}")
    return 0
