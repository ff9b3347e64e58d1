"""Whether a producer does its work: the file that it writes, and ``python -m producers.health``, which reads it."""

from producers.health.heartbeat import Heartbeat, default_path

__all__ = [
    "Heartbeat",
    "default_path",
]
