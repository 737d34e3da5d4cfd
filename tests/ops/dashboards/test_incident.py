"""A real Prometheus watches a bad day: the right alerts fire and clear, and every query of every panel is answered."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.node import prometheus
from ops.node.node import PrivateNode
from ops.sandbox.testing import SandboxServer
from tests.ops.dashboards.incident import Incident, incident_at
from tests.ops.dashboards.queries import filled_in, queries
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess, missing
from tests.rig.waiting import wait_for

RATE_INTERVAL = "8s"
TAX = {
    "CounterfoilErrorQueueGrows",
    "CounterfoilOldestFailure",
    "CounterfoilUnrouted",
    "CounterfoilConsentEnds",
}
DOWN = {"CounterfoilQuickBooksDown", "CounterfoilDeskNotConsuming", "CounterfoilProcessDown"}
REVOKED = {"CounterfoilConnectionDown"}
SILENT = {"CounterfoilStoreSilent"}
"""A day without a webhook passes in 24 s here: no wonder that it fires."""


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
@pytest.mark.timeout(240)
def test_alerts_fire_and_clear_and_every_panel_has_data_on_a_bad_day(incident: Incident) -> None:
    watching = incident.prometheus
    incident.sell()
    wait_for(lambda: watching.up() and all(watching.up().values()), what="every target is read")
    wait_for(lambda: watching.firing() <= SILENT, what="all is well")
    well_since = time.time()

    incident.unmapped_tax()
    watching.wait_firing(*TAX)
    incident.quickbooks_down()
    watching.wait_firing(*DOWN)
    incident.quickbooks_back()
    incident.token_revoked()
    watching.wait_firing(*REVOKED)
    assert not DOWN & watching.firing()
    incident.fixed()
    watching.wait_clear(*TAX, *DOWN, *REVOKED)

    end = time.time()
    assert watching.fired(start=well_since, end=end) <= TAX | DOWN | REVOKED | SILENT
    empty = [
        (query.board, query.panel, query.expression)
        for query in queries()
        if not _has_data(incident, query.expression, end=end)
    ]
    assert empty == []


def _has_data(incident: Incident, expression: str, *, end: float) -> bool:
    found = incident.prometheus.range(
        filled_in(expression, rate_interval=RATE_INTERVAL), start=incident.began, end=end
    )
    return any(not math.isnan(float(value)) for series in found for _, value in series["values"])
