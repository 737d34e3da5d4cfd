"""``python -m tests.ops.dashboards.picture_of_incident``: lives through the bad day, draws ops/docs/overview.png."""

import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from ops.node.node import PrivateNode
from ops.sandbox.testing import SandboxServer
from tests.ops.dashboards.incident import draw_overview, incident_at, live_through
from tests.rig.broker import Broker
from tests.rig.fixtures import TEST_FOLDER
from tests.rig.lease import shared
from tests.rig.processes import Process, clean_environment
from tests.rig.waiting import wait_for

PICTURE = Path(__file__).resolve().parents[3] / "ops" / "docs" / "overview.png"

CALM_SECONDS = 8.0


def main() -> int:
    """Make the picture."""
    started: list[Process] = []
    node = PrivateNode(TEST_FOLDER / "rabbitmq")
    with tempfile.TemporaryDirectory() as name, shared(node, TEST_FOLDER / "rabbitmq-holders"):
        folder = Path(name)

        def start(
            *argv: str, environment: Mapping[str, str] | None = None, folder: Path | None = folder
        ) -> Process:
            one = Process(argv, environment=clean_environment(environment or {}), folder=folder or Path(name))
            started.append(one)
            return one

        vhost = f"test-{uuid.uuid4().hex[:12]}"
        broker = Broker(node.add_vhost(vhost), node.management_url, vhost, node.management)
        try:
            with (
                SandboxServer(limits=False) as sandbox,
                incident_at(folder, node=node, broker=broker, sandbox=sandbox, start=start) as incident,
            ):
                live_through(incident)
                calm_until = time.time() + CALM_SECONDS
                wait_for(lambda: time.time() > calm_until, what="a few quiet seconds to look at")
                draw_overview(incident, PICTURE)
        finally:
            for one in started:
                one.close()
            node.management.delete_vhost(vhost)
    return 0


if __name__ == "__main__":
    sys.exit(main())
