"""How a table's newest event and its position are shown."""

import datetime as dt
from types import SimpleNamespace

from cli.tables import as_json, instant, short

POSITION = SimpleNamespace(
    stream_name="trades",
    shards={
        "shardId-000000000000": SimpleNamespace(sequence=49 * 10**54 + 12_345_678),
        "shardId-000000000012": SimpleNamespace(sequence=7),
        "shardId-000000000013": SimpleNamespace(sequence=None),
    },
)


def test_an_instant_keeps_its_microseconds() -> None:
    assert instant(1_700_000_000_123_457) == dt.datetime(2023, 11, 14, 22, 13, 20, 123_457, tzinfo=dt.UTC)
    assert instant(None) is None


def test_a_position_is_whole_for_programs_and_short_for_people() -> None:
    whole = as_json(POSITION)
    assert whole == {
        "stream_name": "trades",
        "shards": {"shardId-000000000000": str(49 * 10**54 + 12_345_678), "shardId-000000000012": "7"},
    }
    assert short(whole) == "trades 0:…12345678 12:…7"


def test_a_table_without_a_position_has_none() -> None:
    assert as_json(None) is None
    assert short(None) is None
