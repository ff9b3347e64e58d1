"""Whether the producer beside it does its work, judged by its heartbeat.

====================================================  =====================================================
what the heartbeat says                               verdict
====================================================  =====================================================
none, or older than ``STALE_S``                       problem: not started, hung or gone
no connection to the venue for ``LOST_S``             problem
something waits, nothing confirmed for ``STUCK_S``    problem, although the process lives
one item unconfirmed for ``OLDEST_S``                 problem: a shard takes nothing
a connection, and nothing traded on it                well: a quiet market; a dead connection is dropped
====================================================  =====================================================
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from producers.health.heartbeat import default_path
from tapehouse.errors import SettingsError

STALE_S: Final = 30.0
LOST_S: Final = 180.0
"""Three of the longest waits between two tries to connect."""
STUCK_S: Final = 120.0
OLDEST_S: Final = 900.0


def problem(beat: Mapping[str, Any], now_us: int) -> str | None:
    """What is wrong, in one sentence; None where nothing is. Raises KeyError, TypeError for another file."""
    age_s = (now_us - int(beat["time_us"])) / 1e6
    if abs(age_s) > STALE_S:
        return f"the last heartbeat is {age_s:.0f} s old: the producer hangs, or has gone"
    if not beat.get("connected", True) and beat["unconnected_s"] + age_s > LOST_S:
        return f"no connection to {beat['feed']} for {beat['unconnected_s']:.0f} s ({beat['reconnects']} tries)"
    if beat["waiting"] and beat["unmoved_s"] + age_s > STUCK_S:
        return f"{beat['waiting']} items wait, and Kinesis has confirmed none for {beat['unmoved_s']:.0f} s"
    if beat["waiting"] and beat["oldest_s"] + age_s > OLDEST_S:
        return f"an item has not been confirmed for {beat['oldest_s']:.0f} s"
    return None


def check(path: Path, now_us: int) -> str | None:
    """The same of a file."""
    try:
        return problem(json.loads(path.read_text(encoding="utf-8")), now_us)
    except FileNotFoundError:
        return f"there is no heartbeat at {path}: the producer has not started"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{path} is no heartbeat: {type(error).__name__}: {error}"


def heartbeat_path(environ: Mapping[str, str]) -> Path:
    """Where the producer writes: as the environment says, which needs no settings to be read; else as they say.

    Run every half minute beside the producer, the check is to cost little: pydantic alone takes ten times as long.
    Raises SettingsError.
    """
    named = environ.get("TAPEHOUSE_HEARTBEAT")
    if named:
        return Path(named).expanduser().absolute()
    from tapehouse.settings import load  # noqa: PLC0415

    return load(environ=environ).heartbeat or default_path()


def main() -> int:
    """The check, configured as the producer is: by the environment and tapehouse.toml."""
    try:
        path = heartbeat_path(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = check(path, time.time_ns() // 1000)
    sys.stdout.write(f"{found or 'well'}\n")
    return 1 if found else 0
