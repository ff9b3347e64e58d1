"""The synthetic source: a seeded market, its past, its faults, and the truth beside."""

from producers.synthetic.chronicle import Chronicle, chronicle_path
from producers.synthetic.config import SyntheticConfig
from producers.synthetic.source import SyntheticSource
from producers.synthetic.truth import faults_path

__all__ = ["Chronicle", "SyntheticConfig", "SyntheticSource", "chronicle_path", "faults_path"]
