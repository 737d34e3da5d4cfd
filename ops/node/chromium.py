"""Debian's Chromium for the tests in a real browser: a program, no service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ops.node.install import InstallFailed, apt_install

PROGRAM = "chromium"
NOT_FOUND = "Chromium is not here: run `apt-get install chromium` as root."


def find() -> Path | None:
    """Where the program is; None if it is not on the path."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


def install(*, say: Callable[[str], None]) -> None:
    """Install it (as root) if it is missing.

    Raises:
        InstallFailed: apt could not do it, or we are not root, or there is no apt.
    """
    if find() is not None:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise InstallFailed(NOT_FOUND)
    apt_install([PROGRAM], units=(), say=say)
