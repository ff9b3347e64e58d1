"""The synthetic source: a seeded market, its faults, and the truth beside."""

from producers.synthetic.config import SyntheticConfig
from producers.synthetic.source import SyntheticSource

__all__ = ["SyntheticConfig", "SyntheticSource"]
