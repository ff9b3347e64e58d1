"""Reading one shard of a Kinesis that expires, throttles and answers with nothing: in order, once, aggregates whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

import pytest
from aws_kinesis_agg.aggregator import RecordAggregator
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.bronze.position import NOTHING_KNOWN, PAUSED, SHORTENED, TRIMMED, ShardPosition, StreamGap
from glue_jobs.bronze.reader import Columns, KinesisClient, Pace, ShardProgress, ShardReading, ShardTask
from tapehouse.errors import LakehouseError, TerminalError, TransientError
from tapehouse.kinesis_limits import GET_RECORDS_LIMIT

GREAT: Final = 10**128
"""The first sequence number: 129 digits, the most that Kinesis gives."""
ARRIVAL: Final = datetime(2025, 10, 9, 8, 53, 20, 123_000, tzinfo=UTC)
ARRIVAL_US: Final = 1_760_000_000_123_000
NOW_US: Final = ARRIVAL_US + 60_000_000
HOUR_US: Final = 3_600_000_000
SETTLE_US: Final = 1_000_000
MANY: Final = 10**9


def fault(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetRecords")


EXPIRED: Final = fault("ExpiredIteratorException")
THROTTLED: Final = fault("ProvisionedThroughputExceededException")


def aggregate(*parts: tuple[str, bytes]) -> bytes:
    aggregator = RecordAggregator()
    for key, data in parts:
        aggregator.add_user_record(key, data)
    data_of: bytes = aggregator.clear_and_get().get_contents()[2]
    return data_of


@dataclass
class FakeKinesis:
    """One shard. ``faults`` come before each call's answer, ``empty`` answers before the records."""

    data: Sequence[bytes]
    closed: bool = False
    page: int = GET_RECORDS_LIMIT
    faults: list[Exception | None] = field(default_factory=list)
    """Raised by get_records, one a call; None is an answer."""
    iterator_faults: list[Exception] = field(default_factory=list)
    empty: int = 0
    trimmed: int = 0
    """So many of the oldest records are gone."""
    children: tuple[str, ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    def get_shard_iterator(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if self.iterator_faults:
            raise self.iterator_faults.pop(0)
        if arguments["ShardIteratorType"] == "TRIM_HORIZON":
            assert "StartingSequenceNumber" not in arguments
            return {"ShardIterator": "0"}
        after = {"AT_SEQUENCE_NUMBER": 0, "AFTER_SEQUENCE_NUMBER": 1}[arguments["ShardIteratorType"]]
        return {"ShardIterator": str(int(arguments["StartingSequenceNumber"]) - GREAT + after)}

    def get_records(self, **arguments: Any) -> dict[str, Any]:
        limit = arguments["Limit"]
        assert 1 <= limit <= GET_RECORDS_LIMIT
        self.limits.append(limit)
        if self.faults and (raised := self.faults.pop(0)):
            raise raised
        at = max(int(arguments["ShardIterator"]), self.trimmed)
        count = 0 if self.empty else min(limit, self.page)
        self.empty = max(self.empty - 1, 0)
        end = min(at + count, len(self.data))
        answer: dict[str, Any] = {
            "Records": [
                {
                    "SequenceNumber": str(GREAT + number),
                    "PartitionKey": f"key {number}",
                    "Data": self.data[number],
                    "ApproximateArrivalTimestamp": ARRIVAL + timedelta(milliseconds=number),
                }
                for number in range(at, end)
            ],
            "MillisBehindLatest": len(self.data) - end,
        }
        if not (self.closed and end == len(self.data)):
            answer["NextShardIterator"] = str(end)
        elif self.children:
            answer["ChildShards"] = [{"ShardId": child} for child in self.children]
        return answer


class StreamRecord(NamedTuple):
    sequence_number: str
    sub_sequence_number: int
    partition_key: str
    arrival_us: int
    data: bytes


def task(*, after: int | None = None, max_records: int = MANY, max_bytes: int = MANY, **more: Any) -> ShardTask:
    place = ShardPosition() if after is None else ShardPosition(after, ARRIVAL_US, NOW_US)
    day_us = 24 * HOUR_US
    given = {"after": place, "until_us": NOW_US, "retention_us": day_us, "retention_before_us": day_us, **more}
    return ShardTask(
        stream_name="trades",
        shard_id="shardId-000000000007",
        max_records=max_records,
        max_bytes=max_bytes,
        settle_us=SETTLE_US,
        **given,
    )


def reading(
    kinesis: KinesisClient, what: ShardTask | None = None, slept: list[float] | None = None, *, now_us: int = NOW_US
) -> ShardReading:
    waits: list[float] = [] if slept is None else slept
    pace = Pace(clock=lambda: 0.0, sleep=lambda _: None)
    return ShardReading(kinesis, what or task(), pace, now_us=lambda: now_us, sleep=waits.append, dice=lambda: 1.0)


def records_of(columns: Columns) -> list[StreamRecord]:
    listed = (columns.sequence_number, columns.sub_sequence_number, columns.partition_key, columns.arrival_us)
    return [StreamRecord(*row) for row in zip(*listed, columns.payload, strict=True)]


def read(
    kinesis: KinesisClient, what: ShardTask | None = None, slept: list[float] | None = None, *, now_us: int = NOW_US
) -> tuple[list[StreamRecord], ShardProgress]:
    made = reading(kinesis, what, slept, now_us=now_us)
    made.run()
    return records_of(made.columns), made.progress


def payloads(count: int) -> list[bytes]:
    return [b"record %d" % number for number in range(count)]


def test_a_shard_without_position_is_read_from_its_oldest_record() -> None:
    kinesis = FakeKinesis(payloads(3))
    records, progress = read(kinesis)
    assert records == [
        StreamRecord(str(GREAT + n), 0, f"key {n}", ARRIVAL_US + n * 1000, b"record %d" % n) for n in range(3)
    ]
    assert kinesis.asked == [
        {"StreamName": "trades", "ShardId": "shardId-000000000007", "ShardIteratorType": "TRIM_HORIZON"}
    ]
    last_us = ARRIVAL_US + 2_000
    assert progress == ShardProgress(
        ShardPosition(GREAT + 2, last_us, NOW_US - SETTLE_US, at_tip=True),
        rows=3,
        bytes=24,
        newest_us=last_us,
        caught_up=True,
        iterator="3",
    )


def test_a_shard_is_read_after_its_position_by_all_129_digits() -> None:
    kinesis = FakeKinesis(payloads(5))
    records, progress = read(kinesis, task(after=GREAT + 2))
    assert [record.data for record in records] == [b"record 3", b"record 4"]
    assert kinesis.asked[0]["StartingSequenceNumber"] == "1" + "0" * 127 + "2"
    assert progress.after.sequence == GREAT + 4


def test_sequence_number_zero_is_a_position() -> None:
    kinesis = FakeKinesis([], faults=[fault("AccessDeniedException")])
    with pytest.raises(TerminalError):
        read(kinesis, task(after=0))
    assert kinesis.asked[0]["StartingSequenceNumber"] == "0"


def test_nothing_to_read_moves_nothing() -> None:
    kinesis = FakeKinesis([])
    records, progress = read(kinesis)
    assert (records, progress.after) == ([], ShardPosition(None, None, NOW_US - SETTLE_US, at_tip=True))
    assert len(kinesis.limits) == 1


def test_an_expired_iterator_goes_on_after_the_last_record_read() -> None:
    kinesis = FakeKinesis(payloads(6), page=2, faults=[None, EXPIRED, None, EXPIRED])
    records, _ = read(kinesis, task(after=GREAT))
    assert [record.data for record in records] == payloads(6)[1:]
    assert [asked["StartingSequenceNumber"] for asked in kinesis.asked] == [
        *(str(GREAT + n) for n in (0, 2, 4)),
    ]


def test_an_iterator_that_expired_before_the_first_record_starts_over_at_the_position() -> None:
    for after, kind in ((None, "TRIM_HORIZON"), (GREAT, "AFTER_SEQUENCE_NUMBER")):
        kinesis = FakeKinesis(payloads(3), faults=[EXPIRED])
        records, _ = read(kinesis, task(after=after))
        assert len(records) == (3 if after is None else 2)
        assert [asked["ShardIteratorType"] for asked in kinesis.asked] == [kind, kind]


def test_iterators_that_always_expire_end_the_turn() -> None:
    kinesis = FakeKinesis(payloads(3), faults=[EXPIRED] * 1000)
    with pytest.raises(TransientError, match="expire"):
        read(kinesis)
    assert len(kinesis.limits) < 100


def test_expiries_are_counted_in_a_row_only() -> None:
    kinesis = FakeKinesis(payloads(40), page=1, faults=[EXPIRED, None] * 40)
    assert [record.data for record in read(kinesis)[0]] == payloads(40)


@pytest.mark.parametrize(
    "raised",
    [
        THROTTLED,
        fault("LimitExceededException"),
        fault("KMSThrottlingException"),
        fault("ThrottlingException"),
        fault("InternalFailure", 500),
        fault("ServiceUnavailable", 503),
        fault("500", 500),
        fault("502", 502),
        fault("504", 504),
        fault("Unknown", 500),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:9"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:9"),
    ],
    ids=str,
)
def test_a_busy_kinesis_is_asked_again_with_growing_waits(raised: Exception) -> None:
    slept: list[float] = []
    records, _ = read(FakeKinesis(payloads(3), faults=[raised] * 3), slept=slept)
    assert [record.data for record in records] == payloads(3)
    assert len(slept) == 3
    assert 0 < slept[0] < slept[1] < slept[2]


def test_the_iterator_s_call_is_asked_again_as_well() -> None:
    slept: list[float] = []
    records, _ = read(FakeKinesis(payloads(3), iterator_faults=[THROTTLED, THROTTLED]), slept=slept)
    assert (len(records), len(slept)) == (3, 2)


def test_each_call_has_its_own_tries() -> None:
    kinesis = FakeKinesis(payloads(6), page=1, faults=[THROTTLED] * 5 + [None] + [THROTTLED] * 5)
    records, _ = read(kinesis)
    assert [record.data for record in records] == payloads(6)


def test_waits_are_spread_by_chance() -> None:
    waits: list[list[float]] = [[], []]
    for slept, chance in zip(waits, (0.0, 1.0), strict=True):
        kinesis = FakeKinesis(payloads(1), faults=[THROTTLED])
        made = reading(kinesis, slept=slept)
        made.dice = partial(float, chance)
        made.run()
    assert 0 < waits[0][0] < waits[1][0]


def test_a_kinesis_that_keeps_refusing_ends_the_turn_as_transient() -> None:
    slept: list[float] = []
    kinesis = FakeKinesis(payloads(3), faults=[THROTTLED] * 1000)
    with pytest.raises(TransientError, match="ProvisionedThroughputExceededException"):
        read(kinesis, slept=slept)
    assert len(kinesis.limits) == len(slept) + 1
    assert sum(slept) < 60


def test_what_was_read_before_the_refusal_is_told() -> None:
    made = reading(FakeKinesis(payloads(4), page=2, faults=[None, *[THROTTLED] * 1000]))
    with pytest.raises(TransientError):
        made.run()
    assert (len(made.columns), made.progress.rows, made.progress.after.sequence) == (2, 2, GREAT + 1)
    assert not made.progress.caught_up


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceNotFoundException", TransientError),
        ("AccessDeniedException", TerminalError),
        ("InvalidArgumentException", TerminalError),
        ("ValidationException", TerminalError),
        ("UnrecognizedClientException", TerminalError),
        ("KMSAccessDeniedException", TerminalError),
    ],
)
def test_what_waiting_does_not_mend_is_not_tried_again(code: str, error: type[LakehouseError]) -> None:
    for faults in ({"faults": [fault(code)]}, {"iterator_faults": [fault(code)]}):
        slept: list[float] = []
        kinesis = FakeKinesis(payloads(3), **faults)  # type: ignore[arg-type]
        with pytest.raises(error, match=code):
            read(kinesis, slept=slept)
        assert slept == []


