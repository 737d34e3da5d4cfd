"""The small server beside every process."""

import socket
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, Counter

from ops.processes.health import HealthServer, ListenRefused
from tests.events.webhooks.store import Store
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.processes import counterfoil


def _broken() -> bool:
    raise OSError("the database is away")


@pytest.mark.parametrize(
    ("checks", "status", "answer"),
    [
        pytest.param({}, 200, {"ready": True}, id="nothing-to-check"),
        pytest.param({"broker": lambda: True}, 200, {"ready": True}, id="all-well"),
        pytest.param(
            {"broker": lambda: True, "database": lambda: False, "spool": _broken},
            503,
            {"ready": False, "failed": ["database", "spool"]},
            id="names-what-failed",
        ),
    ],
)
def test_ready_says_what_is_missing(
    checks: dict[str, Callable[[], bool]], status: int, answer: dict[str, object]
) -> None:
    with HealthServer("127.0.0.1:0", checks, registry=CollectorRegistry()) as server:
        reply = Store(server.port).ask("GET", "/health/ready")

    assert (reply.status, reply.json()) == (status, answer)


def test_a_process_that_is_not_ready_is_still_alive() -> None:
    with HealthServer("127.0.0.1:0", {"broker": lambda: False}, registry=CollectorRegistry()) as server:
        assert Store(server.port).ask("GET", "/health/live").status == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version="),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
    ids=["a-person", "prometheus"],
)
def test_metrics_come_in_the_form_that_is_asked_for(accept: str, content_type: str) -> None:
    registry = CollectorRegistry()
    Counter("counterfoil_tries", "Tries", registry=registry).inc()
    with HealthServer("127.0.0.1:0", {}, registry=registry) as server:
        reply = Store(server.port).ask("GET", "/metrics", headers={"Accept": accept})

    assert reply.headers["content-type"].startswith(content_type)
    assert b"counterfoil_tries_total 1.0" in reply.body


def test_anything_else_is_not_there() -> None:
    with HealthServer("127.0.0.1:0", {}, registry=CollectorRegistry()) as server:
        assert Store(server.port).ask("GET", "/health/../etc/passwd").status == 404


def test_a_taken_address_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"

        with pytest.raises(ListenRefused, match=f"Cannot listen on {address}"):
            HealthServer(address, {}, registry=CollectorRegistry())


@pytest.mark.broker
@pytest.mark.parametrize("name", ["worker", "desk", "webhooks"])
def test_a_second_process_on_a_taken_metrics_address_says_so_and_ends(
    name: str, process: StartProcess, broker: Broker, sqlite_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        environment = {
            "COUNTERFOIL_BROKER_URL": broker.url,
            "COUNTERFOIL_DATABASE_URL": sqlite_url,
            "COUNTERFOIL_SECRET_KEY": "a key for tests only",
            "COUNTERFOIL_LISTEN": "127.0.0.1:0",
            "COUNTERFOIL_METRICS_LISTEN": address,
        }

        second = process(*counterfoil(name), environment=environment)

        assert second.wait_end() == 1
    assert f"Error: Cannot listen on {address}" in second.lines[-1]
    assert "Traceback" not in second.output
