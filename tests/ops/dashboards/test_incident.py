"""A real Prometheus watches a bad day: the right alerts fire and clear, and every query of every panel is answered."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.node import prometheus
from ops.node.node import PrivateNode
from ops.sandbox.testing import SandboxServer
from tests.ops.dashboards.incident import (
    DOWN,
    LOADED,
    RATE_INTERVAL,
    REVOKED,
    SILENT,
    TAX,
    Incident,
    draw_overview,
    incident_at,
    live_through,
)
from tests.ops.dashboards.queries import filled_in, queries
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess, missing


@pytest.fixture
def incident(node: PrivateNode, broker: Broker, process: StartProcess, tmp_path: Path) -> Iterator[Incident]:
    if not prometheus.is_here():
        missing(prometheus.NOT_FOUND)
    with (
        SandboxServer(limits=False) as sandbox,
        incident_at(tmp_path, node=node, broker=broker, sandbox=sandbox, start=process) as incident,
    ):
        yield incident


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_alerts_fire_and_clear_and_every_panel_has_data_on_a_bad_day(
    incident: Incident, tmp_path: Path
) -> None:
    well_since = live_through(incident)

    end = time.time()
    fired = incident.prometheus.fired(start=well_since, end=end)
    assert TAX | DOWN | REVOKED <= fired <= TAX | DOWN | REVOKED | SILENT | LOADED
    empty = [
        (query.board, query.panel, query.expression)
        for query in queries()
        if not _has_data(incident, query.expression, end=end)
    ]
    assert empty == []
    draw_overview(incident, tmp_path / "overview.png")
    assert (tmp_path / "overview.png").read_bytes().startswith(b"\x89PNG")


def _has_data(incident: Incident, expression: str, *, end: float) -> bool:
    found = incident.prometheus.range(
        filled_in(expression, rate_interval=RATE_INTERVAL), start=incident.began, end=end
    )
    return any(not math.isnan(float(value)) for series in found for _, value in series["values"])