def test_a_closed_shard_is_read_to_its_end() -> None:
    records, progress = read(FakeKinesis(payloads(5), closed=True, page=2))
    assert [record.data for record in records] == payloads(5)
    assert progress.after.ended


def test_an_open_shard_has_no_end() -> None:
    assert not read(FakeKinesis(payloads(5), page=2))[1].after.ended


def test_a_closed_shard_that_was_read_before_ends_at_once() -> None:
    kinesis = FakeKinesis(payloads(5), closed=True)
    records, progress = read(kinesis, task(after=GREAT + 4))
    assert (records, progress.after.ended, progress.after.sequence) == ([], True, GREAT + 4)
    assert len(kinesis.limits) == 1


def test_a_shard_that_a_bound_left_is_not_ended() -> None:
    assert not read(FakeKinesis(payloads(5), closed=True), task(max_records=3))[1].after.ended


def test_empty_answers_of_a_shard_that_is_behind_are_read_through() -> None:
    records, _ = read(FakeKinesis(payloads(3), empty=20))
    assert [record.data for record in records] == payloads(3)


def test_a_shard_that_only_says_it_is_behind_is_left_for_the_next_turn() -> None:
    kinesis = FakeKinesis(payloads(3), empty=10**6)
    records, progress = read(kinesis)
    assert (records, progress.after.sequence, progress.behind_ms) == ([], None, 3)
    assert 10 < len(kinesis.limits) < 1000


