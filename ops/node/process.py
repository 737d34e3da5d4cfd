"""Processes of our own: started apart from us, written down, and never mistaken for another program's.

A pid alone proves nothing, since the kernel gives it out again. With the process's start time and the boot it
belongs to, it names one process for good.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

POLL_SECONDS = 0.05
"""How often a condition outside this process is looked at: short beside the seconds that it takes."""


@dataclass(frozen=True)
class OwnProcess:
    """One process that we started. ``started`` is in clock ticks since the boot named by ``boot``."""

    pid: int
    started: int
    boot: str

    def is_running(self) -> bool:
        """Whether this very process still runs; a finished child of ours is tidied up on the way."""
        _reap(self.pid)
        return boot_id() == self.boot and start_ticks(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process, or to nobody if it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            if self.is_running():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
            return
        # The handle holds on to one process, so the pid cannot change hands between the look and the signal.
        try:
            if self.is_running():
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)

    def wait_gone(self, timeout_seconds: float) -> bool:
        """Wait until the process has ended; False if it still runs after ``timeout_seconds``."""
        deadline = time.monotonic() + timeout_seconds
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def end(self, *, grace_seconds: float) -> None:
        """Ask the process to end (SIGTERM); after ``grace_seconds`` the kernel ends it (SIGKILL)."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if not self.wait_gone(grace_seconds):
            self.send(signal.SIGKILL)
            self.wait_gone(5.0)

    def as_record(self) -> dict[str, int | str]:
        """The process as it is written into a state file."""
        return asdict(self)


def own(pid: int) -> OwnProcess | None:
    """The running process with this pid, or None."""
    started = start_ticks(pid)
    return None if started is None else OwnProcess(pid, started, boot_id())


def spawn(argv: Sequence[str], *, environment: Mapping[str, str], log: Path) -> OwnProcess:
    """Start a program in a session of its own, so that Ctrl-C in our terminal does not reach it.

    Raises:
        OSError: the program is missing or cannot be run.
        ChildProcessError: it ended at once; ``log`` says why.
    """
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawn(argv[0], list(argv), environment, file_actions=actions, setsid=True)
    process = own(pid)
    if process is None:
        raise ChildProcessError(f"{argv[0]} ended at once; see {log}")
    return process


def start_ticks(pid: int) -> int | None:
    """When the process started, or None if there is none or it has ended. Source: proc_pid_stat(5).

    A first thread that has ended while others have not still holds the process's ports: that one runs.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    has_ended = state == "X" or (state == "Z" and threads <= 1)
    return None if has_ended else started


def boot_id() -> str:
    """What the kernel calls this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
