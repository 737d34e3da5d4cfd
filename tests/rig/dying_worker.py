"""Workers that die or stand still at named points, one after another: ``python -m tests.rig.dying_worker STEP…``.

STEP is one of
    kill:POINT:NTH   SIGKILL when the worker passes the point for the nth time
    stop:POINT:NTH   SIGSTOP there, until SIGCONT; it prints ``stopped PID #STEP`` first
    break:POINT:NTH  an error that nobody expects: the thread that runs the rounds ends
    wait:POINT:NTH   only that round stands still, until SIGUSR1; it prints the same
    run              until SIGTERM, as the others do that live on

Each worker is a fork of one process that has imported everything, so that a test can afford many deaths.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable

from events.broker.topology import WORKFLOWS
from ops.processes.logs import configure_logs
from ops.processes.worker import run_worker
from ops.settings import read_settings

PR_SET_PDEATHSIG = 1
"""A worker ends with the process that forked it. Source: prctl(2)."""


class Unexpected(BaseException):
    """Nothing that a worker's own code would catch."""


def main(*steps: str) -> int:
    """Run one worker for each step; the exit code says how the last one ended, as a shell would."""
    child = 0
    status = 0

    def pass_on(number: int, _frame: object) -> None:
        if child:
            os.kill(child, number)

    signal.signal(signal.SIGTERM, pass_on)
    for number, step in enumerate(steps, start=1):
        child = os.fork()
        if child == 0:
            _be_a_worker(step, number)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"ended {step} {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _be_a_worker(step: str, number: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    code = 1
    try:
        configure_logs("info")
        code = run_worker(read_settings(), WORKFLOWS, crash=_crash(step, number))
    except Exception:
        traceback.print_exc()  # as the interpreter does at its end
        sys.stderr.flush()
    finally:
        os._exit(code)


def _crash(step: str, number: int) -> Callable[[str], None] | None:
    what, _, rest = step.partition(":")
    if what == "run":
        return None
    point, _, nth = rest.rpartition(":")
    passed = 0

    def crash(here: str) -> None:
        nonlocal passed
        passed += here == point
        if here != point or passed != int(nth):
            return
        if what == "break":
            raise Unexpected
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdout.write(f"stopped {os.getpid()} #{number}\n")
        sys.stdout.flush()
        if what == "wait":
            signal.sigwait({signal.SIGUSR1})
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    return crash


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
