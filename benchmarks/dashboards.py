"""How fast the dashboards answer: each question, each page until it is drawn, and a new candle on an open page.

``python benchmarks/dashboards.py [--trades 1000000] [--markets 100] [--days 2] [--runs 5] [--lake FOLDER]`` makes a
lake of so many trades (``harness/full_lake.py`` says of what), and a second one, which is the first gone on from by
``--passes`` passes of the pipeline: that many more commits and small files a table, as a lake has that is being
written. ``--lake`` keeps both in a folder for the next time.

- *Questions*: each of ``metabase/questions`` with its default values, by the very path of the preview (``Answers``, a
  process that answers, the query port), one at a time. The first run is of a process that did not see the table yet:
  the median is of all runs, and so is the worst. Beside it the same SQL of the same DuckDB over bare Parquet files,
  which it is told beforehand, as if nothing were ever written, and without a process between. Before a time is
  believed, the rows must be the same, doubles to nine digits (but for a question that asks the clock: it is not
  compared). CPU: of one run, all processes.
- *Choices and a year*: what the filters offer, and candles from a year ago on in one chart.
- *Pages*: each tab of each dashboard in a headless Chromium, by the page's own clock, from navigation until every card
  and chart is drawn. Chromium keeps what it loaded once; the first visit of all is told apart.
- *A new candle*: Markets, Chart, interval 1s, while the pipeline takes in trades and commits once a second, beside the
  page on the same machine: from a commit of gold.candles that holds a newer window to that window in the page's chart.

Exit 1 where the median of a question is a second or more, that of a page two or more, or a candle takes more than two.
Without Chromium (``CHROMIUM`` names it, where it is not on the PATH) the questions alone are measured.
"""

import argparse
import asyncio
import contextlib
import functools
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.drawn_pages import open_page  # type: ignore[import-not-found] # beside this script
from harness.full_lake import HOUR_US, FullLake, Young, copied, now_us  # type: ignore[import-not-found]
from harness.processes import Cpu  # type: ignore[import-not-found]

from embedded.kinesis import KinesisServer
from glue_jobs.engine import Steps, Workspace
from metabase import book
from metabase.preview import choices, numbers
from metabase.preview.answers import Answers
from metabase.preview.starting import tables_of
from metabase.preview.worker import ProcessWorker
from metabase.question import Question
from tapehouse.lake import Lake
from tapehouse.query import Result
from tapehouse.query.dialect.types import ZONED, Type
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.tables import GOLD_CANDLES, GOLD_FORECAST, GOLD_MARKET_SUMMARY, SILVER_TRADES, table
from tests.metabase.browser.chromium import command

QUESTION_S: Final = 1.0
PAGE_S: Final = 2.0
CANDLE_S: Final = 2.0
PARTS: Final = ("questions", "pages", "candle")
WARM_UP_S: Final = 15.0
"""Of the pipeline before the page of new candles is opened."""
MEMORY_MB: Final = 512
"""As a process of the preview has."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of several runs, and what the processors worked for one of them."""

    runs: Sequence[float]
    cpu_s: float

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def worst(self) -> float:
        return max(self.runs)

    def __str__(self) -> str:
        return f"{self.median:>11.3f}{self.worst:>10.3f}{self.cpu_s:>8.3f}"


class Slow:
    """What took longer than it may."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def judge(self, what: str, seconds: float, most_s: float) -> str:
        """A mark for the line of what was measured."""
        if seconds < most_s:
            return ""
        self.found.append(f"{what}: {seconds:.2f} s")
        return "  TOO SLOW"


# -- questions


class OverFiles(DuckdbPort):
    """The same SQL over bare Parquet files: which are a table's, and what its columns are, it is told beforehand."""

    def __init__(self, lake: Lake, tables: Sequence[str]) -> None:
        super().__init__(lake, memory_mb=MEMORY_MB)
        self._kinds = {name: super(OverFiles, self)._view(name) for name in tables}
        self._sources = {name: self._source(name) for name in tables}

    def _source(self, name: str) -> str:
        workspace = Workspace(None, self._lake, Steps())  # type: ignore[arg-type]
        place = f"{self._lake.table_uri(name)}/"
        files = [place + unquote(each.path) for each in workspace.state(table(name)).files]
        times = [each for each, kind in self._kinds[name].items() if kind.name == ZONED]
        casts = ", ".join(f'CAST("{each}" AS TIMESTAMPTZ) AS "{each}"' for each in times)
        shown = f"* REPLACE ({casts})" if casts else "*"
        return f"SELECT {shown} FROM read_parquet({files}, hive_partitioning = true)"

    def _view(self, name: str) -> Mapping[str, Type]:
        layer, _, table = name.partition(".")
        self._connection.execute(f'CREATE OR REPLACE VIEW "{layer}"."{table}" AS {self._sources[name]}')
        return self._kinds[name]


