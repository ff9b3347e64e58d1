"""Venues on loopback, each in its own wire format: a market with known truth, or real recordings, and faults."""

from producers.simulator.faults import Faults
from producers.simulator.recordings import DamagedRecordingError, Session
from producers.simulator.server import PortInUseError, Simulator
from producers.simulator.venues import MARKETS

__all__ = ["MARKETS", "DamagedRecordingError", "Faults", "PortInUseError", "Session", "Simulator"]
