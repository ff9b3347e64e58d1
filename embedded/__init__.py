"""What stands in for AWS and the venues at home and in tests: Kinesis, venues, and the stack that runs them."""

from embedded.environment import scrubbed
from embedded.stack import Stack

__all__ = [
    "Stack",
    "scrubbed",
]
