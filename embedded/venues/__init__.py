"""Venues on loopback, each in its own protocol: a market with known truth, or real recordings, and faults."""

from embedded.venues.faults import VenueFaults
from embedded.venues.recordings import DamagedRecordingError, Recording
from embedded.venues.registry import BY_DEFAULT, MARKETS, addresses
from embedded.venues.server import PortInUseError, Simulator

__all__ = [
    "BY_DEFAULT",
    "MARKETS",
    "DamagedRecordingError",
    "PortInUseError",
    "Recording",
    "Simulator",
    "VenueFaults",
    "addresses",
]
