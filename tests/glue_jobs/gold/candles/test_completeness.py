"""Records in, ``complete`` out: small stories of quiet markets, outages and fillings, all told in one lake at once.

Each story is a symbol of its own. What it expects is one letter a minute of kraken's one-minute candles (and of ALL's):
``C`` complete, ``i`` not complete, ``n`` not complete and without prices, ``.`` no row. All candles are held against
the oracle after every batch as well, and silver in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode
from tests import oracle
from tests.factories import NOW_US
from tests.glue_jobs.layers import Layers, trade

SECOND_US = 1_000_000
T0 = NOW_US - 6 * 3600 * SECOND_US
"""Minute 0 of every story: 03:00 of a Thursday."""
HOUR = 60 * 60
Batches = tuple[Sequence[Record], Sequence[Record], Sequence[Record]]
Drawn = tuple[str, str, str]
"""What is seen after each batch."""


@dataclass(frozen=True)
class Story:
    """One symbol's batches, and its candles after each."""

    name: str
    batches: Batches
    kraken: Drawn
    together: Drawn | None = None
    """Of ALL; None where kraken is the only venue: the same, without the rows that have no prices."""
    events: frozenset[str] = field(default_factory=frozenset)
    """What silver.gaps says in the end beside ``opened``."""


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND_US)


def sold(number: int, seconds: float, exchange: str = "kraken", source: str | None = None, kind: str = "") -> Trade:
    """A trade of id ``number`` so many seconds into the story."""
    return trade(
        number, trade_id=f"{kind}{number}", event_time_us=at(seconds), exchange=exchange, source=source or exchange
    )


def covered(from_s: float, through_s: float, exchange: str = "kraken") -> Coverage:
    return Coverage(
        exchange=exchange, symbol="BTC-USD", source=exchange, from_us=at(from_s), through_us=at(through_s),
        last_id=None, received_time_us=NOW_US,
    )  # fmt: skip


def lost(from_s: float | None, to_s: float | None, ids: tuple[str, str] | None = None, source: str = "kraken") -> Gap:
    return Gap(
        exchange="kraken", symbol="BTC-USD", source=source, gap_id="g", reason="dropped", received_time_us=NOW_US,
        from_id=ids and ids[0], to_id=ids and ids[1],
        from_us=None if from_s is None else at(from_s), to_us=None if to_s is None else at(to_s),
    )  # fmt: skip