def test_empty_answers_are_counted_in_a_row_only() -> None:
    class Hesitant(FakeKinesis):
        def get_records(self, **arguments: Any) -> dict[str, Any]:
            answer = super().get_records(**arguments)
            if answer["Records"]:
                self.empty = 20
            return answer

    records, _ = read(Hesitant(payloads(5), page=1))
    assert len(records) == 5


# --- where a reading ends, and up to when it has read


class Busy(FakeKinesis):
    """A shard that gets a record before each call: no answer is ever empty."""

    def get_records(self, **arguments: Any) -> dict[str, Any]:
        self.data = [*self.data, b"more"]
        return super().get_records(**arguments)


def test_a_shard_that_is_written_to_all_the_time_is_read_to_its_tip_and_no_further() -> None:
    records, progress = read(Busy(payloads(5), page=2))
    assert len(records) == 10  # five, and one more a call: two of each answer, until an answer reaches the tip
    assert progress.caught_up
    assert progress.after.at_tip


def test_a_record_that_arrived_after_the_plan_ends_the_reading() -> None:
    records, progress = read(FakeKinesis(payloads(50), page=10), task(until_us=ARRIVAL_US + 25_000))
    assert (len(records), progress.caught_up, progress.after.at_tip) == (30, True, False)
    assert progress.after.through_us == ARRIVAL_US + 29_000 - SETTLE_US, "not the clock's time: it has more"


