"""What each rival's script does with its rounds."""

import json
import sys
import time
from collections.abc import Callable


def timed(build: Callable[[], object]) -> None:
    """Run it as often as the script's third word says, and print the seconds of each as JSON."""
    taken = []
    for _ in range(int(sys.argv[3])):
        began = time.perf_counter()
        build()
        taken.append(time.perf_counter() - began)
    print(json.dumps(taken))