T = TypeVar("T")


async def timed(ask: Callable[[], Awaitable[T]], runs: int) -> tuple[Times, T]:
    """Each run's seconds, and the last answer."""
    taken, cpu = [], Cpu()
    for _ in range(runs):
        began = time.perf_counter()
        answer = await ask()
        taken.append(time.perf_counter() - began)
    return Times(taken, cpu.seconds / runs), answer


HEADS: Final = f"{'median, s':>11}{'worst, s':>10}{'CPU, s':>8}"


async def measure_questions(lake: Lake, runs: int, slow: Slow) -> None:
    """Prints a line a question. Raises SystemExit where one finds nothing, or other rows than bare files hold."""
    questions = list(book.read().questions.values())
    answers = Answers(lambda: ProcessWorker(lake), at_once=1, most=sys.maxsize)  # in the preview others go on meanwhile
    await answers.ask("SELECT 1")  # its process is there: what it imports is no part of a question
    rival = OverFiles(lake, sorted({name for each in questions for name in tables_of(each)}))

    async def ask_rival(sql: str) -> Result:
        return rival.run(sql)

    print(f"{'':28}{'rows':>7}{HEADS}{'files, s':>11}{'of ours':>9}")
    medians, others = [], []
    try:
        for question in questions:
            sql = question.asked({})
            ours, result = await timed(functools.partial(answers.ask, sql), runs)
            theirs, answer = await timed(functools.partial(ask_rival, sql), runs)
            _compare(question, result, answer)
            medians.append(ours.median)
            others.append(theirs.median)
            line = f"{question.name:28}{len(result.rows):>7,}{ours}{theirs.median:>11.3f}"
            line += f"{theirs.median / ours.median:>8.1f}x"
            print(line + slow.judge(question.name, ours.median, QUESTION_S), flush=True)
        total, other = sum(medians), sum(others)
        print(f"{f'all {len(questions)}':35}{total:>11.3f}{'':>18}{other:>11.3f}{other / total:>8.1f}x")
        await _measure_choices(answers, runs, slow)
        await _measure_a_year(answers, runs, slow)
    finally:
        await answers.close()
        rival.close()


def _compare(question: Question, ours: Result, theirs: Result) -> None:
    if not ours.rows:
        sys.exit(f"{question.name} finds nothing: no time is believed")
    if "now()" not in question.sql and _comparable(ours) != _comparable(theirs):
        sys.exit(f"{question.name}: bare files answer other rows than ours: no time is believed")


def _comparable(result: Result) -> list[tuple[Any, ...]]:
    """Sums of doubles hang on the order of rows."""
    return [tuple(float(f"{each:.9g}") if isinstance(each, float) else each for each in row) for row in result.rows]


async def _measure_choices(answers: Answers, runs: int, slow: Slow) -> None:
    """What the filters offer; ``choices.MOST`` at most."""
    print(f"\n{'choices of a filter':28}{'rows':>7}{HEADS}")
    filters = {each.name: each for one in book.read().dashboards.values() for each in one.filters}
    for each in filters.values():
        if choices.known(each):
            times, found = await timed(functools.partial(choices.offered, each, answers), runs)
            mark = slow.judge(f"choices of {each.name}", times.median, QUESTION_S)
            print(f"{each.name:28}{len(found):>7,}{times}{mark}", flush=True)


async def _measure_a_year(answers: Answers, runs: int, slow: Slow) -> None:
    """Candles from a year ago on: the windows of each interval that one chart shows."""
    print(f"\n{'candles from a year ago':28}{'rows':>7}{HEADS}")
    candles = book.read().questions["candles"]
    day = await answers.ask("SELECT CAST(date_add('day', -365, max(last_time)) AS date) FROM gold.market_summary")
    for interval in ("1d", "1h", "1m", "1s"):
        sql = candles.asked({"interval": interval, "from": str(day.rows[0][0])})
        times, result = await timed(functools.partial(answers.ask, sql), runs)
        mark = slow.judge(f"candles of {interval} from a year ago", times.median, QUESTION_S)
        print(f"{f'by {interval}':28}{len(result.rows):>7,}{times}{mark}", flush=True)


