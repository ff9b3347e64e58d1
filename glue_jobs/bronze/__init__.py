"""Kinesis to bronze.trades: each shard read in a task, rows and position in one commit."""

from glue_jobs.bronze.job import StreamIntake
from glue_jobs.bronze.loop import BronzeLoop, StreamClient, Turn, TurnLimits, position_in
from glue_jobs.bronze.position import Position

__all__ = ["BronzeLoop", "Position", "StreamClient", "StreamIntake", "Turn", "TurnLimits", "position_in"]
