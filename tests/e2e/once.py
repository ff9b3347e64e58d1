"""One bounded pass, by the very command that people run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
WITHIN_S: Final = 800


def run_once(folder: Path, **settings: str) -> str:
    """What ``ONCE=1 tapehouse run-app`` said that filled the lake in ``folder``, with no setting but ``settings``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TAPEHOUSE_"))}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("tapehouse")), "run-app"],
        env=environment | {"ONCE": "1", "LAKE": str(folder)} | settings,
        cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