# -- pages


def tabs() -> Iterator[tuple[str, str]]:
    """Each dashboard's name with each of its tabs' titles."""
    for dashboard in book.read().dashboards.values():
        for tab in dashboard.tabs:
            yield dashboard.name, tab.title


def measure_pages(lake: Lake, runs: int, slow: Slow) -> None:
    """Prints a line a tab."""
    with open_page(lake) as page:
        print(f"the first visit of all, with a cold browser: {page.drawn_s('markets', ''):.2f} s")
        print(f"{'':28}{'cards':>7}{HEADS}")
        for dashboard, tab in tabs():
            cpu = Cpu()
            times = Times([page.drawn_s(dashboard, tab) for _ in range(runs)], cpu.seconds / runs)
            name = f"{dashboard}: {tab}" if tab else dashboard
            print(f"{name:28}{page.cards():>7}{times}" + slow.judge(name, times.median, PAGE_S), flush=True)


# -- a new candle


class Commits:
    """Follows the log of gold.candles: when the newest window of one chart was committed first."""

    def __init__(self, table: Path, *, exchange: str, symbol: str, interval: str) -> None:
        self._table, self._chart = table, (exchange, symbol, interval)
        self._version = max(int(each.stem) for each in (table / "_delta_log").glob("*.json")) + 1
        self.at_s: dict[datetime, float] = {}
        """Window → seconds since the epoch at which its commit was there."""

    def look(self) -> None:
        """Reads the commits that came since the last look."""
        while (commit := self._table / "_delta_log" / f"{self._version:020d}.json").exists():
            at_s = commit.stat().st_mtime
            for line in commit.read_text().splitlines():
                if (added := json.loads(line).get("add")) is not None:
                    self._read(self._table / unquote(added["path"]), at_s)
            self._version += 1

    def _read(self, file: Path, at_s: float) -> None:
        exchange, symbol, interval = self._chart
        where = [("exchange", "==", exchange), ("symbol", "==", symbol), ("interval", "==", interval)]
        with contextlib.suppress(FileNotFoundError):  # replaced already: what came after it says more
            rows = pq.read_table(file, columns=["window_start"], filters=where)
            if rows.num_rows:
                self.at_s.setdefault(max(rows.column("window_start").to_pylist()), at_s)


