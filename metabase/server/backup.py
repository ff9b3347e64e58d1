"""What lies in our collection, written down before anything in it is overwritten."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from metabase.server.live import Live
from tapehouse.write_once import write_over

FOLDER: Final = Path(".metabase")
"""In the working directory; git ignores it."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def write(live: Live, folder: Path = FOLDER, *, now: Callable[[], dt.datetime] = _now) -> Path:
    """A file of JSON, as Metabase gave it: the collection, its questions and dashboards, and who may look at them. Of
    the database only what the plan may overwrite is in it, and no key: Metabase gives none away."""
    content = {
        "collection": live.collection,
        "database": live.database,
        "access": dict(live.access),
        "viewers": live.viewers,
        "questions": list(live.cards),
        "dashboards": list(live.dashboards),
    }
    path = folder / f"backup-{now():%Y%m%dT%H%M%S.%f}Z.json"
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_over(path, text.encode("utf-8") + b"\n", new_mode=0o600)  # it names people
    return path
