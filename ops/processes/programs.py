"""The programs that ``up`` runs together, and the environment that each of them gets."""

import sys
from collections.abc import Mapping

from ops.settings import PREFIX, Settings

TOGETHER = ("webhooks", "worker", "desk")


def counterfoil(*words: str) -> list[str]:
    """The command line of a ``counterfoil`` command, run by this very interpreter."""
    return [sys.executable, "-m", "ops.cli.main", *words]


def environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with every setting written out, so that a child reads just what we read."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(PREFIX)}
    values = settings.model_dump()
    for name in ("secret_key", "intuit_client_secret"):
        values[name] = values[name].get_secret_value()
    return kept | {PREFIX + name.upper(): str(value) for name, value in values.items()}


def with_metrics_ports(settings: Settings, names: tuple[str, ...] = TOGETHER) -> dict[str, str]:
    """One metrics address for each program on this host: the setting's port, and those after it."""
    host, _, port = settings.metrics_listen.rpartition(":")
    return {name: f"{host}:{int(port) + number}" for number, name in enumerate(names)}
