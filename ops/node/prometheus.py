"""Debian's Prometheus for the tests of dashboards and alerts: its two programs, and no service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from ops.node.install import InstallFailed, apt_install

PROGRAMS = ("prometheus", "promtool")
UNITS = ("prometheus.service",)
NOT_FOUND = "Prometheus is not here: run `apt-get install prometheus` as root."


def is_here() -> bool:
    """Whether both programs are on the path."""
    return all(shutil.which(program) for program in PROGRAMS)


def install(*, say: Callable[[str], None]) -> None:
    """Install it (as root) if it is missing; the service it brings is neither started nor enabled.

    Raises:
        InstallFailed: apt could not do it, or we are not root, or there is no apt.
    """
    if is_here():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise InstallFailed(NOT_FOUND)
    apt_install(["prometheus"], units=UNITS, say=say)
