"""A real desk that ends itself with SIGKILL: ``python -m tests.ops.desk.killed_desk STEP [TIMES]``."""

import os
import signal
import sys

from ops.processes.desk import run_desk
from ops.settings import read_settings


def main(step: str, times: int = 1) -> None:
    """Run until the step is behind us so many times."""
    passed = 0

    def crash(name: str) -> None:
        nonlocal passed
        passed += name == step
        if passed == times and name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    run_desk(read_settings(), crash=crash)


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
