"""A worker that stumbles once, over a fault that quotes TEXT: ``python -m tests.journeys.clumsy_worker TEXT``."""

import sys

from events.broker.topology import WORKFLOWS
from ops.processes.logs import configure_logs
from ops.processes.worker import run_worker
from ops.settings import read_settings


def main(text: str) -> int:
    """Run until SIGTERM. ``text`` is what the fault quotes."""
    stumbled = False

    def crash(point: str) -> None:
        nonlocal stumbled
        if point == "after claim" and not stumbled:
            stumbled = True
            raise ValueError(f"cannot read {text!r}")

    settings = read_settings()
    configure_logs(settings.log, secrets=settings.secret_values())
    return run_worker(settings, WORKFLOWS, crash=crash)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
