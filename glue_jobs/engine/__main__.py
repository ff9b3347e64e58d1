"""``python -m glue_jobs.engine``: fetch what Spark needs to read and write Delta into the user's cache, and stop."""

import argparse
import sys

from glue_jobs.engine.session import DELTA_PACKAGES, S3A_PACKAGES, resolve_jars


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch what Spark needs to read and write Delta.")
    parser.add_argument("--s3a", action="store_true", help="also what s3a:// paths need")
    arguments = parser.parse_args()
    resolve_jars()
    if arguments.s3a:
        resolve_jars((*DELTA_PACKAGES, *S3A_PACKAGES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
