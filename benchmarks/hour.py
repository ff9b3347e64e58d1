"""``tapehouse run-app`` for minutes or an hour: its memory, disk and files, and how long a trade takes to a candle.

``python benchmarks/hour.py [--minutes 5] [--rate 1000] [--timing aws] [--picture FILE]`` starts the command as a user
would, on a new lake, with its simulated venues and the synthetic market at ``--rate`` trades/s, and looks on from
outside every half minute: memory of its processes (the resident set, from ``/proc``), files and bytes of the lake
(whole blocks, as ``du`` counts them), and how long trades took to be in a committed candle of one second. When a trade
was made within its second is not asked, so a delay is known to half a second. Prints a line a sample, and what the
last half hour added; ``--picture`` draws the curves as SVG. Linux only.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drawing.curves import Panel, draw  # type: ignore[import-not-found] # beside this script
from harness.checkout import HERE  # type: ignore[import-not-found]
from latency import Made, Reader  # type: ignore[import-not-found]

SAMPLE_EVERY_S: Final = 30.0
LOOK_EVERY_S: Final = 0.2
ENDS_S: Final = 180.0
ROLES: Final = {
    "org.apache.spark": "Spark's JVM",
    "embedded.kinesis": "Kinesis",
    "run-app": "run-app",
    "multiprocessing": "display",
}
"""What a command line holds, and what the process is; every other one is a producer, a venue or another service."""
PLACES: Final = {"bronze": "bronze", "silver": "silver", "gold": "gold", "_aws": "stream's journal"}
"""Folders of the lake; all else in it is the state of producers, and logs."""


class Increments(Made):
    """Delays of candles of one second: what a commit adds to one was made in that second, on average in its middle."""

    def count(self, market: str, second: int, trades: int, now_us: int) -> None:
        key = market, second
        if (new := trades - self.seen[key]) > 0:
            self.delays.extend([(second, now_us / 1e6 - second - 0.5)] * new)
            self.seen[key] = trades


@dataclass(frozen=True, slots=True)
class Sample:
    minutes: float
    memory: Mapping[str, float]
    """MiB by role."""
    disk: Mapping[str, float]
    """MiB by place."""
    files: Mapping[str, int]
    delays: Mapping[str, float]
    """Seconds: p50 and p95; empty where nothing was seen."""
    rate: float
    """Trades/s that came to be seen since the sample before."""


def memory(lake: str) -> dict[str, float]:
    """Resident MiB of the processes that were told of this lake, by role."""
    found: dict[str, float] = defaultdict(float)
    for process in Path("/proc").iterdir():
        try:
            if not process.name.isdigit() or f"LAKE={lake}\0".encode() not in (process / "environ").read_bytes():
                continue
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            status = (process / "status").read_text()
        except OSError:
            continue  # ended meanwhile
        role = next((told for sign, told in ROLES.items() if sign in words), "producers, venues")
        found[role] += next(
            (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0
        )
    return dict(found)


def on_disk(lake: Path) -> tuple[dict[str, float], dict[str, int]]:
    """MiB and files by place."""
    mib: dict[str, float] = defaultdict(float)
    files: dict[str, int] = defaultdict(int)
    for folder, _, names in os.walk(lake):
        place = PLACES.get(Path(folder).relative_to(lake).parts[0] if folder != str(lake) else "", "other")
        for name in names:
            try:
                mib[place] += (Path(folder) / name).stat().st_blocks / 2048
            except FileNotFoundError:
                continue
            files[place] += 1
    return dict(mib), dict(files)


def samples(process: "subprocess.Popen[bytes]", lake: Path, minutes: float) -> Iterator[Sample]:
    """What is seen, twice a minute, for so long as it runs."""
    made, reader = Increments(), Reader(lake / "gold" / "candles")
    began = last = time.monotonic()
    while (now := time.monotonic()) < began + minutes * 60:
        if process.poll() is not None:
            raise SystemExit(f"run-app ended by itself, with {process.returncode}")
        reader.look(made)
        if now - last >= SAMPLE_EVERY_S:
            delays = sorted(delay for _, delay in made.delays)
            mib, files = on_disk(lake)
            told = {"p50": statistics.median(delays), "p95": delays[int(len(delays) * 0.95)]} if delays else {}
            yield Sample((now - began) / 60, memory(str(lake)), mib, files, told, len(delays) / (now - last))
            last = now
            made.delays.clear()
            oldest = time.time() - 3_600  # what nobody adds to any more
            for key in [key for key in made.seen if key[1] < oldest]:
                del made.seen[key]
        time.sleep(LOOK_EVERY_S)


def run(options: argparse.Namespace) -> list[Sample]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        told = {
            **os.environ,
            "LAKE": str(lake),
            "TAPEHOUSE_TRADES_PER_S": str(options.rate),
            "TAPEHOUSE_KINESIS_TIMING": options.timing,
        }
        with (Path(folder) / "run-app.log").open("wb") as log:
            words = [str(HERE / ".venv/bin/tapehouse"), "run-app", "--history-h", "0"]
            process = subprocess.Popen(words, cwd=HERE, env=told, stdout=log, stderr=log)
            try:
                for sample in samples(process, lake, options.minutes):
                    found.append(sample)
                    print(line(sample), flush=True)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(ENDS_S)
                except subprocess.TimeoutExpired:
                    process.kill()
        print((Path(folder) / "run-app.log").read_text(errors="replace")[-300:], file=sys.stderr)
        if process.returncode != 0:
            raise SystemExit(f"run-app ended with {process.returncode}")
    return found


def line(sample: Sample) -> str:
    return (
        f"{sample.minutes:6.1f} min {sample.rate:7,.0f}/s"
        f"  p50 {sample.delays.get('p50', 0):5.2f} p95 {sample.delays.get('p95', 0):5.2f} s"
        f"  memory {sum(sample.memory.values()):6,.0f} MiB {told(sample.memory)}"
        f"  disk {sum(sample.disk.values()):6,.0f} MiB {told(sample.disk)}"
        f"  files {sum(sample.files.values()):6,} {told(sample.files)}"
    )


def told(parts: Mapping[str, float]) -> str:
    return "(" + ", ".join(f"{name} {value:,.0f}" for name, value in sorted(parts.items())) + ")"


def grown(found: Sequence[Sample], minutes: float) -> Iterator[str]:
    """What the last part of the time added to each curve."""
    end = found[-1]
    start = next(sample for sample in found if sample.minutes >= end.minutes - minutes)
    for what, of in (("MiB of memory", "memory"), ("MiB on disk", "disk"), ("files", "files")):
        before, after = getattr(start, of), getattr(end, of)
        yield f"  {what}: " + ", ".join(f"{name} {after[name] - before.get(name, 0):+,.0f}" for name in sorted(after))


def curves(found: Sequence[Sample], of: str) -> dict[str, list[tuple[float, float]]]:
    names = sorted({name for sample in found for name in getattr(sample, of)})
    return {name: [(s.minutes, getattr(s, of)[name]) for s in found if name in getattr(s, of)] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5, help="(default: 5)")
    parser.add_argument("--rate", type=int, default=1_000, help="trades a second of the synthetic market")
    parser.add_argument("--timing", default="aws", help="of the embedded Kinesis (default: aws)")
    parser.add_argument("--picture", type=Path, help="where to draw the curves")
    parser.add_argument("--json", type=Path, help="where to write the samples")
    options = parser.parse_args()
    found = run(options)
    print(f"the last {options.minutes / 2:g} minutes added:")
    for each in grown(found, options.minutes / 2):
        print(each)
    if options.json:
        options.json.write_text(json.dumps([{name: getattr(s, name) for name in Sample.__slots__} for s in found]))
    if options.picture:
        titles = {"memory": "MiB of memory", "disk": "MiB on disk", "files": "files", "delays": "seconds to a candle"}
        panels = [Panel(title, curves(found, of)) for of, title in titles.items()]
        draw(options.picture, f"run-app at {options.rate:,} trades/s, as AWS answers", panels, unit="min")


if __name__ == "__main__":
    main()
