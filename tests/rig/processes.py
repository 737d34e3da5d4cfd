"""Our programs as processes of their own: started, watched, ended, killed; what they printed is kept."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from ops.node.ports import accepts
from tests.rig.waiting import wait_for

T = TypeVar("T")
READY_SECONDS = 30.0
END_SECONDS = 30.0


class EndedTooEarly(RuntimeError):
    """The program ended before what the test waited for. Raised by the ``wait_`` methods."""


class Process:
    """One running program. Its output (both streams, in order) is in ``lines`` and ``output``."""

    def __init__(self, argv: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        self.argv = list(argv)
        self.lines: list[str] = []
        self._popen = subprocess.Popen(
            self.argv,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    def wait_line(self, pattern: str, *, timeout_seconds: float = READY_SECONDS) -> re.Match[str]:
        """Wait until a printed line matches."""
        return self._wait(
            lambda: next((m for line in list(self.lines) if (m := re.search(pattern, line))), None),
            what=f"a line like {pattern!r}",
            timeout_seconds=timeout_seconds,
        )

    def wait_port(self, port: int, *, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until it takes connections on a port."""
        self._wait(lambda: accepts(port), what=f"port {port}", timeout_seconds=timeout_seconds)

    def wait_url(self, url: str, *, status: int = 200, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until a URL answers with the status, for example its ``/health/ready``."""
        self._wait(
            lambda: _status(url) == status, what=f"{status} from {url}", timeout_seconds=timeout_seconds
        )

    def wait_end(self, *, timeout_seconds: float = END_SECONDS) -> int:
        """Wait until it ends by itself; its exit code."""
        try:
            code = self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {timeout_seconds:g} s: {self.describe()}") from None
        self._reader.join(timeout=5.0)
        return code

    def terminate(self, *, timeout_seconds: float = END_SECONDS) -> int:
        """End it politely (SIGTERM); its exit code."""
        self.send(signal.SIGTERM)
        return self.wait_end(timeout_seconds=timeout_seconds)

    def kill(self) -> int:
        """End it at once (SIGKILL); its exit code, -9."""
        self.send(signal.SIGKILL)
        return self.wait_end()

    def send(self, number: signal.Signals) -> None:
        """Send any signal, for example SIGSTOP."""
        self._popen.send_signal(number)

    def describe(self) -> str:
        """The command, its state and what it printed."""
        state = "running" if self.is_running else f"exit {self._popen.returncode}"
        return f"$ {' '.join(self.argv)}  [{state}]\n{self.output}"

    def close(self) -> None:
        """Make sure that it is gone."""
        if self.is_running:
            self._popen.kill()
        self._popen.wait()
        self._reader.join(timeout=5.0)
        if self._popen.stdout is not None:
            self._popen.stdout.close()

    def _wait(self, condition: Callable[[], T | None], *, what: str, timeout_seconds: float) -> T:
        def look() -> T | None:
            ended = not self.is_running  # looked at first: what it printed last still counts
            if ended:
                self._reader.join(timeout=5.0)
            value = condition()
            if ended and not value:
                raise EndedTooEarly(f"ended before {what}: {self.describe()}")
            return value

        try:
            value = wait_for(look, timeout_seconds=timeout_seconds, what=what)
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.describe()}") from None
        assert value is not None
        return value

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.lines.append(line.rstrip("\n"))


def counterfoil(*arguments: str) -> list[str]:
    """The console script of the Python that runs the tests, as a command."""
    return [str(Path(sys.executable).with_name("counterfoil")), *arguments]


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any ``COUNTERFOIL_`` variable of the machine's owner, plus ``extra``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(extra)


def _status(url: str) -> int | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=5.0)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
