"""A worker that kills itself at a named point: ``python -m tests.rig.dying_worker POINT NTH``."""

import os
import signal
import sys

from ops.processes.logs import configure_logs
from ops.processes.worker import run_worker
from ops.settings import read_settings
from schemas.envelope import WORKFLOWS


def main(point: str, nth: int) -> None:
    """Run a worker with the settings of the environment until the point is passed for the nth time."""
    passed = 0

    def crash(here: str) -> None:
        nonlocal passed
        passed += here == point
        if passed == nth and here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    configure_logs("info")
    run_worker(read_settings(), WORKFLOWS, crash=crash)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
