"""Runs the jobs' scripts as Glue does, on S3: the files that were uploaded, in a session that is there already.

``python as_glue.py`` reads on stdin a JSON list a line: the script's file and its words. Our packages are those of the
wheel, which PYTHONPATH names.
"""

import json
import runpy
import sys

from cli.spark import s3a_settings
from glue_jobs.engine import DELTA_PACKAGES, S3A_PACKAGES, build_session


def main() -> None:
    session = build_session(
        app_name="as-glue", memory_mb=1024, packages=(*DELTA_PACKAGES, *S3A_PACKAGES), extra_conf=s3a_settings()
    )
    for line in sys.stdin:
        sys.argv = json.loads(line)
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except Exception as error:  # noqa: BLE001 - whatever a script raises is the end of its run alone
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
    session.stop()


if __name__ == "__main__":
    main()
