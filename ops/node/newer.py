"""RabbitMQ 4 beside the machine's own 3.10: Debian 13's package in a root folder made by debootstrap.

The folder is kept, so that only the first call takes a minute. Nothing of it is started by itself.
Source: debootstrap(8); Debian 13 "trixie" has RabbitMQ 4.0.5.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ops.node.install import NO_SERVICE, InstallFailed, apt_install
from ops.node.server import PATH, Server, installed

GENERATION = "4"
CACHE = Path("~/.cache/counterfoil/rabbitmq-4").expanduser()
MIRROR = "http://deb.debian.org/debian"
SUITE = "trixie"
STEP_SECONDS = 900.0

PACKAGES = """
set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec chroot "$1" /usr/bin/env -i PATH="$2" HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
  apt-get install -y -q --no-install-recommends rabbitmq-server
"""
NEEDS_ROOT = "RabbitMQ 4 beside another one needs root (debootstrap, chroot) and Debian's apt-get."


def find(*, cache: Path = CACHE) -> Server | None:
    """RabbitMQ 4 if it is here already: the machine's own, or the one in the cache."""
    own = installed()
    if own is not None and own.scripts.parent.name.startswith(f"rabbitmq_server-{GENERATION}."):
        return own
    return installed(cache)


def install(generation: str = GENERATION, *, say: Callable[[str], None], cache: Path = CACHE) -> Server:
    """Find RabbitMQ 4, or fetch it into ``cache``.

    Raises:
        InstallFailed: not this generation, not root, no apt-get, or a step failed; nothing half made stays.
    """
    if generation != GENERATION:
        raise InstallFailed(f"RabbitMQ {generation}? Only {GENERATION} can be had beside the machine's own.")
    found = find(cache=cache)
    if found is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise InstallFailed(NEEDS_ROOT)
    if shutil.which("debootstrap") is None:
        apt_install(["debootstrap"], units=(), say=say)
    say(f"Fetching RabbitMQ 4 (Debian 13) into {cache}; this takes a minute, once.")
    cache.parent.mkdir(parents=True, exist_ok=True)
    begun = cache.with_name(f"{cache.name}.{os.getpid()}.new")
    try:
        _run("debootstrap", "--variant=minbase", SUITE, str(begun), MIRROR)
        policy = begun / "usr/sbin/policy-rc.d"
        policy.write_text(NO_SERVICE)
        policy.chmod(0o755)
        _run("unshare", "--mount", "--propagation", "private", "sh", "-c", PACKAGES, "sh", str(begun), PATH)
        for used_up in begun.glob("var/cache/apt/archives/*.deb"):
            used_up.unlink()
        if not cache.exists():
            begun.rename(cache)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    server = installed(cache)
    if server is None:
        raise InstallFailed(f"There is no RabbitMQ in {cache}; remove that folder and try again.")
    return server


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STEP_SECONDS,
        check=False,
    )
    if done.returncode:
        last_words = " / ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise InstallFailed(f"{command[0]} failed ({done.returncode}): {last_words}")
