"""``tapehouse lambda``: the very handler that AWS calls, in this process, with the environment of the home.

With ``TARGET=aws`` it is the deployed function that is called, where a schedule starts it; the others have queues.
"""

import argparse
import contextlib
import datetime as dt
import importlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from cli.command import Target, add_setting, load_settings, replace_environment, target
from cli.sources import landing_of, notification, variables
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

Handler: TypeAlias = Callable[[Any, object], Any]
HANDLERS: Final[Mapping[str, tuple[str, str]]] = {
    "news": ("lambdas.news.handler", "handler"),
    "social": ("lambdas.social.handler", "handler"),
    "crawler": ("lambdas.crawler.handler", "handler"),
    "crawler-schedule": ("lambdas.crawler.handler", "schedule"),
    "enrich": ("lambdas.enrich.handler", "handler"),
}
"""Name → module and function, as the deployment names them."""
DAILY: Final = ("news", "social")
QUEUED: Final = ("crawler", "enrich")
SCORED: Final = ("news", "social", "page")
"""What lands as one of these is told to ``enrich``."""
_DEADLINE_MS: Final = 900_000


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda says of a call, as far as anybody asks."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        """At home nobody ends it."""
        return _DEADLINE_MS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", choices=list(HANDLERS), help=f"which: {', '.join(HANDLERS)}")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--event", metavar="FILE", help="its event, as JSON; - reads stdin")
    what.add_argument(
        "--date",
        metavar="YYYY-MM-DD",
        type=_day,
        help="news, social: the UTC day asked for (default: yesterday); enrich: what landed on it (default: today)",
    )
    for name in ("landing", "feeds", "recordings", "seed"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    answer = _there(options, settings) if settings.target == "aws" else _here(options, settings)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    failed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    return 1 if failed else 0


def _here(options: argparse.Namespace, settings: Settings) -> Any:
    here = target(settings)
    if here.lake.is_local:
        here.lake.check_origin(settings.origin)
    event = _event(options, here)
    here.activate()
    with variables(here) as told:
        replace_environment({**os.environ, **told})
        return load(options.name)(event, Context(options.name))


def _there(options: argparse.Namespace, settings: Settings) -> Any:
    from cli.remote.functions import Functions

    if options.name in QUEUED:
        raise TerminalError(f"on AWS {options.name} works off its queue: send its dead letters back to try them again.")
    event = _read(options.event) if options.event is not None else _of_day(options)
    return Functions(settings).call(options.name, event)


def load(name: str) -> Handler:
    """The handler of a Lambda."""
    module, function = HANDLERS[name]
    found: Handler = getattr(importlib.import_module(module), function)
    return found


def _day(text: str) -> dt.date:
    day: dt.date | None = None
    with contextlib.suppress(ValueError):
        day = dt.date.fromisoformat(text)
    if day is None or text != day.isoformat():
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write 2026-11-28")
    return day


def _event(options: argparse.Namespace, here: Target) -> Any:
    if options.event is not None:
        return _read(options.event)
    if options.name == "enrich":
        return _landed_on(options.date or dt.datetime.now(dt.UTC).date(), here)
    event = _of_day(options)
    if options.name == "crawler":
        raise TerminalError("crawler works off a queue: give one of its batches by --event FILE.")
    return event


def _of_day(options: argparse.Namespace) -> dict[str, str]:
    if options.name not in DAILY and options.date:
        raise TerminalError(f"{options.name} has no day: leave --date out.")
    return {"date": options.date.isoformat()} if options.date else {}


def _read(name: str) -> Any:
    try:
        return json.loads(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TerminalError(f"--event {name} cannot be read as JSON: {error}") from error


def _landed_on(day: dt.date, here: Target) -> dict[str, Any]:
    """A batch of SQS about all that landed on a day."""
    landing = landing_of(here)
    keys = [key for key in landing.keys_since(day) if key.split("/")[0] in SCORED and f"/{day.isoformat()}/" in key]
    bodies = (json.dumps(notification(landing, key)) for key in keys)
    return {"Records": [{"messageId": key, "body": body} for key, body in zip(keys, bodies, strict=True)]}
