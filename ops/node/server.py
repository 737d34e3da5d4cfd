"""An installed RabbitMQ: this machine's own, or one in a root folder of its own (see ``newer``)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

SERVER = "rabbitmq-server"
NEEDED = (SERVER, "rabbitmqctl", "rabbitmq-env")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

INSIDE = """
set -e
root=$1 folder=$2; shift 2
mkdir -p "$root$folder"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$folder" "$root$folder"
exec chroot "$root" /usr/bin/env "$@"
"""
"""Runs in a mount namespace of its own, so that its mounts end with it: the folder is where it is outside.

Everything here is an exec, so the pid that we know is in the end the server's.
"""


@dataclass(frozen=True)
class Server:
    """``scripts``: the folder of the package's own scripts, as it is named inside of ``root``.

    Debian's ``rabbitmq-server`` on the path changes to user ``rabbitmq`` first. The package's own scripts run as
    whoever calls them, and those are what a private node needs.
    """

    scripts: Path
    root: Path | None = None

    def command(self, program: str, *arguments: str, folder: Path) -> list[str]:
        """What to start for one of its scripts; ``folder`` is the node's."""
        return self._inside(folder, str(self.scripts / program), *arguments)

    def epmd(self, *, folder: Path) -> list[str]:
        """What to start for Erlang's own name server."""
        if self.root is None:
            return [shutil.which("epmd") or "/usr/lib/erlang/bin/epmd"]
        return self._inside(folder, "/usr/bin/epmd")

    def _inside(self, folder: Path, *command: str) -> list[str]:
        if self.root is None:
            return list(command)
        unshare = shutil.which("unshare") or "/usr/bin/unshare"
        shell = [unshare, "--mount", "--propagation", "private", "/bin/sh", "-c", INSIDE, "sh"]
        # The machine's own path and language may name what is not there.
        return [
            *shell,
            str(self.root),
            str(folder),
            f"PATH={PATH}",
            "LC_ALL=C.UTF-8",
            "TMPDIR=/tmp",
            *command,
        ]


def installed(root: Path | None = None) -> Server | None:
    """The RabbitMQ in ``root``, by default this machine's; the newest, or None if there is none."""
    top = root or Path("/")
    found = sorted(top.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"), key=_version)
    on_path = shutil.which(SERVER, path=f"{PATH}:/usr/local/sbin") if root is None else None
    beside = [Path(on_path).resolve().parent] if on_path else []
    for folder in (*reversed(found), *beside):
        if all((folder / name).is_file() for name in NEEDED):
            return Server(folder if root is None else Path("/") / folder.relative_to(root), root)
    return None


def _version(folder: Path) -> list[int]:
    return [int(number) for number in folder.parent.name.partition("-")[2].split(".") if number.isdigit()]
