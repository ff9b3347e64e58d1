"""Two refreshes of one lake at once, for a minute, while the stream grows."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse.lake import Lake
from tests.chaos.account import holds_the_stream, read_stream
from tests.chaos.kinesis import put_all, stream_client
from tests.chaos.processes import Spawned
from tests.chaos.tape import Tape

SEED = 11
MINUTE_S = float(os.environ.get("TOGETHER_S", "60"))


@pytest.mark.chaos
@pytest.mark.spark
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "how", [pytest.param((), id="kept apart by the lock"), pytest.param(("--unlocked",), id="by their commits alone")]
)
def test_two_refreshes_at_once_do_the_work_of_one(
    server: KinesisServer, tmp_path: Path, spark: Any, how: tuple[str, ...]
) -> None:
    tape, client = Tape(SEED), stream_client(server)
    lake = Lake(tmp_path / "lake")
    words = ("--lake", lake.uri, "--endpoint", server.endpoint, "--every", "0.1", "--seconds", str(MINUTE_S), *how)
    both = [Spawned("tests.chaos.refresher", words, tmp_path / f"{n}.log", environ=os.environ) for n in range(2)]
    try:
        end, number = time.monotonic() + MINUTE_S, 0
        while time.monotonic() < end:
            put_all(client, tape.portion(number))
            number += 1
            time.sleep(1)
        for refresher in both:
            assert refresher.wait(300) == 0, refresher.tail()
            # Without the lock one may lose every race to the end of its time, on a machine that is slow enough: what
            # counts is that it ran them, that the other went on, and that both end well.
            assert refresher.said("at bronze.trades:before" if how else "passed"), refresher.tail()
        assert any(refresher.said("at bronze.trades:after") for refresher in both)
    finally:
        for refresher in both:
            refresher.kill()
    Refresh(spark, lake, pipeline(Options(client=client))).once()
    holds_the_stream(spark, lake, read_stream(client, "trades"))