def test_at_the_tip_it_has_read_up_to_the_beginning_of_the_call() -> None:
    times = iter([NOW_US, NOW_US, NOW_US + 5_000, *[NOW_US + 9_000_000] * 10])  # made, iterator, records, later
    made = reading(FakeKinesis(payloads(3)))
    made.now_us = lambda: next(times)
    next(times)
    made.run()
    assert made.progress.after.through_us == NOW_US + 5_000 - SETTLE_US


def test_a_call_that_was_tried_again_began_with_its_last_try() -> None:
    clock = [NOW_US]

    def later(seconds: float) -> None:
        clock[0] += round(seconds * 1e6)

    made = reading(FakeKinesis(payloads(3), faults=[THROTTLED, THROTTLED]))
    made.now_us, made.sleep = lambda: clock[0], later
    made.run()
    assert made.progress.after.through_us == clock[0] - SETTLE_US > NOW_US - SETTLE_US


def test_the_end_of_a_closed_shard_does_not_say_when_it_was_closed() -> None:
    _, progress = read(FakeKinesis(payloads(3), closed=True, children=("b", "c")))
    last_us = ARRIVAL_US + 2_000
    assert progress.after == ShardPosition(GREAT + 2, last_us, last_us - SETTLE_US, at_tip=True, ended=True)
    assert progress.children == ("b", "c")


def test_a_clock_that_is_ahead_of_kinesis_promises_nothing_that_is_yet_to_arrive() -> None:
    class Dated(FakeKinesis):
        def get_records(self, **arguments: Any) -> dict[str, Any]:
            headers = {"date": "Thu, 09 Oct 2025 08:54:20 GMT"}
            return {**super().get_records(**arguments), "ResponseMetadata": {"HTTPHeaders": headers}}

    theirs_us = ARRIVAL_US - 123_000 + 60_000_000
    for now_us, through_us in ((theirs_us + HOUR_US, theirs_us), (theirs_us + 500_000, theirs_us + 500_000)):
        assert read(Dated(payloads(3)), now_us=now_us)[1].after.through_us == through_us - SETTLE_US


def test_a_clock_that_was_set_back_takes_nothing_back() -> None:
    seen = ShardPosition(GREAT + 1, ARRIVAL_US, NOW_US + HOUR_US)
    _, progress = read(FakeKinesis(payloads(3)), replace(task(), after=seen))
    assert progress.after.through_us == NOW_US + HOUR_US


# --- loss


def lagging(*, at_tip: bool = False) -> ShardPosition:
    """Read up to record 1."""
    arrival_us = ARRIVAL_US + 1_000
    return ShardPosition(GREAT + 1, arrival_us, arrival_us + (HOUR_US if at_tip else 0), at_tip)


def after_hours(hours: float) -> int:
    """So long after record 1 arrived."""
    return ARRIVAL_US + 1_000 + round(hours * HOUR_US)


