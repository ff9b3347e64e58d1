"""GetShardIterator and GetRecords."""

from typing import Any, Final

from tapehouse.kinesis_limits import GET_RECORDS_BYTES, GET_RECORDS_LIMIT

from . import frame as framing
from .arguments import NAME, SEQUENCE_NUMBER, Arguments
from .context import Context
from .cursor import LIFETIME_US, Position
from .errors import ACCOUNT, ApiError, invalid, shard_not_found, stream_not_found, throttled
from .faults import Plan
from .shard import Shard, shard_id
from .stream import Stream

TYPES: Final = ("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP")


class Reading:
    """The operations that read records."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get_shard_iterator(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.usable(arguments)
        shard = self._context.store.find_shard(stream, arguments.text("ShardId", NAME))
        kind = arguments.choice("ShardIteratorType", TYPES)
        if self._context.limits and not shard.throughput.take_iterator(self._context.clock()):
            raise throttled(stream.name, shard.id)
        if kind == "TRIM_HORIZON":
            ordinal = 0
        elif kind == "LATEST":
            ordinal = shard.log.next_ordinal
        elif kind == "AT_TIMESTAMP":
            ordinal = self._at_time(shard, arguments)
        else:
            ordinal = self._at_number(stream, shard, arguments, after=kind == "AFTER_SEQUENCE_NUMBER")
        return {"ShardIterator": self._issue(stream, shard, ordinal)}

    def _at_time(self, shard: Shard, arguments: Arguments) -> int:
        wanted_us = arguments.timestamp_us("Timestamp")
        if wanted_us is None:
            raise invalid("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP.")
        now_us = self._context.clock()
        if wanted_us > now_us:
            text = "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            shown = f"timestampInMillis: {wanted_us // 1000}, currentTimestampInMillis: {now_us // 1000}"
            raise invalid(text + shown)
        return shard.log.place_of_time(wanted_us // 1000)

    def _at_number(self, stream: Stream, shard: Shard, arguments: Arguments, *, after: bool) -> int:
        text = arguments.optional("StartingSequenceNumber", SEQUENCE_NUMBER)
        if text is None:
            kind = arguments.raw("ShardIteratorType")
            raise invalid(f"Must specify StartingSequenceNumber parameter for iterator of type {kind}.")
        number = int(text)
        highest = shard.last_sequence if shard.end_sequence is None else shard.end_sequence
        if not shard.first_sequence <= number <= highest:
            where = f"on shard {shard.id} in stream {stream.name} under account {ACCOUNT}"
            raise invalid(
                f"StartingSequenceNumber {text} used in GetShardIterator {where} is invalid because it did not come "
                "from this stream."
            )
        return shard.log.place_of_sequence(number, after=after)

    def get_records(self, arguments: Arguments, plan: Plan) -> bytes:
        context = self._context
        limit = arguments.integer("Limit", least=1, most=GET_RECORDS_LIMIT, default=GET_RECORDS_LIMIT)
        position = self._position(arguments.text("ShardIterator"))
        stream, shard = self._found(position, arguments)
        now_us = context.clock()
        if context.limits and not shard.throughput.take_read(now_us):
            raise throttled(stream.name, shard.id)
        horizon_ms = stream.horizon_us(now_us) // 1000
        until_ms = now_us // 1000 - context.timing.readable_after_ms if context.timing.readable_after_ms else None
        batch = shard.log.read(
            position.ordinal, limit=limit, max_bytes=GET_RECORDS_BYTES, horizon_ms=horizon_ms, until_ms=until_ms
        )
        place, payloads = batch.next_ordinal, batch.payloads
        if plan.empty_read:
            place, payloads = min(position.ordinal, place), []
        else:
            shard.throughput.give_bytes(batch.data_bytes)
            context.faults.count("records.out", batch.records)
        behind_ms = 0
        if place < shard.log.next_ordinal and batch.last_ms is not None and not (batch.at_tip and payloads):
            behind_ms = max(1, now_us // 1000 - batch.last_ms)  # 0 says that the tip was reached, so never 0 before it
        ends = not shard.is_open and place >= shard.log.next_ordinal
        following = self._children(stream, shard) if ends else self._next(stream, shard, place)
        records = framing.SEPARATOR.join(payloads)
        return b'{"Records":[%b],"MillisBehindLatest":%d,%b}' % (records, behind_ms, following.encode())

    def _position(self, token: str) -> Position:
        context = self._context
        position = context.tokens.open_position(token)
        if position is None:
            raise invalid("Invalid ShardIterator.")
        now_us = context.clock()
        if position.generation < context.faults.generation or now_us - position.issued_us > LIFETIME_US:
            raise ApiError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {position.issued_us // 1000} while right now it "
                f"is {now_us // 1000} which is further in the future than the tolerated delay of "
                f"{LIFETIME_US // 1000} milliseconds.",
            )
        return position

    def _found(self, position: Position, arguments: Arguments) -> tuple[Stream, Shard]:
        store = self._context.store
        stream = store.find_usable(position.stream)
        arn = arguments.optional("StreamARN")
        if stream.serial != position.serial:
            raise stream_not_found(position.stream)
        if arn is not None and arn != stream.arn:
            raise invalid(f"The ShardIterator does not belong to {arn}.")
        shard = stream.shards.get(position.shard)
        if shard is None or stream.expired(shard, self._context.clock()):
            raise shard_not_found(stream.name, shard_id(position.shard))
        return stream, shard

    def _issue(self, stream: Stream, shard: Shard, ordinal: int) -> str:
        context = self._context
        position = Position(
            stream.serial, stream.name, shard.index, ordinal, context.clock(), generation=context.faults.generation
        )
        return context.tokens.seal_position(position)

    def _next(self, stream: Stream, shard: Shard, ordinal: int) -> str:
        return f'"NextShardIterator":"{self._issue(stream, shard, ordinal)}"'

    def _children(self, stream: Stream, shard: Shard) -> str:
        """The end of a closed shard: where to go on."""
        listed = ",".join(
            f'{{"ShardId":"{child.id}","ParentShards":[{",".join(_quoted(shard_id(p)) for p in child.parents)}],'
            f'"HashKeyRange":{{"StartingHashKey":"{child.start_hash}","EndingHashKey":"{child.end_hash}"}}}}'
            for child in stream.children(shard)
        )
        return f'"NextShardIterator":null,"ChildShards":[{listed}]'


def _quoted(text: str) -> str:
    return f'"{text}"'
