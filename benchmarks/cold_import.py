"""How long a Lambda's handler takes to be imported from the bundle, in a process that has imported nothing yet.

``python benchmarks/cold_import.py [--rounds 5]``: the bundle of ``dist/``, which is built where there is none, is
unpacked, and each handler imported from it by this Python (the runtime's own boto3 is this environment's), ``--rounds``
times, beside ``import boto3`` alone, which any Lambda that asks AWS takes. Nothing is compiled before, as in a Lambda;
files are in the system's cache, where a Lambda's first start reads them from its image besides.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HANDLERS = ("news", "social", "crawler", "enrich")
TIMED = """
import sys, time
begun = time.perf_counter()
import {module}
print(time.perf_counter() - begun)
"""


def seconds(module: str, folder: Path) -> float:
    """One import in a process of its own, of the bundle before all else."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", TIMED.format(module=module)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    options = parser.parse_args()
    listing = ROOT / "dist" / "packages.json"
    if not listing.is_file():
        subprocess.run([sys.executable, str(ROOT / "scripts" / "package.py")], check=True, cwd=ROOT)
    bundle = ROOT / "dist" / json.loads(listing.read_text())["lambdas_bundle"]["file"]
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(bundle) as packed:
        folder = Path(unpacked)
        packed.extractall(folder)
        size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
        print(
            f"{bundle.name}: {bundle.stat().st_size / 1e6:.1f} MB, {size / 1e6:.1f} MB unzipped (Lambda's limit: 250)"
        )
        print(f"{'import':32s} {'least s':>8s} {'median s':>9s} {'times boto3':>12s}")
        alone = statistics.median(seconds("boto3", folder) for _ in range(options.rounds))
        for module in ("boto3", *(f"lambdas.{name}.handler" for name in HANDLERS)):
            taken = [seconds(module, folder) for _ in range(options.rounds)]
            median = statistics.median(taken)
            print(f"{module:32s} {min(taken):8.2f} {median:9.2f} {median / alone:12.2f}")


if __name__ == "__main__":
    main()