def known(shard: ShardPosition, **more: Any) -> ShardTask:
    return replace(task(), after=shard, until_us=NOW_US + 10**15, **more)


@pytest.mark.parametrize("hours", [1, 23, 25, 400])
def test_a_record_that_is_still_there_proves_that_nothing_was_trimmed(hours: float) -> None:
    kinesis = FakeKinesis(payloads(5))
    records, progress = read(kinesis, known(lagging()), now_us=after_hours(hours))
    assert [record.data for record in records] == [b"record 2", b"record 3", b"record 4"]
    assert progress.gap is None
    kind = "AFTER_SEQUENCE_NUMBER" if hours < 24 else "AT_SEQUENCE_NUMBER"
    assert kinesis.asked[0]["ShardIteratorType"] == kind


def test_a_reader_that_fell_behind_the_trim_horizon_has_a_gap() -> None:
    now_us = after_hours(30)
    records, progress = read(FakeKinesis(payloads(5), trimmed=4), known(lagging()), now_us=now_us)
    assert [record.data for record in records] == [b"record 4"]
    assert progress.gap == StreamGap(ARRIVAL_US + 1_000, now_us - 24 * HOUR_US, "shardId-000000000007", TRIMMED)


def test_a_pause_at_the_tip_that_was_longer_than_the_retention_is_a_gap_from_the_last_look() -> None:
    now_us = after_hours(30)
    _, progress = read(FakeKinesis(payloads(5), trimmed=5), known(lagging(at_tip=True)), now_us=now_us)
    seen_us = ARRIVAL_US + 1_000 + HOUR_US
    assert progress.gap == StreamGap(seen_us, now_us - 24 * HOUR_US, "shardId-000000000007", PAUSED)


def test_a_retention_that_was_shortened_is_the_reason() -> None:
    shard = known(lagging(), retention_before_us=48 * HOUR_US)
    _, progress = read(FakeKinesis(payloads(5), trimmed=4), shard, now_us=after_hours(30))
    assert progress.gap is not None
    assert progress.gap.reason == SHORTENED


def test_a_retention_that_was_shortened_for_a_while_is_seen_by_what_is_gone() -> None:
    """It is 48 hours before and after: only the record that should be there, and is not, tells of the time between."""
    shard = known(lagging(), retention_us=48 * HOUR_US, retention_before_us=48 * HOUR_US)
    _, progress = read(FakeKinesis(payloads(5), trimmed=4), shard, now_us=after_hours(30))
    assert progress.gap == StreamGap(ARRIVAL_US + 1_000, ARRIVAL_US + 4_000, "shardId-000000000007", SHORTENED)


def test_empty_answers_before_the_first_record_prove_no_loss() -> None:
    records, progress = read(FakeKinesis(payloads(5), empty=3), known(lagging()), now_us=after_hours(30))
    assert (len(records), progress.gap) == (3, None)


def test_a_reader_that_is_overtaken_while_it_reads_has_a_gap() -> None:
    class Trimmed(FakeKinesis):
        def get_records(self, **arguments: Any) -> dict[str, Any]:
            answer = super().get_records(**arguments)
            if int(arguments["ShardIterator"]) == 2:
                self.trimmed, clock[0] = 4, after_hours(24.5)
            return answer

    clock = [after_hours(23)]
    made = reading(Trimmed(payloads(6), page=1), known(lagging()))
    made.now_us = lambda: clock[0]
    made.run()
    assert [record.data for record in records_of(made.columns)] == [b"record 2", b"record 4", b"record 5"]
    assert made.progress.gap is not None
    assert made.progress.gap.to_us == after_hours(0.5)


def test_what_a_stream_dropped_before_it_was_ever_read_is_no_gap() -> None:
    assert task().after.through_us == NOTHING_KNOWN
    assert read(FakeKinesis(payloads(5), trimmed=3))[1].gap is None


# --- pace


