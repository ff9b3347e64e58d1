"""How a sink ends otherwise than well."""

from tapehouse.errors import TerminalError, TransientError
from tapehouse.kinesis import StreamRefusedError


class UnconfirmedError(TransientError):
    """The sink ended before Kinesis confirmed everything. What is missing is to be put again."""

    def __init__(self, stream: str, count: int, lowest_position: int, lowest: str, reason: str) -> None:
        super().__init__(stream, count, lowest_position, lowest, reason)
        self.stream, self.count, self.reason = stream, count, reason
        self.lowest_position, self.lowest = lowest_position, lowest

    def __str__(self) -> str:
        return (
            f"{self.count} item(s) put into Kinesis stream {self.stream!r} are not confirmed ({self.reason}); the first"
            f" is item {self.lowest_position} ({self.lowest}). Put it and what followed it again: twice does no harm."
        )


class RecordsRefusedError(StreamRefusedError):
    """Kinesis will take none of what the sink holds."""

    def __init__(self, stream: str, operation: str, code: str, detail: str, count: int) -> None:
        super().__init__(stream, operation, code, detail)
        self.count = count
        self.args = (stream, operation, code, detail, count)  # what pickling makes it again from

    def __str__(self) -> str:
        return f"{super().__str__()} {self.count} item(s) are not confirmed."


class SinkClosedError(TerminalError):
    """Something was put after the sink was closed."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream

    def __str__(self) -> str:
        return f"the sink of Kinesis stream {self.stream!r} is closed"
