"""Venues on loopback, each in its own wire format: a market with known truth, or real recordings, and faults."""

from embedded.venues.faults import Faults
from embedded.venues.recordings import DamagedRecordingError, Session
from embedded.venues.registry import MARKETS
from embedded.venues.server import PortInUseError, Simulator

__all__ = ["MARKETS", "DamagedRecordingError", "Faults", "PortInUseError", "Session", "Simulator"]
