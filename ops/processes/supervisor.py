"""Running several processes as one: output with names, a restart for one that dies, one end for all."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

RESTART_FIRST_SECONDS = 0.5
RESTART_LIMIT_SECONDS = 15.0
STEADY_SECONDS = 30.0
"""A process that lived so long was well: its next restart is quick again."""

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: the words of the command, and its whole environment."""

    argv: Sequence[str]
    environment: Mapping[str, str]


@dataclass(slots=True)
class _Member:
    name: str
    program: Program
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    deaths: int = 0
    readers: list[threading.Thread] = field(default_factory=list)


class Supervisor:
    """Starts processes, restarts what dies, and ends all of them by SIGTERM, then SIGKILL after the grace.

    ``say`` gets each line of output as ``(name, line)``, and the supervisor's own under the name ``up``.
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        *,
        say: Callable[[str, str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._members = [_Member(name, program) for name, program in programs.items()]
        self._say = say
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._starts_no_more = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start everything and keep it running."""
        # Our thread starts the programs: a signal's exception, raised in the main thread, can never come between
        # a program's start and our knowledge of it.
        self._thread.start()

    def pid(self, name: str) -> int | None:
        """The process id of a member, None while it is down."""
        member = next(one for one in self._members if one.name == name)
        return member.process.pid if member.process is not None and member.process.poll() is None else None

    def stop(self, grace_seconds: float = 30.0) -> None:
        """End everything, last started first."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._starts_no_more.wait()
        running = [one for one in reversed(self._members) if one.process is not None]
        for member in running:
            _signal(member.process, signal.SIGTERM)
        deadline = self._monotonic() + grace_seconds
        for member in running:
            assert member.process is not None
            try:
                member.process.wait(max(0.1, deadline - self._monotonic()))
            except subprocess.TimeoutExpired:
                self._tell("up", f"{member.name} did not end in time and is killed")
                _signal(member.process, signal.SIGKILL)
                member.process.wait()
            for reader in member.readers:
                reader.join(timeout=2.0)
        self._ended.set()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            for member in self._members:
                self._look_after(member)
            self._stopping.wait(POLL_SECONDS)
        self._starts_no_more.set()
        self._ended.wait()  # the end of this thread is a SIGTERM for what it started

    def _look_after(self, member: _Member) -> None:
        now = self._monotonic()
        if member.process is not None and member.process.poll() is not None:
            member.deaths = 0 if now - member.started_at > STEADY_SECONDS else member.deaths + 1
            pause = min(RESTART_LIMIT_SECONDS, RESTART_FIRST_SECONDS * 2 ** min(member.deaths - 1, 10))
            self._tell(
                "up", f"{member.name} ended ({_how(member.process.returncode)}), starts again in {pause:g} s"
            )
            member.process, member.restart_at = None, now + pause
        if member.process is None and now >= member.restart_at:
            self._launch(member)

    def _launch(self, member: _Member) -> None:
        member.started_at = self._monotonic()
        try:
            member.process = subprocess.Popen(  # noqa: S603 - our own programs
                list(member.program.argv),
                env=dict(member.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
                preexec_fn=_end_with_us,
            )
        except OSError as error:
            member.restart_at = member.started_at + RESTART_LIMIT_SECONDS
            self._tell(
                "up", f"{member.name} cannot be started ({error}), next try in {RESTART_LIMIT_SECONDS:g} s"
            )
            return
        reader = threading.Thread(target=self._read, args=(member.name, member.process), daemon=True)
        reader.start()
        member.readers = [reader]

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._tell(name, line.rstrip("\n"))
        process.stdout.close()

    def _tell(self, name: str, line: str) -> None:
        # A terminal that is gone must not stop us from reading: the program would wait for us.
        with contextlib.suppress(OSError, ValueError):
            self._say(name, line)


_prctl = getattr(ctypes.CDLL(None), "prctl", None)
_PR_SET_PDEATHSIG = 1


def _end_with_us() -> None:
    """In the new process: ask Linux for SIGTERM when we die without a word. Source: prctl(2).

    The signal comes with the end of the thread that started the process.
    """
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _signal(process: subprocess.Popen[str] | None, number: signal.Signals) -> None:
    if process is not None and process.poll() is None:
        os.kill(process.pid, number)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
