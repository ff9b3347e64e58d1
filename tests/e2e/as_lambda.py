"""Calls the handlers as Lambda does: by the name, the variables and the event that it has of each.

``python as_lambda.py`` reads a call a line on stdin (JSON: handler, variables, timeout_s, event), and answers a line
each. Our packages are those of the bundle, which PYTHONPATH names.
"""

import importlib
import json
import os
import sys


class Context:
    """What Lambda tells a call of itself; its time stands still."""

    def __init__(self, timeout_s: int) -> None:
        self.timeout_s = timeout_s

    def get_remaining_time_in_millis(self) -> int:
        return self.timeout_s * 1_000


def main() -> None:
    around = dict(os.environ)
    for line in sys.stdin:
        call = json.loads(line)
        os.environ.clear()
        os.environ.update({**around, **call["variables"]})
        module, _, name = call["handler"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module), name)
            told = {"answer": handler(call["event"], Context(call["timeout_s"]))}
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is the end of its call alone
            told = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
