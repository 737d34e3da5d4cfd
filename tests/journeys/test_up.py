"""``counterfoil up``: everything in one terminal; what dies comes back, and the end leaves nothing running."""

import json
import os
import signal
from pathlib import Path

import pytest

from ops.node.ports import accepts
from ops.processes.programs import counterfoil, environment
from ops.sandbox.testing import SandboxServer
from tests.journeys.orders import delivery, order
from tests.journeys.shop import Shop
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port, free_ports
from tests.rig.processes import Process
from tests.rig.stack import Stack
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
TOGETHER = ("webhooks", "worker", "desk")


def children(pid: int) -> dict[str, int]:
    """The programs that a process runs, by their last word; Linux lists them with the thread that started them."""
    found: dict[str, int] = {}
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            if "ops.cli.main" in words:
                found[words[-2]] = int(child)
    return found


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def start_up(shop: Shop, process: StartProcess, listen: int, metrics: int) -> Process:
    settings = shop.stack.settings.model_copy(
        update={"listen": f"127.0.0.1:{listen}", "metrics_listen": f"127.0.0.1:{metrics}"}
    )
    running = process(*counterfoil("up"), environment=environment(settings, {}))
    for number in range(len(TOGETHER)):
        running.wait_url(f"http://127.0.0.1:{metrics + number}/health/ready", timeout_seconds=60.0)
    return running


def test_what_dies_comes_back_the_job_goes_on_and_the_end_leaves_nothing(
    broker: Broker, usual_database_url: str, sandbox: SandboxServer, process: StartProcess, tmp_path: Path
) -> None:
    stack = Stack(
        broker=broker,
        database_url=usual_database_url,
        sandbox=sandbox,
        start=process,
        spool_path=str(tmp_path / "spool.db"),
    )
    listen, metrics = free_port(), free_ports(3)
    shop = Shop(stack, listen)
    up = start_up(shop, process, listen, metrics)
    assert f"http://127.0.0.1:{listen}/webhooks/CONNECTION" in up.output
    assert f"http://127.0.0.1:{metrics + 2}/metrics" in up.output
    assert "guest:guest" not in up.output
    shop.send(delivery(order(1)))
    shop.wait_receipt(1)

    first = children(up.pid)
    assert set(first) == set(TOGETHER)
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(
        lambda: (
            set(children(up.pid)) == set(TOGETHER)
            and not set(children(up.pid).values()) & set(first.values())
        ),
        what="all three run again",
    )
    for number in range(len(TOGETHER)):
        up.wait_url(f"http://127.0.0.1:{metrics + number}/health/ready", timeout_seconds=60.0)

    shop.send(delivery(order(2)))
    shop.wait_receipt(2)
    shop.send(delivery(order(3, currency="EUR")))
    failed = shop.row("order/3")
    shop.command("errors", "ignore", failed.event_id)
    assert "worker ended (signal SIGKILL), starts again in 0.5 s" in up.output

    second = children(up.pid)
    assert up.terminate(timeout_seconds=60.0) == 0
    assert "Everything has ended." in up.output
    assert [pid for pid in second.values() if is_alive(pid)] == []
    assert not any(accepts(port) for port in (listen, metrics, metrics + 1, metrics + 2))
    stack.assert_quiet()
    stack.close()


def test_ctrl_c_while_it_starts_leaves_nothing(
    broker: Broker, usual_database_url: str, process: StartProcess, tmp_path: Path
) -> None:
    up = process(*counterfoil("up"), environment=_given(broker, usual_database_url, tmp_path))
    started = wait_for(lambda: children(up.pid), timeout_seconds=30.0, what="a first child")

    up.send(signal.SIGINT)

    assert up.wait_end(timeout_seconds=60.0) == 0
    assert [pid for pid in started.values() if is_alive(pid)] == []


def test_signal_that_another_thread_receives_is_heard_too(
    broker: Broker, usual_database_url: str, process: StartProcess, tmp_path: Path
) -> None:
    # The kernel gives a process' signal to any of its threads; Python's handler runs in the main thread only, and
    # one that waits without end never looks.
    up = process(*counterfoil("up"), environment=_given(broker, usual_database_url, tmp_path))
    up.wait_line("Ctrl-C ends it", timeout_seconds=60.0)
    up.wait_line("error queue swept", timeout_seconds=60.0)

    os.kill(_thread_beside_the_main_one(children(up.pid)["desk"]), signal.SIGTERM)
    up.wait_line("desk ended .exit 0.", timeout_seconds=60.0)

    os.kill(_thread_beside_the_main_one(up.pid), signal.SIGINT)
    assert up.wait_end(timeout_seconds=60.0) == 0


@pytest.mark.slow
def test_demo_stack_runs_until_it_is_ended_and_takes_everything_along(
    broker: Broker, process: StartProcess, tmp_path: Path
) -> None:
    given = {"COUNTERFOIL_BROKER_URL": broker.url, "COUNTERFOIL_MANAGEMENT_URL": broker.management_url}
    up = process(*counterfoil("up", "--demo", "--folder", str(tmp_path / "demo")), environment=given)
    up.wait_line("Ctrl-C ends it", timeout_seconds=120.0)
    wait_for(lambda: set(TOGETHER) <= set(children(up.pid)), what="all three run")
    started = children(up.pid)

    code = up.terminate(timeout_seconds=60.0)

    assert code == 0
    for word in ("Management UI", "Webhooks", "worker metrics", "QuickBooks"):
        assert word in up.output
    assert [pid for pid in started.values() if is_alive(pid)] == []
    assert '"counterfoil-demo"' not in json.dumps(broker.management.request("GET", "vhosts"))


def _given(broker: Broker, database_url: str, folder: Path) -> dict[str, str]:
    return {
        "COUNTERFOIL_BROKER_URL": broker.url,
        "COUNTERFOIL_DATABASE_URL": database_url,
        "COUNTERFOIL_SECRET_KEY": "a key for tests only",
        "COUNTERFOIL_LISTEN": f"127.0.0.1:{free_port()}",
        "COUNTERFOIL_METRICS_LISTEN": f"127.0.0.1:{free_ports(3)}",
        "COUNTERFOIL_SPOOL_PATH": str(folder / "spool.db"),
    }


def _thread_beside_the_main_one(pid: int) -> int:
    return max(int(one.name) for one in Path(f"/proc/{pid}/task").iterdir() if one.name != str(pid))