class Clock:
    """Seconds that pass by sleeping alone."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_a_shard_is_asked_five_times_a_second_at_most() -> None:
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    made = reading(FakeKinesis(payloads(11), page=1))
    made.pace = pace
    made.run()
    assert clock.at == pytest.approx(2.0)
    again = reading(FakeKinesis(payloads(1)))
    again.pace = pace
    again.run()
    assert clock.at == pytest.approx(2.2), "the next reading keeps the distance to the last one"


def test_bytes_are_paced_once_kinesis_has_asked_for_less() -> None:
    clock = Clock()
    faults: list[Exception | None]
    for faults, seconds in (([], 0.2), ([THROTTLED], 2.2)):
        made = reading(FakeKinesis([b"x" * 1_000_000] * 6, page=4, faults=list(faults)))
        made.pace = Pace(clock=clock, sleep=clock.sleep)
        began = clock.at
        made.run()
        assert clock.at - began == pytest.approx(seconds)


# --- bounds


def test_the_bound_of_records_is_kept_by_what_is_asked_for() -> None:
    kinesis = FakeKinesis(payloads(50), page=7)
    records, progress = read(kinesis, task(max_records=20))
    assert len(records) == progress.rows == 20
    assert kinesis.limits == [20, 13, 6]


def test_no_call_asks_for_more_than_kinesis_gives() -> None:
    kinesis = FakeKinesis(payloads(3))
    read(kinesis, task(max_records=MANY))
    assert set(kinesis.limits) == {GET_RECORDS_LIMIT}


def test_the_bound_of_bytes_ends_the_turn_after_the_answer_that_reaches_it() -> None:
    kinesis = FakeKinesis([b"x" * 100] * 50, page=4)
    records, progress = read(kinesis, task(max_bytes=1_000))
    assert (len(records), progress.bytes) == (12, 1_200)


def test_a_bound_never_falls_inside_an_aggregate() -> None:
    parts = [(f"market {n}", b"trade %d" % n) for n in range(10)]
    kinesis = FakeKinesis([aggregate(*parts)] * 5)
    records, progress = read(kinesis, task(max_records=15))
    assert len(records) % 10 == 0
    assert progress.rows == len(records) >= 15
    again, _ = read(kinesis, task(after=progress.after.sequence))
    assert len(records) + len(again) == 50


def test_aggregates_are_taken_apart_and_numbered() -> None:
    whole = aggregate(("a", b"1"), ("ключ", b"2"), ("a", b""))
    records, progress = read(FakeKinesis([b"plain", whole, whole[:-1]]))
    told = [(r.sequence_number, r.sub_sequence_number, r.partition_key, r.data) for r in records]
    assert told == [
        (str(GREAT), 0, "key 0", b"plain"),
        (str(GREAT + 1), 0, "a", b"1"),
        (str(GREAT + 1), 1, "ключ", b"2"),
        (str(GREAT + 1), 2, "a", b""),
        (str(GREAT + 2), 0, "key 2", whole[:-1]),
    ]
    assert progress.rows == 5
    assert progress.bytes == len(b"plain") + len(whole) * 2 - 1


@settings(max_examples=150, deadline=None)
@given(
    data=st.lists(
        st.binary(max_size=20)
        | st.integers(1, 6).map(lambda count: aggregate(*[("k", b"%d" % n) for n in range(count)])),
        max_size=20,
    ),
    page=st.integers(1, 6),
    max_records=st.integers(1, 12),
    max_bytes=st.integers(1, 200),
    faults=st.lists(st.sampled_from([None, None, EXPIRED, THROTTLED]), max_size=20),
    empty=st.integers(0, 3),
)
def test_turns_of_any_bounds_and_faults_give_each_record_once(
    *,
    data: list[bytes],
    page: int,
    max_records: int,
    max_bytes: int,
    faults: list[Exception | None],
    empty: int,
) -> None:
    calm, _ = read(FakeKinesis(data))
    kinesis = FakeKinesis(data, page=page, faults=list(faults), empty=empty)
    found: list[StreamRecord] = []
    after: int | None = None
    for _ in range(len(data) + 1 + len(faults)):
        try:
            records, progress = read(kinesis, task(after=after, max_records=max_records, max_bytes=max_bytes))
        except TransientError:
            continue  # nothing of such a turn is kept
        if records:
            assert progress.after.sequence == int(records[-1].sequence_number)
        found += records
        after = after if progress.after.sequence is None else progress.after.sequence
    assert found == calm


@pytest.mark.parametrize("milliseconds", [0, 1, 7, 123, 499, 500, 999])
def test_arrival_is_exact_to_the_millisecond(milliseconds: int) -> None:
    kinesis = FakeKinesis([b"x"])
    base = 1_699_999_999_000 + milliseconds
    answer = kinesis.get_records(ShardIterator="0", Limit=1)
    # botocore makes the moment from a float of seconds
    answer["Records"][0]["ApproximateArrivalTimestamp"] = datetime.fromtimestamp(base / 1000, UTC)
    kinesis.get_records = lambda **_: answer  # type: ignore[method-assign]
    assert read(kinesis)[0][0].arrival_us == base * 1000
