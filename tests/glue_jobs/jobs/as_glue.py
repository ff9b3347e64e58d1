"""Runs scripts as Glue does: files as ``__main__``, one after another, beside a session that is there already.

``python -m tests.glue_jobs.jobs.as_glue`` reads on stdin a JSON list a line: the script's file and its words. The
scripts know nothing of this: not even Glue's own library is there.
"""

import json
import runpy
import sys
from importlib.util import find_spec

from glue_jobs.engine import build_session
from tapehouse.errors import LakehouseError


def main() -> None:
    assert find_spec("awsglue") is None
    session = build_session(app_name="as-glue", memory_mb=1024)
    for line in sys.stdin:
        sys.argv = json.loads(line)
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except LakehouseError as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
    session.stop()


if __name__ == "__main__":
    main()
