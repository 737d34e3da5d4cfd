"""The state file of a private server: its ports and the processes that we started, read afresh each time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.node.process import OwnProcess


@dataclass(frozen=True)
class State:
    """One small JSON file. Missing or damaged means: nothing of ours runs."""

    path: Path

    def ports(self) -> dict[str, int]:
        """The ports by name, or an empty dict."""
        ports, _ = self._read()
        return ports

    def processes(self) -> dict[str, OwnProcess]:
        """The processes by name; whether one still runs is for it to say."""
        _, processes = self._read()
        return processes

    def save(self, ports: Mapping[str, int], processes: Mapping[str, OwnProcess]) -> None:
        """Write both, so that a reader sees the old file or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "ports": dict(ports),
            "processes": {name: own.as_record() for name, own in processes.items()},
        }
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps(record, indent=1) + "\n")
        fresh.replace(self.path)

    def forget_processes(self) -> None:
        """Keep the ports for the next start, drop the processes."""
        if self.path.exists():
            self.save(self.ports(), {})

    def _read(self) -> tuple[dict[str, int], dict[str, OwnProcess]]:
        try:
            record = json.loads(self.path.read_text())
            ports = {str(name): int(port) for name, port in record["ports"].items()}
            processes = {
                str(name): OwnProcess(int(own["pid"]), int(own["started"]), str(own["boot"]))
                for name, own in record["processes"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}, {}
        return ports, processes
