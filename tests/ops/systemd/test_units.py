"""The units: systemd takes them, each process has a port of its own, and none may do more than it needs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.cli.main import COMMANDS
from ops.settings import PREFIX, Settings

FOLDER = Path(__file__).resolve().parents[3] / "ops" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
EXPOSURE_LIMIT = 30
"""Tenths on systemd-analyze's scale of 10 (all open) to 0; below 3 it says OK."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")


def _installed(unit: Path, folder: Path) -> Path:
    """The unit as it would run here: the program exists, the instance has a number."""
    text = unit.read_text().replace("/opt/counterfoil/bin/counterfoil", "/bin/true")
    made = folder / unit.name.replace("@.", "@1.")
    made.write_text(text)
    return made


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    made = _installed(unit, tmp_path)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(made)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, unit.stem in done.stderr) == (0, False), done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_it_well_locked_in(unit: Path, tmp_path: Path) -> None:
    made = _installed(unit, tmp_path)

    done = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=yes",
            f"--threshold={EXPOSURE_LIMIT}",
            "--no-pager",
            str(made),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-600:] + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_program_knows_its_command_and_settings(unit: Path) -> None:
    text = unit.read_text()
    (command,) = re.findall(r"^ExecStart=\S+ (\w+)$", text, re.M)
    example = (FOLDER / "counterfoil.env.example").read_text()

    names = re.findall(rf"^(?:Environment=)?{PREFIX}(\w+)=", text + example, re.M)

    assert command in COMMANDS
    assert {name.removesuffix("_FILE").lower() for name in names} <= set(Settings.model_fields)


def test_processes_of_one_host_have_a_metrics_port_each() -> None:
    ports = [re.findall(r"METRICS_LISTEN=127\.0\.0\.1:(\S+)", unit.read_text())[0] for unit in UNITS]

    assert sorted(ports) == ["9464", "9465", "947%i"]
