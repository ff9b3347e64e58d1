"""A producer that resumes at its marks: ``python -m tests.chaos.producer --endpoint URL --marks FILE …``.

The product's own ``run``, sink and marks, on a seeded market that begins at a fixed instant: after a kill the same
trades come again, and those that the marks know to be confirmed are left out. So every trade of the market must be in
the stream at least once, however often this process is killed.
"""

import argparse
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from producers.run.marks import MarkStore, StreamIdentity
from producers.run.runner import run
from producers.sink import Mark, SinkConfig
from producers.source import Batch, Raw
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse import aws
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Record, Trade

SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD")


def market(*, seed: int, start_us: int, rate_per_s: float) -> SyntheticSource:
    """The market that this producer and the test that checks it agree on."""
    config = SyntheticConfig(seed=seed, symbols=SYMBOLS, rate_per_s=rate_per_s, start_us=start_us)
    return SyntheticSource(config)


def confirmed(record: Record, marks: Mapping[MarketKey, Mark]) -> bool:
    """Whether the marks say that Kinesis has the record."""
    mark = marks.get(MarketKey(record.exchange, record.symbol or "", record.source))
    if mark is None:
        return False
    if isinstance(record, Trade):
        return mark.trade_id is not None and int(record.trade_id) <= int(mark.trade_id)
    through_us = record.through_us if isinstance(record, Coverage) else None
    return through_us is not None and mark.covered_through_us is not None and through_us <= mark.covered_through_us


class Resumed:
    """A source without what an earlier run confirmed."""

    def __init__(self, source: SyntheticSource, marks: Mapping[MarketKey, Mark]) -> None:
        self.name = source.name
        self._source, self._marks = source, marks

    async def __aiter__(self) -> AsyncIterator[Batch]:
        async for batch in self._source:
            yield [item for item in batch if isinstance(item, Raw) or not confirmed(item, self._marks)]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--stream", default="trades")
    parser.add_argument("--created-us", type=int, required=True)
    parser.add_argument("--marks", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--start-us", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    marks = MarkStore(options.marks, StreamIdentity(options.stream, options.created_us))
    source = market(seed=options.seed, start_us=options.start_us, rate_per_s=options.rate)
    client = aws.client("kinesis", max_attempts=1, read_timeout_s=10, endpoint_url=options.endpoint, region="us-east-1")
    return run(Resumed(source, marks.load()), SinkConfig(stream=options.stream), client, marks=marks)


if __name__ == "__main__":
    sys.exit(main())
