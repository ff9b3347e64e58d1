"""A small faithful Kinesis on loopback: the local stand-in of AWS, and the fault injector of the tests."""

from .faults import Fault, Faults
from .server import KinesisServer, wall_clock

__all__ = ["Fault", "Faults", "KinesisServer", "wall_clock"]
