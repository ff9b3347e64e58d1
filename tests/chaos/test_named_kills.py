"""SIGKILL before and after every commit of a refresh, and between two tables' commits of one layer.

One stream grows by a portion before each refresh, and each of these refreshes is killed at another point, its JVM
along with it or not. The next one finds what was left half done. At the end the lake is what an undisturbed refresh
makes of the same stream.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse.lake import Lake
from tests.chaos.account import holds_the_stream, read_stream, same_lake
from tests.chaos.kinesis import put_all, stream_client
from tests.chaos.processes import Spawned
from tests.chaos.refresher import DRIVER, GROUP
from tests.chaos.tape import Tape

SEED = 20251009
KILLS = (
    ("silver.trades:after", DRIVER),  # silver.gaps and silver.rejected are not begun
    ("silver.rejected:after", GROUP),  # all that silver writes is there, and its checkpoint does not know
)
"""One kill a state that a pass is left in: some tables of a query, all of them and no checkpoint."""
OTHER_KILLS = (
    ("bronze.trades:before", GROUP),  # nothing done
    ("gold.candles:after", GROUP),  # gold.market_summary is not begun
    ("bronze.trades:after", DRIVER),  # the same as before silver's first commit
    ("silver.coverage:after", GROUP),  # only silver.rejected is not begun
    ("gold.candles:before", DRIVER),  # the same as after silver's last commit
    ("gold.market_summary:after", DRIVER),
    ("gold.data_quality:before", GROUP),
    ("gold.data_quality:after", DRIVER),  # gold.data_quality_reasons is not begun
)
"""`make chaos` kills here too, and at random moments."""


@pytest.mark.spark
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "kills",
    [pytest.param(KILLS, id="each state"), pytest.param(OTHER_KILLS, id="other commits", marks=pytest.mark.chaos)],
)
def test_kills_around_every_commit_leave_what_an_undisturbed_refresh_leaves(
    server: KinesisServer, tmp_path: Path, spark: Any, kills: Sequence[tuple[str, str]]
) -> None:
    tape, client = Tape(SEED), stream_client(server)
    lake = Lake(tmp_path / "killed")
    killed: list[Spawned] = []
    try:
        for number, (point, whom) in enumerate(kills):
            put_all(client, tape.portion(number))
            words = ("--lake", lake.uri, "--endpoint", server.endpoint, "--kill-at", point, "--kill", whom)
            refresher = Spawned("tests.chaos.refresher", words, tmp_path / f"{number}.log", environ=os.environ)
            killed.append(refresher)
            # The next one starts at once, whether the JVM of a driver that died alone is gone by then or not.
            assert refresher.wait(180) == -signal.SIGKILL, refresher.tail()
            assert refresher.said("killed at") == [f"killed at {point}"]
        left = {refresher.log.name: refresher.members_after(30) for refresher in killed}
        assert not any(left.values()), f"something outlived its driver: {left}"
    finally:
        for refresher in killed:
            refresher.kill()
    put_all(client, tape.portion(len(kills)))
    Refresh(spark, lake, pipeline(Options(client=client))).once()

    undisturbed = Lake(tmp_path / "undisturbed")
    Refresh(spark, undisturbed, pipeline(Options(client=client))).once()
    arrived = read_stream(client, "trades")
    same_lake(spark, lake, undisturbed)
    found = holds_the_stream(spark, lake, arrived)
    verdicts = {verdict for verdict, _ in found.rejected.values()}
    assert verdicts == {"duplicate", "conflict", "quarantined"}, "the tape must try every verdict"
