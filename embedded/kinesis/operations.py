"""From a call's name and body to an answer, with the faults that were asked for."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tapehouse import logs

from .arguments import Arguments
from .context import Context
from .control import Control
from .errors import ApiError, internal_failure
from .faults import Plan
from .reading import Reading
from .writing import Writing

log = logs.of(__name__)
TARGET_PREFIX: Final = "Kinesis_20131202."
CONTENT_TYPE: Final = "application/x-amz-json-1.1"
DEFAULT_REGION: Final = "us-east-1"
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/kinesis/")
_DATA_PLANE: Final = ("PutRecord", "PutRecords", "GetRecords", "GetShardIterator")
_Handler: TypeAlias = Callable[[Arguments], Mapping[str, Any]]
_RecordsHandler: TypeAlias = Callable[[Arguments, Plan], bytes]
"""Of the calls that put and get records: faults may hit each record, and the answer is made as bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, and how."""

    status: int
    body: bytes
    delay_ms: int = 0
    drop: bool = False
    """Answer nothing and cut the connection."""


class Operations:
    """The Kinesis API over JSON 1.1."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._control = Control(context)
        reading, writing, control = Reading(context), Writing(context), self._control
        self._records_handlers: dict[str, _RecordsHandler] = {
            "PutRecord": writing.put_record,
            "PutRecords": writing.put_records,
            "GetRecords": reading.get_records,
        }
        self._handlers: dict[str, _Handler] = {
            "GetShardIterator": reading.get_shard_iterator,
            "DeleteStream": control.delete_stream,
            "DescribeStream": control.describe_stream,
            "DescribeStreamSummary": control.describe_stream_summary,
            "DescribeLimits": control.describe_limits,
            "ListStreams": control.list_streams,
            "ListShards": control.list_shards,
            "SplitShard": control.split_shard,
            "MergeShards": control.merge_shards,
            "UpdateShardCount": control.update_shard_count,
            "UpdateStreamMode": control.update_stream_mode,
            "StartStreamEncryption": control.start_encryption,
            "StopStreamEncryption": control.stop_encryption,
            "IncreaseStreamRetentionPeriod": control.increase_retention,
            "DecreaseStreamRetentionPeriod": control.decrease_retention,
            "AddTagsToStream": control.add_tags,
            "ListTagsForStream": control.list_tags,
            "RemoveTagsFromStream": control.remove_tags,
            "TagResource": control.tag_resource,
            "UntagResource": control.untag_resource,
            "ListTagsForResource": control.list_tags_for_resource,
        }

    def call(self, target: str, body: bytes, authorization: str = "") -> Answer:
        """Answer one call. ``target`` is X-Amz-Target; ``authorization`` tells the region. Never raises."""
        operation = target.removeprefix(TARGET_PREFIX)
        faults = self._context.faults
        faults.count(f"calls.{operation}" if self._known(operation) else "calls.unknown")
        plan = faults.plan(operation)
        delay_ms = plan.delay_ms + self._context.timing.answer_ms(operation)
        if plan.instead == "drop_calls":
            return Answer(0, b"", delay_ms, drop=True)
        try:
            self._refuse(plan, operation)
            result = self._run(operation, body, plan, authorization)
        except ApiError as error:
            faults.count(f"errors.{error.code}")
            return Answer(error.status, error.body(), delay_ms)
        except Exception:
            log.exception("call_broken", operation=operation)
            faults.count("errors.InternalFailure")
            return Answer(500, internal_failure().body(), delay_ms)
        if plan.instead == "fail_answers":
            return Answer(500, internal_failure().body(), delay_ms)
        return Answer(200, result, delay_ms, drop=plan.instead == "lose_answers")

    def _known(self, operation: str) -> bool:
        known = operation in self._handlers or operation in self._records_handlers
        return known or operation == "CreateStream"

    def _refuse(self, plan: Plan, operation: str) -> None:
        """Raise what a fault wants instead of the call."""
        if plan.instead == "fail_calls":
            raise internal_failure()
        if plan.instead == "throttle_calls":
            data = operation in _DATA_PLANE
            code = "ProvisionedThroughputExceededException" if data else "LimitExceededException"
            raise ApiError(code, "Rate exceeded.")

    def _run(self, operation: str, body: bytes, plan: Plan, authorization: str) -> bytes:
        arguments = Arguments(body)
        self._context.store.sweep()
        of = str(arguments.raw("StreamName") or arguments.raw("StreamARN"))
        if not self._context.timing.may_call(operation, of, self._context.clock()):
            raise ApiError("LimitExceededException", f"Rate exceeded for {operation}.")
        answer: Mapping[str, Any]
        if operation in self._records_handlers:
            return self._records_handlers[operation](arguments, plan)
        if operation == "CreateStream":
            scope = _SCOPE.search(authorization)
            answer = self._control.create_stream(arguments, region=scope[1] if scope else DEFAULT_REGION)
        elif operation in self._handlers:
            answer = self._handlers[operation](arguments)
        else:
            raise ApiError("UnknownOperationException", f"The stand-in of Kinesis has no operation {operation[:64]!r}.")
        return json.dumps(answer, separators=(",", ":")).encode() if answer else b""
