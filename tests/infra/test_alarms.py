"""Alarms are of use where somebody knows what they mean: docs/alarms.md says it. What they read is logged."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.run.readout import Readout
from producers.run.runner import Progress
from producers.sink import Metrics
from tapehouse import logs

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "infra/modules/monitoring"
SAY = (MODULE / "alarms.tf", MODULE / "events.tf", ROOT / "infra/modules/metabase/alarms.tf")
PAGE = (ROOT / "docs/alarms.md").read_text()
FILTERS = (MODULE / "filters.tf").read_text()

_ALARM = re.compile(
    r'"?\b((?:[a-z]+-)*[a-z]+(?:-\$\{\w+\})?)"? +=>? +\{\n(?: +when +=.*\n)? +means += "(.+)"\n +do += "(.+)"$',
    re.MULTILINE,
)


def declared() -> Iterator[tuple[str, str, str]]:
    """(name, what it means, what to do) of each alarm and rule, its variable part in capitals."""
    for path in SAY:
        text = path.read_text()
        assert len(re.findall(r"^ +means +=", text, re.MULTILINE)) == len(_ALARM.findall(text)), path
        for found in _ALARM.finditer(text):
            alarm, means, do = (re.sub(r"\$\{(\w+)\}", lambda part: part[1].upper(), each) for each in found.groups())
            yield alarm, means, do


ALARMS = list(declared())


def test_the_alarms_are_found() -> None:
    assert len(ALARMS) >= 16
    assert {"stream-behind", "producer-silent-PRODUCER", "dead-letters-QUEUE", "job-failed", "metabase-stopped"} <= {
        each[0] for each in ALARMS
    }


@pytest.mark.parametrize(("name", "means", "do"), ALARMS, ids=[each[0] for each in ALARMS])
def test_the_page_says_what_the_alarm_says(name: str, means: str, do: str) -> None:
    assert f"| `{name}` | {means} | {do} |" in PAGE


def test_the_page_names_no_alarm_that_there_is_not() -> None:
    assert set(re.findall(r"^\| `([A-Za-z-]+)` \|", PAGE, re.MULTILINE)) == {each[0] for each in ALARMS} | {"month"}


# -- what the filters look for ----------------------------------------------------------------------------------------


def test_every_number_of_a_producer_is_in_its_line() -> None:
    named = set(re.findall(r'= \{ field = "([a-z_]+)"', FILTERS))
    readout = Readout("kraken", ["BTC-USD"])
    readout.take(Progress(source="kraken", read=0, elapsed_s=0.0, sink=Metrics()))
    line = json.loads(json.dumps(readout.numbers()))
    sources = (ROOT / "producers/run/readout.py").read_text()
    assert named == {"confirmed_per_s", "oldest_s", "open_gaps"}
    assert all(name in line or f'"{name}": counters.' in sources for name in named)
    assert (line["producer"], line["feed"]) == ("kraken", "kraken")


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ("gap_left_open", "producers/recovery/queue.py"),
        ("stream_gap", "glue_jobs/bronze/loop.py"),
        ("query_again_later", "glue_jobs/live.py"),
    ],
)
def test_every_event_is_logged_by_that_name(event: str, where: str) -> None:
    assert f"event={event}" in FILTERS
    assert re.search(rf'log\.\w+\(\s*"{event}"', (ROOT / where).read_text())


def test_a_commit_of_candles_is_logged_as_the_filter_looks_for_it(caplog: pytest.LogCaptureFixture) -> None:
    (phrase,) = re.findall(r'GoldCommits = "\\"(.+)\\""', FILTERS)
    with caplog.at_level("INFO"):
        log = logs.of("glue_jobs.engine.steps")
        log.info("step", name="gold.candles", ms=12, rows=3)
        log.info("step", name="gold.candles merge", ms=12, rows=3)
    assert [phrase in record.getMessage() for record in caplog.records] == [True, False]
