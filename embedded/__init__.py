"""What stands in for AWS and the venues at home and in tests: Kinesis, venues, and the stack that runs them."""

from embedded.stack import Stack, scrubbed

__all__ = [
    "Stack",
    "scrubbed",
]
