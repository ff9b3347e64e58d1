"""Kinesis to bronze.trades: each shard read in a task, rows and position in one commit."""

from glue_jobs.bronze.job import StreamIntake
from glue_jobs.bronze.landing import LandingIntake, objects_in
from glue_jobs.bronze.loop import BronzeLoop, Turn, TurnLimits, position_in
from glue_jobs.bronze.position import Position, ShardPosition, StreamGap
from glue_jobs.bronze.stream import StreamClient

__all__ = [
    "BronzeLoop",
    "LandingIntake",
    "Position",
    "ShardPosition",
    "StreamClient",
    "StreamGap",
    "StreamIntake",
    "Turn",
    "TurnLimits",
    "objects_in",
    "position_in",
]