def measure_candle(lake: Lake, young: "Young", seconds: float, slow: Slow) -> None:
    question = book.read().questions["candles"]
    chart = {"exchange": "ALL", "symbol": "BTC-USD", "interval": "1s"}
    commits = Commits(Path(lake.table_uri("gold.candles").removeprefix("file://")), **chart)
    with young.refresh.live(every_s=1.0) as live, open_page(lake) as page:
        ends = time.monotonic() + WARM_UP_S + seconds
        begins = None
        while time.monotonic() < ends:
            live.check()
            young.put(time.time_ns() // 1000 - 1_000_000)
            commits.look()
            if begins is None and time.monotonic() > ends - seconds:
                page.drawn_s("markets", "Chart", **chart)
                page.follow_candles()
                begins, ends = time.time(), time.monotonic() + seconds
            time.sleep(1.0 - time.time() % 1.0)
        time.sleep(CANDLE_S * 2)
        commits.look()
        seen = page.first_seen()
    shown = {window: numbers.text(window, question.formats["window_start"]) for window in commits.at_s}
    until = begins + seconds if begins is not None else 0.0
    delays = waited(commits.at_s, shown, seen, since=(begins or 0.0) + 1, until=until)
    if not delays:
        raise SystemExit("No candle was committed while the page was open")
    times = Times(sorted(delays), 0.0)
    p95 = times.runs[int(len(delays) * 0.95)]
    print(
        f"{len(delays)} candles of one second: {times.median:.2f} s from the commit to the chart (median), "
        f"{p95:.2f} s (p95), {times.worst:.2f} s at most" + slow.judge("a new candle", times.worst, CANDLE_S)
    )


def waited(
    at_s: Mapping[datetime, float],
    shown: Mapping[datetime, str],
    seen: Mapping[str, float],
    *,
    since: float,
    until: float,
) -> list[float]:
    """Seconds from each commit within a span to the first drawing of its window or of a newer one; else infinite.

    ``at_s``: of the commits; ``shown``: what the chart calls their windows; ``seen``: when it first drew which.
    """
    delays = []
    for window, committed_s in sorted(at_s.items()):
        if since < committed_s < until:
            newer = [at for name, at in seen.items() if name >= shown[window]]
            delays.append(min(newer) - committed_s if newer else float("inf"))
    return delays


# -- the lakes


def made(folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """The lake, and the one that goes on from it: see ``kept``."""
    told = {"trades": options.trades, "markets": options.markets, "days": options.days}

    def fill(part: Path) -> None:
        print(f"a lake of {options.trades:,} trades of {options.markets:,} markets in {options.days} days:", flush=True)
        ends_us = now_us() - HOUR_US
        FullLake(part, trades=options.trades, count=options.markets, days=options.days, ends_us=ends_us).make()

    def go_on(part: Path) -> None:
        copied(full, part)
        with KinesisServer() as server:
            going = Young(part, server, count=options.markets, trades=options.trades)
            for number in range(options.passes):
                going.put(now_us() - 1_000_000)
                going.pass_on(number)

    full = kept(folder / "full", told, fill)
    return full, kept(folder / "young", {**told, "passes": options.passes}, go_on)


def kept(lake: Path, told: Mapping[str, int], make: Callable[[Path], None]) -> Path:
    """The lake of what is told, made where there is none yet; one that was not made to its end is begun anew.

    What it is made of stands beside it. Raises SystemExit where one is there that was made of something else.
    """
    note, part = lake.with_suffix(".json"), lake.with_name("part")
    if lake.exists():
        was = note.read_text() if note.exists() else "nobody knows what"
        if was != json.dumps(told):
            sys.exit(f"{lake} was made of {was}, not of {json.dumps(told)}: ask for that, or name another folder")
        return lake
    if part.exists():
        shutil.rmtree(part)
    make(part)
    note.write_text(json.dumps(told))
    part.rename(lake)
    return lake


def described(lake: Lake) -> str:
    """Commits, files and rows of the tables that the questions read most."""
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    told = []
    for each in (SILVER_TRADES, GOLD_CANDLES, GOLD_MARKET_SUMMARY, GOLD_FORECAST):
        state = workspace.state(each)
        told.append(f"{each.name} {state.rows:,} rows, {len(state.files)} files, version {state.version}")
    return "; ".join(told)


def possible() -> Sequence[str]:
    """The parts that can be measured here."""
    if command() is None:
        print("There is no Chromium here: pages and candles are left out.")
        return ("questions",)
    return PARTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=1_000_000, help="(default: 1,000,000)")
    parser.add_argument("--markets", type=int, default=100, help="(default: 100)")
    parser.add_argument("--days", type=int, default=2, help="that most of them are spread over (default: 2)")
    parser.add_argument("--runs", type=int, default=5, help="of each question, and of each page (default: 5)")
    parser.add_argument("--passes", type=int, default=40, help="of the pipeline, for the second lake (default: 40)")
    parser.add_argument("--seconds", type=float, default=30.0, help="that new candles are looked at (default: 30)")
    parser.add_argument("--lake", type=Path, help="a folder that keeps the lakes")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part, or several")
    options = parser.parse_args()
    options.only = options.only or possible()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
    slow = Slow()
    if options.lake is not None:
        options.lake.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.lake) as scratch:
        folder = options.lake or Path(scratch)
        for name, path in zip(("the lake", "the lake that is being written"), made(folder, options), strict=True):
            run(name, Lake(str(path)), options, slow)
        if "candle" in options.only:
            live = Path(scratch) / "live"
            copied(folder / "young", live)
            with KinesisServer() as server:
                young = Young(live, server, count=options.markets, trades=options.trades)
                measure_candle(Lake(str(live)), young, options.seconds, slow)
    if slow.found:
        sys.exit("Too slow: " + "; ".join(slow.found))


def run(name: str, lake: Lake, options: argparse.Namespace, slow: Slow) -> None:
    print(f"\n{name}: {described(lake)}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    if "questions" in options.only:
        asyncio.run(measure_questions(lake, options.runs, slow))
    if "pages" in options.only:
        measure_pages(lake, options.runs, slow)


if __name__ == "__main__":
    main()