CLOSED = GapClosed(
    exchange="kraken", symbol="BTC-USD", source="kraken", gap_id="g", reason="filled", received_time_us=NOW_US
)
QUIET: list[Record] = [sold(1, 5), sold(2, 70)]
# Trades 1, 2 and 5; the line was down from 80 s to 250 s.
DROPPED: list[Record] = [covered(0, 80), sold(1, 10), sold(2, 80), sold(5, 250), covered(250.000001, 360)]
COINBASE: list[Record] = [
    covered(0, 360, "coinbase"),
    *(sold(minute, 60 * minute + 1, "coinbase") for minute in range(6)),
]
FILLED, BOTH = frozenset({"filled"}), frozenset({"filled", "closed"})
STORIES = (
    # The newest trade of the lake: how far a gap that goes on is known to reach.
    Story("the clock", ([sold(1, 300)], [sold(2, 2 * HOUR)], [sold(3, 3 * HOUR)]), (".....i",) * 3),
    Story(
        "a quiet market with coverage is complete, and has rows only where it traded",
        ([*QUIET, covered(0, 180), covered(180, 300)], [covered(300, 360), sold(3, 330)], []),
        ("CC....", "CC...C", "CC...C"),
    ),
    Story(
        "the window in which coverage ends is not complete, and the next span makes it so",
        ([*QUIET, covered(0, 100)], [covered(100, 119.999999)], [covered(119.999999, 120)]),
        ("Ci....", "Ci....", "CC...."),
    ),
    Story("a market without coverage is not complete", (QUIET, [], []), ("ii....",) * 3),
    Story(
        "an outage of which nobody told yet has no rows, and what coverage does not reach is not complete",
        ([*QUIET, covered(0, 90)], [], []),
        ("Ci....",) * 3,
    ),
    Story(
        "an outage that goes on has rows without prices as time passes elsewhere, and is filled by what is backfilled",
        (
            [*QUIET, covered(0, 90), lost(90, None)],
            [],
            [replace(sold(3, 100), backfilled=True), sold(4, 200), covered(90, 360), CLOSED],
        ),
        ("Cinnn.", "Cinnnn", "CC.C.."),
        events=frozenset({"closed"}),
    ),
    Story(
        "an outage begins and ends in mid-minute, is half filled, and then wholly",
        (
            [*DROPPED, lost(80, 250)],
            [replace(sold(3, 150), backfilled=True)],
            [covered(80, 250.000001), replace(sold(4, 170), backfilled=True), CLOSED],
        ),
        ("Cinni.", "Ciini.", "CCC.C."),
        events=frozenset({"closed"}),
    ),
    Story(
        "a closed gap is not covered by that alone",
        ([*DROPPED, lost(80, 250)], [CLOSED], [covered(80, 250.000001)]),
        ("Cinni.", "Ci..i.", "CC..C."),
        events=frozenset({"closed"}),
    ),
    Story(
        "a gap of which every id came is no more, whatever is told of it",
        ([*DROPPED, lost(80, 250, ("3", "4"))], [sold(3, 150)], [sold(4, 170)]),
        ("Cinni.", "Ciini.", "CCC.C."),
        events=FILLED,
    ),
    Story(
        "a gap_closed record behind ids that all came is kept, and changes nothing",
        ([*DROPPED, lost(80, 250, ("3", "4")), sold(3, 150), sold(4, 170)], [CLOSED], [CLOSED]),
        ("CCC.C.",) * 3,
        events=BOTH,
    ),
    Story(
        "ids that came behind a gap_closed record fill it too",
        ([*DROPPED, lost(80, 250, ("3", "4"))], [CLOSED], [sold(3, 150), sold(4, 170)]),
        ("Cinni.", "Ci..i.", "CCC.C."),
        events=BOTH,
    ),
    Story(
        "a gap that is told when its ids are there is filled at once",
        ([*DROPPED, sold(3, 150)], [sold(4, 170)], [lost(80, 250, ("3", "4"))]),
        ("Cii.i.", "Cii.i.", "CCC.C."),
        events=FILLED,
    ),
    Story(
        "ids of another kind, of another source or of another time fill nothing",
        (
            [*DROPPED, lost(80, 250, ("3", "4"))],
            [sold(3, 150, kind="a:"), sold(4, 170, kind="a:"), sold(4, 250 + 2 * HOUR)],
            [sold(3, 150, source="finnhub"), sold(4, 170, source="finnhub")],
        ),
        ("Cinni.", "Ciini.", "Ciini."),
    ),
    Story(
        "the ids of a gap are never listed, however many they are",
        ([*DROPPED, lost(80, 250, ("3", "9" * 38))], [sold(3, 150)], [sold(4, 170), sold(10**30, 171)]),
        ("Cinni.", "Ciini.", "Ciini."),
    ),
    Story(
        "a gap without times has no place: what is covered stays complete, and its ids fill it",
        ([*QUIET, covered(0, 180), lost(None, None, ("3", "4"))], [sold(3, 130)], [sold(4, 131)]),
        ("CC....", "CCC...", "CCC..."),
        events=FILLED,
    ),
    Story(
        "of a gap whose end alone is known that instant is not complete",
        ([*QUIET, covered(0, 180), lost(None, 70, ("0", "0"))], [], [CLOSED]),
        ("Ci....", "Ci....", "CC...."),
        events=frozenset({"closed"}),
    ),
    Story(
        "another feed's gap in the same market is not one of what is counted",
        ([*QUIET, covered(0, 180)], [lost(30, 170, source="finnhub")], []),
        ("CC....",) * 3,
    ),
    Story(
        "a market that never traded has its outage's rows",
        ([lost(60, 180)], [], [CLOSED]),
        (".nn...", ".nn...", "......"),
        together=("......",) * 3,
        events=frozenset({"closed"}),
    ),
    Story(
        "ALL is not complete where a venue is silent in a gap",
        ([*COINBASE, sold(1, 5), covered(0, 360), lost(90, 200)], [], [CLOSED]),
        ("C.n...", "C.n...", "C....."),
        together=("CiiiCC", "CiiiCC", "CCCCCC"),
        events=frozenset({"closed"}),
    ),
    Story(
        "ALL is not complete where a venue's outage was not told, and is complete beside one that is quiet",
        ([*COINBASE, sold(1, 5), covered(0, 90)], [covered(90, 240)], [covered(240, 360)]),
        ("C.....",) * 3,
        together=("Ciiiii", "CCCCii", "CCCCCC"),
    ),
    Story(
        "ALL asks for a venue from its first trade on, also where that turns out to be hours earlier",
        (
            COINBASE,
            [
                *(sold(8, HOUR, "coinbase"), covered(HOUR, HOUR + 60, "coinbase")),
                *(sold(1, 3 * HOUR), covered(3 * HOUR, 3 * HOUR + 60)),
            ],
            [sold(2, 130), covered(120, 180)],
        ),
        ("......", "......", "..C..."),
        together=("CCCCCC", "CCCCCC", "CCCiii"),
    ),
)


