"""Yesterday's mood: Reddit's posts and comments, and the Fear & Greed index."""

from lambdas.social.fear_greed import FearGreed
from lambdas.social.reddit import Credentials, Reddit

__all__ = ["Credentials", "FearGreed", "Reddit"]
