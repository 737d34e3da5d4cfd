"""What a process and its children use: processor time and memory."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ops.bench.engine.place import ROOT

STOP_SECONDS = 20.0


@dataclass(slots=True)
class Running:
    """A process that we started; its output goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path
    _seen: dict[int, float] = field(default_factory=dict)

    def family(self) -> list[psutil.Process]:
        """It and its descendants."""
        with suppress(psutil.Error):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def cpu_seconds(self) -> float:
        """Processor time of the family so far; that of ended members counts too."""
        for one in self.family():
            with suppress(psutil.Error):
                times = one.cpu_times()
                self._seen[one.pid] = times.user + times.system
        return sum(self._seen.values())

    def memory_mb(self) -> float:
        """Memory of the family, what is shared counted once (PSS)."""
        total = 0
        for one in self.family():
            with suppress(OSError):
                lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it by SIGTERM, and what is left of its family by SIGKILL."""
        family = self.family()
        if self.is_alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        for one in family:
            with suppress(psutil.Error):
                one.kill()
        self.process.wait(STOP_SECONDS)


def start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Running:
    """Start a process with this environment and nothing else but the path."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
    return Running(process, log)
