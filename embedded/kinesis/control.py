"""The operations on streams, shards and tags."""

from collections.abc import Callable
from typing import Any, Final

from tapehouse.kinesis_limits import KIB, RECORD_BYTES

from .arguments import ARN, HASH_KEY, NAME, Arguments
from .context import Context
from .cursor import LIFETIME_US
from .errors import ACCOUNT, ApiError, invalid
from .shard import Shard
from .stream import Resharding, Stream

ON_DEMAND_SHARDS: Final = 4
"""What a new on-demand stream starts with: 4 MB/s in."""
MOST_SHARDS: Final = 10_000
LEAST_RETENTION_HOURS: Final = 24
MOST_RETENTION_HOURS: Final = 8760
MOST_TAGS: Final = 50
LEAST_RECORD_KIB: Final = RECORD_BYTES // KIB
MOST_RECORD_KIB: Final = 10 * KIB
MODES: Final = ("PROVISIONED", "ON_DEMAND")
FILTERS: Final = (
    "AFTER_SHARD_ID",
    "AT_TRIM_HORIZON",
    "FROM_TRIM_HORIZON",
    "AT_LATEST",
    "AT_TIMESTAMP",
    "FROM_TIMESTAMP",
)


class Control:
    """Each takes a call's arguments and gives the answer's fields: none where AWS answers nothing."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    # Streams

    def create_stream(self, arguments: Arguments, *, region: str) -> dict[str, Any]:
        name = arguments.text("StreamName", NAME)
        details = arguments.mapping("StreamModeDetails")
        mode = "PROVISIONED" if details is None else details.choice("StreamMode", MODES)
        if mode == "ON_DEMAND" and arguments.raw("ShardCount") is not None:
            raise ApiError("ValidationException", "ShardCount can't be set on a stream in ON_DEMAND mode.")
        count = ON_DEMAND_SHARDS
        if mode == "PROVISIONED":
            count = arguments.integer("ShardCount", least=1, most=MOST_SHARDS)
        self._store.create(
            name,
            count,
            region=region,
            mode=mode,
            tags=_counted(arguments.tags("Tags", required=False)),
            max_record_kib=arguments.integer(
                "MaxRecordSizeInKiB", least=LEAST_RECORD_KIB, most=MOST_RECORD_KIB, default=LEAST_RECORD_KIB
            ),
        )
        return {}

    def delete_stream(self, arguments: Arguments) -> dict[str, Any]:
        self._store.delete(self._context.named(arguments))
        return {}

    def list_streams(self, arguments: Arguments) -> dict[str, Any]:
        limit = arguments.integer("Limit", least=1, most=10_000, default=100)
        token, after = arguments.optional("NextToken"), arguments.optional("ExclusiveStartStreamName", NAME)
        if token is not None:
            after = self._page("streams", token)[0]
        names = [name for name in self._store.names() if after is None or name > after]
        streams = [self._store.find(name) for name in names[:limit]]
        more = len(names) > limit
        answer: dict[str, Any] = {
            "StreamNames": [stream.name for stream in streams],
            "HasMoreStreams": more,
            "StreamSummaries": [self._identity(stream) for stream in streams],
        }
        if more:
            answer["NextToken"] = self._seal_page("streams", [streams[-1].name])
        return answer

    def describe_stream(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.named(arguments)
        limit = arguments.integer("Limit", least=1, most=10_000, default=100)
        after = arguments.optional("ExclusiveStartShardId", NAME)
        shards = [] if self._creating(stream) else self._store.shards(stream)
        listed = [shard for shard in shards if after is None or shard.id > after]
        return {
            "StreamDescription": {
                **self._identity(stream),
                "Shards": [shard.describe() for shard in listed[:limit]],
                "HasMoreShards": len(listed) > limit,
                **_settings(stream),
            }
        }

    def describe_stream_summary(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.named(arguments)
        return {
            "StreamDescriptionSummary": {
                **self._identity(stream),
                **_settings(stream),
                "OpenShardCount": 0 if self._creating(stream) else len(stream.open_shards()),
                "ConsumerCount": 0,
                "MaxRecordSizeInKiB": stream.max_record_kib,
            }
        }

    def describe_limits(self, arguments: Arguments) -> dict[str, Any]:
        del arguments
        streams = [self._store.find(name) for name in self._store.names()]
        return {
            "ShardLimit": MOST_SHARDS,
            "OpenShardCount": sum(len(stream.open_shards()) for stream in streams if stream.mode == "PROVISIONED"),
            "OnDemandStreamCount": sum(1 for stream in streams if stream.mode == "ON_DEMAND"),
            "OnDemandStreamCountLimit": 50,
        }

    def update_stream_mode(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.settled(arguments)
        details = arguments.mapping("StreamModeDetails") or Arguments(b"{}")
        self._store.change(stream, mode=details.choice("StreamMode", MODES))
        return {}

    def start_encryption(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.settled(arguments)
        arguments.choice("EncryptionType", ("KMS",))
        self._store.change(stream, kms_key=arguments.text("KeyId"))
        return {}

    def stop_encryption(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.settled(arguments)
        arguments.choice("EncryptionType", ("KMS",))
        self._store.change(stream, kms_key=None)
        return {}

    def increase_retention(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.settled(arguments)
        hours = self._hours(arguments)
        if hours < stream.retention_hours:
            raise invalid(
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be shorter than existing "
                f"retention period ({stream.retention_hours} hours). Use DecreaseRetentionPeriod API."
            )
        self._store.change_retention(stream, hours)
        return {}

    def decrease_retention(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.settled(arguments)
        hours = self._hours(arguments)
        if hours > stream.retention_hours:
            raise invalid(
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be longer than existing "
                f"retention period ({stream.retention_hours} hours). Use IncreaseRetentionPeriod API."
            )
        self._store.change_retention(stream, hours)
        return {}

    def _hours(self, arguments: Arguments) -> int:
        hours = arguments.integer("RetentionPeriodHours", least=-(2**31), most=2**31 - 1)
        if hours < LEAST_RETENTION_HOURS:
            least = f"Minimum allowed retention period is {LEAST_RETENTION_HOURS} hours."
            raise invalid(f"{least} Requested retention period ({hours} hours) is too short.")
        if hours > MOST_RETENTION_HOURS:
            most = f"Maximum allowed retention period is {MOST_RETENTION_HOURS} hours."
            raise invalid(f"{most} Requested retention period ({hours} hours) is too long.")
        return hours

    # Shards

    def list_shards(self, arguments: Arguments) -> dict[str, Any]:
        limit = min(1000, arguments.integer("MaxResults", least=1, most=10_000, default=1000))
        token = arguments.optional("NextToken")
        if token is None:
            stream = self._context.named(arguments)
            after, kind, instant_us = self._first_page(stream, arguments)
        else:
            stream, after, kind, instant_us = self._later_page(token, arguments)
        if self._creating(stream):
            raise ApiError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {ACCOUNT} not ACTIVE, instead in state CREATING",
            )
        wanted = self._filter(stream, kind, instant_us)
        found = [shard for shard in self._store.shards(stream) if shard.index > after and wanted(shard)]
        answer: dict[str, Any] = {"Shards": [shard.describe() for shard in found[:limit]]}
        if len(found) > limit:
            page = [stream.name, stream.serial, found[limit - 1].index, kind, instant_us]
            answer["NextToken"] = self._seal_page("shards", page)
        return answer

    def _first_page(self, stream: Stream, arguments: Arguments) -> tuple[int, str, int]:
        """(index of the last shard already seen, kind of filter, its instant in µs)"""
        created_us = arguments.timestamp_us("StreamCreationTimestamp")
        if created_us is not None and created_us // 1_000_000 != stream.created_us // 1_000_000:
            text = f"Stream {stream.name} under account {ACCOUNT} created at {created_us // 1_000_000} not found."
            raise ApiError("ResourceNotFoundException", text)
        after = _index(arguments.optional("ExclusiveStartShardId", NAME))
        nested = arguments.mapping("ShardFilter")
        if nested is None:
            return after, "FROM_TRIM_HORIZON", 0
        kind = nested.choice("Type", FILTERS)
        shard_id, instant_us = nested.optional("ShardId", NAME), nested.timestamp_us("Timestamp")
        if (kind == "AFTER_SHARD_ID") != (shard_id is not None):
            raise invalid(f"ShardId must be specified with AFTER_SHARD_ID and with nothing else, not with {kind}.")
        if kind.endswith("_TIMESTAMP") != (instant_us is not None):
            raise invalid(f"Timestamp must be specified with the timestamp filters only; the filter is {kind}.")
        return max(after, _index(shard_id)), kind, instant_us or 0

    def _later_page(self, token: str, arguments: Arguments) -> tuple[Stream, int, str, int]:
        for name in ("StreamName", "StreamCreationTimestamp", "ExclusiveStartShardId", "ShardFilter"):
            if arguments.raw(name) is not None:
                raise invalid(f"NextToken and {name} cannot be provided together.")
        name, serial, after, kind, instant_us = self._page("shards", token)
        stream = self._store.find(name)
        if stream.serial != serial:
            raise invalid("NextToken is of a stream that was deleted.")
        return stream, after, kind, instant_us

    def _filter(self, stream: Stream, kind: str, instant_us: int) -> Callable[[Shard], bool]:
        horizon_us = max(stream.horizon_us(self._context.clock()), stream.created_us)

        def open_at(shard: Shard, at_us: int) -> bool:
            born = shard.created_us <= at_us or not shard.parents
            return born and (shard.closed_us is None or shard.closed_us >= at_us)

        if kind == "AT_LATEST":
            return lambda shard: shard.is_open
        if kind == "AT_TRIM_HORIZON":
            return lambda shard: open_at(shard, horizon_us)
        if kind == "AT_TIMESTAMP":
            return lambda shard: open_at(shard, max(instant_us, horizon_us))
        if kind == "FROM_TIMESTAMP":
            return lambda shard: shard.closed_us is None or shard.closed_us >= instant_us
        return lambda shard: True

    def split_shard(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._provisioned(arguments)
        shard = self._divisible(stream, arguments.text("ShardToSplit", NAME))
        at = int(arguments.text("NewStartingHashKey", HASH_KEY))
        if not shard.start_hash + 1 < at < shard.end_hash:
            raise invalid(
                f"NewStartingHashKey {at} used in SplitShard() on shard {shard.id} in stream {stream.name} under "
                f"account {ACCOUNT} is not both greater than one plus the shard's StartingHashKey {shard.start_hash} "
                f"and less than the shard's EndingHashKey {shard.end_hash}."
            )
        self._store.reshard(stream, lambda change: change.split(shard, at))
        return {}

    def merge_shards(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._provisioned(arguments)
        first = self._divisible(stream, arguments.text("ShardToMerge", NAME))
        second = self._divisible(stream, arguments.text("AdjacentShardToMerge", NAME))
        if first.end_hash + 1 != second.start_hash and second.end_hash + 1 != first.start_hash:
            raise invalid(
                f"Shards {first.id} and {second.id} in stream {stream.name} under account {ACCOUNT} are not an "
                "adjacent pair of shards eligible for merging"
            )
        self._store.reshard(stream, lambda change: change.merge(first, second))
        return {}

    def update_shard_count(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._provisioned(arguments)
        target = arguments.integer("TargetShardCount", least=1, most=2**31 - 1)
        arguments.choice("ScalingType", ("UNIFORM_SCALING",))
        current = len(stream.open_shards())
        if not (current + 1) // 2 <= target <= min(2 * current, MOST_SHARDS):
            raise ApiError(
                "LimitExceededException",
                f"UpdateShardCount cannot scale stream {stream.name} from {current} to {target} shards: not above "
                "double nor below half of the current count.",
            )

        def scale(change: Resharding) -> None:
            change.uniform(target)

        self._store.reshard(stream, scale)
        names = {"StreamName": stream.name, "StreamARN": stream.arn}
        return {**names, "CurrentShardCount": current, "TargetShardCount": target}

    def _provisioned(self, arguments: Arguments) -> Stream:
        stream = self._context.settled(arguments)
        if stream.mode != "PROVISIONED":
            text = f"Stream {stream.name} under account {ACCOUNT} is in ON_DEMAND mode: it scales by itself."
            raise ApiError("ValidationException", text)
        return stream

    def _divisible(self, stream: Stream, shard_id: str) -> Shard:
        shard = self._store.find_shard(stream, shard_id)
        if not shard.is_open:
            raise ApiError(
                "ResourceInUseException",
                f"Shard {shard_id} in stream {stream.name} under account {ACCOUNT} has already been merged or split, "
                "and thus is not eligible for merging or splitting.",
            )
        return shard

    # Tags

    def add_tags(self, arguments: Arguments) -> dict[str, Any]:
        return self._tag(self._context.named(arguments), arguments.tags("Tags", required=True))

    def remove_tags(self, arguments: Arguments) -> dict[str, Any]:
        return self._untag(self._context.named(arguments), arguments.texts("TagKeys", most=50))

    def list_tags(self, arguments: Arguments) -> dict[str, Any]:
        stream = self._context.named(arguments)
        limit = arguments.integer("Limit", least=1, most=50, default=50)
        after = arguments.optional("ExclusiveStartTagKey")
        listed = [tag for tag in _listed(stream) if after is None or tag["Key"] > after]
        return {"Tags": listed[:limit], "HasMoreTags": len(listed) > limit}

    def tag_resource(self, arguments: Arguments) -> dict[str, Any]:
        return self._tag(self._resource(arguments), arguments.tags("Tags", required=True))

    def untag_resource(self, arguments: Arguments) -> dict[str, Any]:
        return self._untag(self._resource(arguments), arguments.texts("TagKeys", most=50))

    def list_tags_for_resource(self, arguments: Arguments) -> dict[str, Any]:
        return {"Tags": _listed(self._resource(arguments))}

    def _resource(self, arguments: Arguments) -> Stream:
        arn = arguments.text("ResourceARN", ARN)
        stream = self._store.find(arn.partition(":stream/")[2])
        if stream.arn != arn:
            raise ApiError("ResourceNotFoundException", f"Stream {arn} not found.")
        return stream

    def _tag(self, stream: Stream, added: dict[str, str]) -> dict[str, Any]:
        self._store.change(stream, tags=_counted({**stream.tags, **added}))
        return {}

    def _untag(self, stream: Stream, removed: list[str]) -> dict[str, Any]:
        self._store.change(stream, tags={key: text for key, text in stream.tags.items() if key not in removed})
        return {}

    # What answers share

    def _identity(self, stream: Stream) -> dict[str, Any]:
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "StreamStatus": stream.status(self._context.clock()),
            "StreamModeDetails": {"StreamMode": stream.mode},
            "StreamCreationTimestamp": stream.created_us / 1e6,
        }

    def _creating(self, stream: Stream) -> bool:
        return stream.status(self._context.clock()) == "CREATING"

    def _seal_page(self, kind: str, values: list[Any]) -> str:
        return self._context.tokens.seal(kind, [self._context.clock(), *values])

    def _page(self, kind: str, token: str) -> list[Any]:
        """What a page token holds. Raises InvalidArgumentException or ExpiredNextTokenException."""
        values = self._context.tokens.open(kind, token)
        if values is None:
            raise invalid("NextToken is invalid.")
        if self._context.clock() - values[0] > LIFETIME_US:
            raise ApiError("ExpiredNextTokenException", "The NextToken has expired: it lives for 300 seconds.")
        return values[1:]


def _settings(stream: Stream) -> dict[str, Any]:
    encryption = (
        {"EncryptionType": "NONE"} if stream.kms_key is None else {"EncryptionType": "KMS", "KeyId": stream.kms_key}
    )
    return {
        "RetentionPeriodHours": stream.retention_hours,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        **encryption,
    }


def _listed(stream: Stream) -> list[dict[str, str]]:
    return [{"Key": key, "Value": text} for key, text in sorted(stream.tags.items())]


def _counted(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise invalid(f"A stream can have at most {MOST_TAGS} tags; this would make {len(tags)}.")
    return tags


def _index(shard_id: str | None) -> int:
    """The number in a shard's id; -1 for none. A malformed id is refused."""
    if shard_id is None:
        return -1
    prefix, _dash, number = shard_id.rpartition("-")
    if prefix != "shardId" or not number.isdecimal():
        raise invalid(f"{shard_id} is no shard id.")
    return int(number)