class KilledError(Exception):
    """The process ends here."""


def drawn(rows: Sequence[Any], exchange: str, symbol: str) -> str:
    minutes = {
        row.start_us: "n" if row.open is None else "C" if row.complete else "i"
        for row in rows
        if (row.exchange, row.symbol, row.interval) == (exchange, symbol, "1m")
    }
    assert not any(row.complete for row in rows if row.open is None)
    return "".join(minutes.get(at(60 * minute), ".") for minute in range(6))


def tell(symbols: dict[str, Story], number: int) -> list[bytes]:
    return [
        encode(replace(record, symbol=symbol)) for symbol, story in symbols.items() for record in story.batches[number]
    ]


@pytest.mark.spark
def test_each_story_s_candles_are_complete_where_they_should_be(spark: Any, lake: Lake) -> None:
    layers = Layers(spark, lake)
    symbols = {f"S{number}-USD": story for number, story in enumerate(STORIES)}
    sources = {(exchange, symbol): exchange for exchange in ("kraken", "coinbase") for symbol in symbols}
    for number in range(3):
        layers.arrive(tell(symbols, number))
        layers.refresh_gold()
        rows = layers.check(sources) if number == 2 else layers.check_gold(oracle.silver(layers.arrived), sources)
        found = {story.name: drawn(rows, "kraken", symbol) for symbol, story in symbols.items()}
        assert found == {story.name: story.kraken[number] for story in STORIES}
        found = {story.name: drawn(rows, "ALL", symbol) for symbol, story in symbols.items()}
        assert found == {
            story.name: (story.together or [each.replace("n", ".") for each in story.kraken])[number]
            for story in STORIES
        }
    said = layers.rows("silver.gaps")
    assert {
        story.name: {row.event for row in said if row.symbol == symbol} - {"opened"}
        for symbol, story in symbols.items()
    } == {story.name: story.events for story in STORIES}


@pytest.mark.spark
def test_a_kill_before_a_filled_gap_is_said_leaves_it_to_the_batch_s_next_run(spark: Any, lake: Lake) -> None:
    killed: list[str] = []

    def kill(point: str) -> None:
        if point == "silver.gaps filled:before" and not killed:
            killed.append(point)
            raise KilledError

    layers = Layers(spark, lake, on_point=kill)
    with pytest.raises(KilledError):
        layers.arrive([encode(record) for record in (*DROPPED, lost(80, 250, ("3", "4")), sold(3, 150), sold(4, 170))])
    assert [row.event for row in layers.rows("silver.gaps")] == ["opened"]
    again = Layers(spark, lake)
    again.arrive([], again=layers.arrived)
    assert sorted(row.event for row in again.rows("silver.gaps")) == ["filled", "opened"]
    assert len(again.rows("silver.trades")) == 5
