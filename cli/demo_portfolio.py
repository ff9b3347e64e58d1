"""What the demo holds: the example, as if its newest transaction were made now."""

import datetime as dt
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tapehouse.lake import Lake

EXAMPLE: Final = Path(__file__).resolve().parent.parent / "portfolio.example.yaml"
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def put(lake: Lake, *, clock: Callable[[], float] = time.time) -> None:
    """Write it where the lake's own file is looked for, unless one is there; nothing outside a checkout."""
    from glue_jobs.gold.portfolio import FOLDER, NAME

    target = lake.path / FOLDER / NAME
    if target.exists() or not EXAMPLE.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{NAME}")
    draft.write_text(shifted(EXAMPLE.read_text(encoding="utf-8"), int(clock())), encoding="utf-8")
    draft.replace(target)


def shifted(text: str, now_s: int) -> str:
    """The text with all its instants later, or earlier, by as much as makes the newest now."""
    newest = max(dt.datetime.fromisoformat(each) for each in _INSTANT.findall(text))
    by = dt.datetime.fromtimestamp(now_s, dt.UTC) - newest
    return _INSTANT.sub(lambda each: f"{dt.datetime.fromisoformat(each[0]) + by:%Y-%m-%dT%H:%M:%SZ}", text)
