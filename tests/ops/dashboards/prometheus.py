"""A real Prometheus with our configuration, its targets and its pace changed for a test."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.ops.alerts.pace import paced
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "ops" / "prometheus" / "prometheus.yml"
RULES = ROOT / "ops" / "alerts" / "counterfoil.yml"
FIRING = 'ALERTS{alertstate="firing"}'


class Prometheus:
    """One server on a free port. ``targets``: addresses by the name of their job, as the configuration has it."""

    def __init__(
        self,
        folder: Path,
        *,
        targets: Mapping[str, Sequence[str]],
        vhost: str,
        factor: float,
        start: StartProcess,
    ) -> None:
        self._folder = folder
        self._start = start
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._listen = f"127.0.0.1:{port}"
        (folder / "alerts.yml").write_text(paced(RULES.read_text(), factor=factor))
        config = yaml.safe_load(CONFIG.read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(folder / "alerts.yml")]
        for job in config["scrape_configs"]:
            job.pop("dns_sd_configs", None)
            job["static_configs"] = [{"targets": list(targets[job["job_name"]])}]
            if "vhost" in job.get("params", {}):
                job["params"]["vhost"] = [vhost]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def start(self) -> None:
        """Start it and wait until it answers."""
        process = self._start(
            "prometheus",
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={self._listen}",
            "--log.level=warn",
            folder=self._folder,
        )
        process.wait_url(f"{self.url}/-/ready")

    def up(self) -> dict[str, bool]:
        """Whether each target could be read, by job and address."""
        found = self._ask("query", query="up")
        return {
            f"{one['metric']['job']} {one['metric']['instance']}": one["value"][1] == "1" for one in found
        }

    def firing(self) -> set[str]:
        """The names of the alerts that fire now."""
        return {one["metric"]["alertname"] for one in self._ask("query", query=FIRING)}

    def wait_firing(self, *names: str, timeout_seconds: float = 90.0) -> None:
        """Wait until each of these has fired; one that tells of growth is over before one that tells of age begins."""
        seen: set[str] = set()

        def all_seen() -> bool:
            seen.update(self.firing())
            return seen >= set(names)

        try:
            wait_for(all_seen, timeout_seconds=timeout_seconds)
        except AssertionError:
            raise AssertionError(f"never fired: {sorted(set(names) - seen)}; fired: {sorted(seen)}") from None

    def wait_clear(self, *names: str, timeout_seconds: float = 60.0) -> None:
        """Wait until none of these fires."""
        wait_for(
            lambda: not set(names) & self.firing(),
            timeout_seconds=timeout_seconds,
            what=f"none of {names} fires",
        )

    def fired(self, *, start: float, end: float) -> set[str]:
        """The names of all alerts that fired between two moments (seconds since 1970)."""
        found = self.range(FIRING, start=start, end=end)
        return {one["metric"]["alertname"] for one in found}

    def range(self, expression: str, *, start: float, end: float) -> list[dict[str, Any]]:
        """The series of an expression, second by second."""
        return self._ask("query_range", query=expression, start=start, end=end, step=1)

    def _ask(self, path: str, **parameters: object) -> list[dict[str, Any]]:
        words = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{words}", timeout=10.0) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result
