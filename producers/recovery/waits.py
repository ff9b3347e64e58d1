"""How long to wait between whole tries of a gap, in seconds: the venue's pages may lag, or be down for hours."""

from typing import Final

LIVE_S: Final = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Beside a live connection."""
RECORDING_S: Final = LIVE_S[:2]
"""Behind a recording, whose end waits for its gaps."""
BY_HAND_S: Final = LIVE_S[:3]
"""For gaps that somebody named, who waits for the end."""
