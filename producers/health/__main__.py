"""``python -m producers.health``: whether the producer beside it does its work; 0, or 1 and one sentence."""

import sys

from producers.health.check import main

if __name__ == "__main__":
    sys.exit(main())
