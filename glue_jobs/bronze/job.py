"""The stream into bronze.trades, as the pipeline runs it: turns of ``BronzeLoop`` until the tip of the stream."""

from collections.abc import Callable

from glue_jobs.bronze.loop import BronzeLoop, Turn, TurnLimits
from glue_jobs.bronze.stream import StreamClient
from glue_jobs.engine import Piece, Workspace
from tapehouse.tables import BRONZE_TRADES


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
        self._ws, self._stream_name = workspace, stream_name
        self._client, self._limits, self._on_turn = client, limits, on_turn

    def drain(self) -> int:
        """Turns until nothing is left; the rows that they added. Raises as ``BronzeLoop.turn`` does."""
        return self._loop().drain(on_turn=self._on_turn)

    def turn(self) -> Piece:
        """One turn. Raises as ``BronzeLoop.turn`` does."""
        turn = self._loop().turn()
        self._on_turn(turn)
        return Piece(turn.rows, wrote=turn.rows > 0, has_more=turn.full)

    def _loop(self) -> BronzeLoop:
        return BronzeLoop(
            self._ws.spark,
            self._ws.uri(BRONZE_TRADES),
            self._stream_name,
            client=self._client,
            limits=self._limits,
            steps=self._ws.steps,
        )
