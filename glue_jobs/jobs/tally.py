"""What a job took into silver, counted for whoever watches: a JSON line on stdout, a minute's worth each.

``{"numbers": "lake", "accepted": …, "duplicate": …, "conflict": …, "quarantined": …}``, records since the line before.
Filters of the log make metrics of it (``infra/modules/monitoring/filters.tf``), and an alarm of what is quarantined.
"""

import json
import sys
import threading
from collections import Counter
from typing import Final

from glue_jobs.engine import Step

VERDICTS: Final = ("duplicate", "conflict", "quarantined")


class Tally:
    """Counts finished steps. Safe for the threads of several loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted = Counter[str]()

    def take(self, step: Step) -> None:
        """Count what a step wrote into silver.trades or silver.rejected; all others say nothing of it."""
        with self._lock:
            if step.name == "silver.trades":
                self._counted["accepted"] += step.rows or 0
            elif step.name == "silver.rejected":
                self._counted.update({verdict: step.parts.get(verdict, 0) for verdict in VERDICTS})

    def say(self) -> None:
        """The line, also where all are zero: a metric that stops says that nobody counts."""
        with self._lock:
            found, self._counted = self._counted, Counter()
        line = {"numbers": "lake", **{name: found[name] for name in ("accepted", *VERDICTS)}}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
