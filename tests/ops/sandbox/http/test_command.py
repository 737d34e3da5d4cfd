"""``counterfoil sandbox``: start, stop, and the commands for a running one."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import psutil
import pytest
from click.testing import CliRunner, Result

from ops.cli.sandbox import sandbox
from ops.sandbox.testing import SandboxServer
from tests.ops.sandbox.http.caller import Caller


def run(*words: str) -> Result:
    return CliRunner().invoke(sandbox, list(words))


def test_sigterm_ends_it_cleanly() -> None:
    server = SandboxServer()
    server.start()

    assert server.stop() == 0


def test_sigterm_answers_what_is_in_flight() -> None:
    server = SandboxServer(limits=False)
    server.start()
    caller = Caller(server, "1")
    server.fault("1", "latency", seconds=0.5)
    statuses: list[int] = []
    thread = Thread(target=lambda: statuses.append(caller.get("companyinfo/1").status))
    thread.start()
    deadline = time.monotonic() + 10
    while not server.faults("1")[0]["struck"] and time.monotonic() < deadline:
        pass

    status = server.stop()
    thread.join()
    caller.close()

    assert (status, statuses) == (0, [200])


def test_it_ends_with_the_tests_that_started_it() -> None:
    program = (
        "import sys, time; from ops.sandbox.testing import SandboxServer; server = SandboxServer(); "
        "server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        process = psutil.Process(int(tests.stdout.readline()))
        assert process.is_running()

        tests.kill()

    psutil.wait_procs([process], timeout=20)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_an_address_in_use_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("--listen", f"127.0.0.1:{port}")

    assert result.exit_code == 1
    assert "cannot listen on" in result.output


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:", "127.0.0.1:99999", ":80"])
def test_a_wrong_address_is_a_usage_error(listen: str) -> None:
    assert run("--listen", listen).exit_code == 2


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("certainly not a database " * 100)

    result = run("--listen", "127.0.0.1:0", "--database", str(path))

    assert result.exit_code == 1
    assert "cannot use" in result.output


def test_limits_are_on_unless_switched_off() -> None:
    with SandboxServer() as server:
        assert server.switches("1")["limits"]["on"] is True


def test_a_fault_is_planned_listed_and_cleared_from_the_command_line(us: Caller) -> None:
    where = ("--realm", us.realm_id, "--url", us.server.url)
    planned = run("fault", "server_error", "--count", "1", "--entity", "Customer", "--json", *where)
    status = us.post("customer", {"DisplayName": "Ann"}).status

    listed = run("faults", "--json", *where)
    run("clear", *where)

    assert status == 500
    assert json.loads(planned.output)["kind"] == "server_error"
    assert json.loads(listed.output)[0]["struck"] == 1
    assert us.server.faults(us.realm_id) == []


def test_a_refusal_of_any_code_is_planned_from_the_command_line(us: Caller) -> None:
    run("fault", "refused", "--code", "6540", "--realm", us.realm_id, "--url", us.server.url)

    assert us.post("customer", {"DisplayName": "Ann"}).code == "6540"


def test_reset_from_the_command_line(us: Caller) -> None:
    us.create("Customer", {"DisplayName": "Ann"})

    result = run("reset", "--realm", us.realm_id, "--url", us.server.url)

    assert result.exit_code == 0
    assert "Ann" not in [one["DisplayName"] for one in us.server.dump(us.realm_id, "Customer")]


def test_a_wrong_fault_is_refused_with_the_reason(us: Caller) -> None:
    result = run("fault", "meteor", "--url", us.server.url)

    assert result.exit_code == 1
    assert "kind" in result.output


def test_no_sandbox_there_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    result = run("faults", "--url", f"http://127.0.0.1:{port}")

    assert result.exit_code == 1
    assert "no sandbox at" in result.output


def test_a_killed_sandbox_is_gone() -> None:
    server = SandboxServer()
    server.start()

    assert server.kill() == -signal.SIGKILL
