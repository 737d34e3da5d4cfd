"""Installing Debian packages without leaving a service running, or enabled, that was not so before."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Say = Callable[[str], None]

BROKER_UNITS = ("rabbitmq-server.service", "epmd.service", "epmd.socket")
POSTGRES_UNITS = ("postgresql.service",)
POLICY = Path("/usr/sbin/policy-rc.d")
NO_SERVICE = (
    "#!/bin/sh\n# Put here by Counterfoil while it installs a package: no service starts.\nexit 101\n"
)
"""101 = action forbidden by policy. Source: invoke-rc.d(8), "POLICY-RC.D"."""
APT_SECONDS = 600.0


class InstallFailed(RuntimeError):
    """apt could not do it; the message ends with apt's own words. Raised by ``apt_install``."""


def apt_install(packages: Sequence[str], *, units: Sequence[str], say: Say) -> None:
    """Install packages (as root); ``units`` are the services they bring, which stay as they are now.

    Raises:
        InstallFailed: apt-get ended with an error.
    """
    before = set(enabled_units(units))
    say(f"Installing {' '.join(packages)} with apt; no service of it will be started or enabled.")
    with no_service_starts():
        _apt("update", "-q")
        _apt("install", "-y", "-q", "--no-install-recommends", *packages)
    for unit in enabled_units(units):
        if unit not in before:
            disable(unit)
            say(f"{unit} came enabled with the package; it is disabled again.")


def enabled_units(units: Sequence[str], *, etc: Path = Path("/etc")) -> list[str]:
    """Those of ``units`` that start at boot, by systemd's links or by the older ones of SysV init."""
    links = {
        link.name for link in etc.glob("systemd/system/*.wants/*")
    }  # with a star: a glob for a name skips
    started = {link.name[3:] for link in etc.glob("rc[2-5].d/S*")}  # links that point to nothing
    return [unit for unit in units if unit in links or unit.partition(".")[0] in started]


def disable(unit: str) -> None:
    """Take a unit out of the boot, whether systemd runs here, is only installed, or is missing."""
    name = unit.partition(".")[0]
    if Path(f"/etc/init.d/{name}").exists():
        _quietly("update-rc.d", name, "disable")
    if shutil.which("systemctl"):
        _quietly("systemctl", "--no-reload", "disable", unit)
    for link in Path("/etc/systemd/system").glob("*.wants/*"):
        if link.name == unit:
            link.unlink(missing_ok=True)


@contextmanager
def no_service_starts(policy: Path = POLICY) -> Iterator[None]:
    """Forbid maintainer scripts to start services; a policy that was there comes back afterwards."""
    kept = policy.with_name(policy.name + ".counterfoil-kept")
    if policy.exists() and policy.read_text(errors="replace") != NO_SERVICE:
        policy.rename(kept)
    policy.write_text(NO_SERVICE)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)
        if kept.exists():  # also one that an earlier run, cut off in the middle, left behind
            kept.rename(policy)


def _apt(*arguments: str) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(  # noqa: S603
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=APT_SECONDS,
        check=False,
    )
    if done.returncode:
        last_words = " / ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise InstallFailed(f"apt-get {arguments[0]} failed ({done.returncode}): {last_words}")


def _quietly(*command: str) -> None:
    subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)  # noqa: S603
