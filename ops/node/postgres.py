"""A PostgreSQL server of our own, for tests and benches, apart from every other one on this machine.

PostgreSQL refuses to run as root. Root's server runs as user ``postgres`` then, with its data in that user's home,
because a clone below ``/root`` is closed to it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.node.install import POSTGRES_UNITS, apt_install
from ops.node.node import say_nothing
from ops.node.ports import LOOPBACK, free_port, is_free
from ops.node.process import OwnProcess, own
from ops.node.state import State

PREFERRED_PORT = 5480
START_SECONDS = 60
STOP_SECONDS = 20.0
NOT_FOUND = "PostgreSQL is not here: run `apt-get install postgresql` as root."
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.conf")
NO_CLUSTER = "create_main_cluster = false\n"
"""Keeps Debian's package from making a server of its own. Source: pg_createcluster(1), createcluster.conf."""


class PostgresFailed(RuntimeError):
    """The server did not start, or a statement failed; the message holds PostgreSQL's own words.

    Raised by ``PrivatePostgres``.
    """


class PrivatePostgres:
    """One PostgreSQL server: own data, socket folder and port on the loopback, ended by its own pid.

    ``settings`` are lines for postgresql.conf; tests switch fsync off with them, benches do not.
    """

    def __init__(
        self,
        folder: Path,
        *,
        preferred_port: int = PREFERRED_PORT,
        settings: Sequence[str] = (),
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self.folder = folder.resolve()
        self._preferred_port = preferred_port
        self._settings = tuple(settings)
        self._say = say
        self._state = State(self.folder / "postgres.json")

    @property
    def port(self) -> int:
        """The port; before the first start the preferred one."""
        return self._state.ports().get("postgres", self._preferred_port)

    def url(self, database: str) -> str:
        """Where SQLAlchemy connects."""
        return f"postgresql+psycopg://postgres@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, made on the first call; nothing to do if it already runs.

        Raises:
            PostgresFailed: no PostgreSQL on this machine, or it did not come up.
        """
        if self.is_running():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        home = self._home()
        if not (home / "data" / "PG_VERSION").exists():
            self._run(
                "initdb",
                "-D",
                str(home / "data"),
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
            )
        known = self._state.ports().get("postgres")
        port = known if known and is_free(known) else free_port(self._preferred_port, taken=set())
        self._state.save({"postgres": port}, {})
        options = [
            f"port={port}",
            f"listen_addresses={LOOPBACK}",
            f"unix_socket_directories={home if len(str(home)) < 80 else ''}",  # a socket's path ends at 107 bytes
            *self._settings,
        ]
        words = " ".join(f"-c {option}" for option in options)
        data, log = str(home / "data"), str(home / "log")
        self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", data, "-l", log, "-o", words)
        server = self._by_pid_file(home)
        if server is None:
            raise PostgresFailed(f"PostgreSQL ended at once; see {home / 'log'}")
        self._state.save({"postgres": port}, {"server": server})
        self._say(f"Private PostgreSQL ready on port {port}, data in {home}.")

    def stop(self) -> None:
        """End the server (its "fast" shutdown, SIGINT); nothing to do if it does not run."""
        server = self._process()
        if server is None:
            return
        server.send(signal.SIGINT)
        if not server.wait_gone(STOP_SECONDS):
            server.end(grace_seconds=STOP_SECONDS)
        self._state.forget_processes()
        self._say("Private PostgreSQL stopped.")

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self._home_path(), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_running(self) -> bool:
        """Whether the server that we started runs."""
        return self._process() is not None

    def database(self, name: str) -> str:
        """Make an empty database and give its SQLAlchemy address."""
        self.run_sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting those who are still connected."""
        self.run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run_sql(self, statement: str, *, database: str = "postgres") -> str:
        """Run one statement as the server's owner; what psql prints."""
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", "postgres", "-d", database]
        return self._run("psql", *where, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def _process(self) -> OwnProcess | None:
        server = self._state.processes().get("server")
        return server if server is not None and server.is_running() else None

    def _by_pid_file(self, home: Path) -> OwnProcess | None:
        return own(int((home / "data" / "postmaster.pid").read_text().split()[0]))

    def _home_path(self) -> Path:
        if os.geteuid() != 0:
            return self.folder
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(pwd.getpwnam("postgres").pw_dir) / f"counterfoil-{digest}"

    def _home(self) -> Path:
        home = self._home_path()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        return home

    def _run(self, program: str, *arguments: str) -> str:
        binaries = binaries_folder()
        if binaries is None:
            raise PostgresFailed(NOT_FOUND)
        as_postgres = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # Output goes through a file, not a pipe: the server that pg_ctl leaves behind would hold the pipe open.
        words = self.folder / f"{program}.{os.getpid()}.out"
        with words.open("w+b") as output:
            done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
                [str(binaries / program), *arguments],
                env=environment | {"LC_ALL": "C"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=START_SECONDS + 30,
                check=False,
                **as_postgres,
            )
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        words.unlink(missing_ok=True)
        if done.returncode:
            raise PostgresFailed(f"{program} failed ({done.returncode}): {text[-600:]}")
        return text


def binaries_folder() -> Path | None:
    """The newest installed server's programs: Debian's folders first, then the path."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3])
    )
    on_path = shutil.which("initdb")
    if packaged:
        return packaged[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def install(*, say: Callable[[str], None]) -> None:
    """Install Debian's PostgreSQL (as root) without a server of its own.

    Raises:
        InstallFailed: apt could not do it.
        PostgresFailed: we are not root, or there is no apt.
    """
    if binaries_folder() is not None:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PostgresFailed(NOT_FOUND)
    apt_install(["postgresql-common"], units=POSTGRES_UNITS, say=say)
    before = CLUSTER_SETTINGS.read_text() if CLUSTER_SETTINGS.exists() else ""
    CLUSTER_SETTINGS.write_text(before + "\n" + NO_CLUSTER)
    try:
        apt_install(["postgresql"], units=POSTGRES_UNITS, say=say)
    finally:
        CLUSTER_SETTINGS.write_text(before)
