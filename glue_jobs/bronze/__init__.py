"""Kinesis to bronze.trades: each shard read in a task, rows and position in one commit."""

from glue_jobs.bronze.job import StreamIntake
from glue_jobs.bronze.loop import BronzeLoop, Turn, TurnLimits, position_in
from glue_jobs.bronze.position import Position
from glue_jobs.bronze.stream import StreamClient

__all__ = ["BronzeLoop", "Position", "StreamClient", "StreamIntake", "Turn", "TurnLimits", "position_in"]
