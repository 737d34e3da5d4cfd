"""A desk or a worker that comes back whenever it dies: ``python -m tests.ops.desk.revived desk|worker FILE``.

FILE names the step at which it dies next; it is taken away at that death. Each is a fork of one process that has
imported everything, so that a test can afford many deaths.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

from ops.processes.desk import run_desk
from ops.processes.logs import configure_logs
from ops.processes.worker import run_worker
from ops.settings import read_settings

PR_SET_PDEATHSIG = 1
"""It ends with the process that forked it. Source: prctl(2)."""


def main(which: str, armed: Path) -> None:
    """Run until this process is killed."""
    while True:
        child = os.fork()
        if child == 0:
            _run(which, armed)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"ended {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(which: str, armed: Path) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def crash(step: str) -> None:
        if armed.exists() and armed.read_text() == step:
            armed.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        configure_logs("info")
        settings = read_settings()
        if which == "desk":
            run_desk(settings, crash=crash)
        else:
            run_worker(settings, ["orders"], crash=crash)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
