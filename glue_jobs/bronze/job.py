"""The stream into bronze.trades, as the pipeline runs it: turns of ``BronzeLoop``."""

from collections.abc import Callable

from glue_jobs.bronze.loop import BronzeLoop, Turn, TurnLimits
from glue_jobs.bronze.stream import StreamClient
from glue_jobs.engine import Piece, Workspace


class StreamIntake:
    """Writes bronze.trades from a Kinesis stream."""

    def __init__(
        self,
        workspace: Workspace,
        stream_name: str,
        *,
        client: StreamClient | None = None,
        limits: TurnLimits | None = None,
        on_turn: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        self._loop = BronzeLoop(workspace, stream_name, client=client, limits=limits)
        self._on_turn = on_turn

    def turn(self) -> Piece:
        """One bounded turn, for a loop that runs beside others. Raises as ``BronzeLoop.turn`` does."""
        turn = self._loop.turn(fresh=False)
        self._on_turn(turn)
        return Piece(turn.rows, wrote=turn.committed, has_more=not turn.at_tip)

    def drain(self) -> int:
        """Turns up to what the stream holds now; the rows that they added. Raises as ``BronzeLoop.drain`` does."""
        return self._loop.drain(on_turn=self._on_turn)
