"""Making one planned fault happen, and ending it. Each runs in a thread of its own."""

import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import psycopg

from ops.bench.soak.plan import PlannedFault
from ops.bench.soak.stage import Stage
from ops.cli.commanding import release_held
from ops.node.management import ManagementRefused, part
from ops.node.node import NodeFailed
from ops.node.proxy import TcpProxy
from ops.sandbox.testing import SandboxProblem
from workers.ledger.connections import change_status
from workers.ledger.engine import writing

LOST = ("cut_after_write", "server_error_after_write", "stream_timeout_after_write")
TRICKLE_BYTES = 20_000
"""A second, in each direction of each connection."""

CUT = ("cut", "server_error", "stream_timeout")


class Faults:
    """Strikes; ``struck`` counts what really happened, by kind."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._over = threading.Event()
        self._broker = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.struck: Counter[str] = Counter()

    def strike(self, fault: PlannedFault) -> None:
        """Begin; the fault ends by itself."""
        thread = threading.Thread(target=self._run, args=(fault,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """End all faults that go on, and make everything whole again."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        stage = self._stage
        for way in stage.ways:
            way.pass_on()
        for connection_id, realm_id in stage.realms.items():
            stage.sandbox.remove_fault(realm_id)
            self._reconnect(connection_id)

    def _run(self, fault: PlannedFault) -> None:
        try:
            getattr(self, f"_{fault.kind}")(fault)
        except (NodeFailed, ManagementRefused, SandboxProblem, OSError, ProcessLookupError) as error:
            print(f"          {fault.kind} could not strike: {error}")
        else:
            self.struck[fault.kind] += 1

    def _worker(self, fault: PlannedFault) -> int:
        workers = self._stage.workers
        pid = self._stage.supervisor.pid(workers[fault.number % len(workers)])
        if pid is None:
            raise ProcessLookupError("it is down")
        return pid

    def _company(self, fault: PlannedFault) -> tuple[str, str]:
        companies = list(self._stage.realms.items())
        return companies[fault.number % len(companies)]

    def _worker_killed(self, fault: PlannedFault) -> None:
        os.kill(self._worker(fault), signal.SIGKILL)

    def _worker_stopped(self, fault: PlannedFault) -> None:
        os.kill(self._worker(fault), signal.SIGTERM)

    def _worker_frozen(self, fault: PlannedFault) -> None:
        self._freeze(self._worker(fault), fault)

    def _desk_killed(self, _fault: PlannedFault) -> None:
        pid = self._stage.supervisor.pid("desk")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def _freeze(self, pid: int, fault: PlannedFault) -> None:
        os.kill(pid, signal.SIGSTOP)
        self._over.wait(fault.seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _connections_cut(self, _fault: PlannedFault) -> None:
        management = self._stage.node.management
        found = management.request("GET", "connections")
        for connection in found if isinstance(found, list) else []:
            with suppress(ManagementRefused):
                management.request("DELETE", f"connections/{part(connection['name'])}")

    def _broker_frozen(self, fault: PlannedFault) -> None:
        with self._broker:
            self._stage.node.pause()
            self._over.wait(fault.seconds)
            self._stage.node.resume()

    def _broker_alarm(self, fault: PlannedFault) -> None:
        with self._broker:
            self._stage.node.ctl("set_vm_memory_high_watermark", "0.000001")
            self._over.wait(fault.seconds)
            self._stage.node.ctl("set_vm_memory_high_watermark", "0.4")

    def _broker_restarted(self, _fault: PlannedFault) -> None:
        with self._broker:
            self._stage.node.restart()

    def _broker_killed(self, fault: PlannedFault) -> None:
        with self._broker:
            self._stage.node.kill()
            self._over.wait(fault.seconds)
            self._stage.node.start()

    def _database_locked(self, fault: PlannedFault) -> None:
        url = self._stage.settings.database_url
        if url.startswith("sqlite"):
            other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
            other.execute("BEGIN IMMEDIATE")
            self._over.wait(fault.seconds)
            other.execute("ROLLBACK")
            other.close()
            return
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )

    def _quickbooks_frozen(self, fault: PlannedFault) -> None:
        self._freeze(self._stage.sandbox.pid, fault)

    def _quickbooks_down(self, fault: PlannedFault) -> None:
        sandbox = self._stage.sandbox
        ids = {realm_id: sandbox.fault(realm_id, "cut") for realm_id in self._stage.realms.values()}
        self._over.wait(fault.seconds)
        for realm_id, fault_id in ids.items():
            sandbox.remove_fault(realm_id, fault_id)

    def _company_dead(self, fault: PlannedFault) -> None:
        self._trouble(fault, "server_error")

    def _answers_lost(self, fault: PlannedFault) -> None:
        self._trouble(fault, LOST[fault.number % len(LOST)], probability=0.5)

    def _answers_cut(self, fault: PlannedFault) -> None:
        self._trouble(fault, CUT[fault.number % len(CUT)], probability=0.5)

    def _throttled(self, fault: PlannedFault) -> None:
        self._trouble(fault, "throttled", count=2, retry_seconds=2)

    def _token_expired(self, fault: PlannedFault) -> None:
        self._trouble(fault, "token_expired", probability=0.5)

    def _consent_ended(self, fault: PlannedFault) -> None:
        connection_id, realm_id = self._company(fault)
        self._stage.sandbox.admin("POST", "/tokens/revoke", {"realm_id": realm_id})
        self._over.wait(fault.seconds)
        self._reconnect(connection_id)

    def _trouble(self, fault: PlannedFault, kind: str, *, retry_seconds: float = 1.0, **plan: object) -> None:
        _, realm_id = self._company(fault)
        sandbox = self._stage.sandbox
        fault_id = sandbox.fault(realm_id, kind, seconds=retry_seconds, **plan)
        self._over.wait(fault.seconds)
        sandbox.remove_fault(realm_id, fault_id)

    def _way(self, fault: PlannedFault) -> TcpProxy:
        ways = self._stage.ways
        return ways[fault.number % len(ways)]

    def _way_reset(self, fault: PlannedFault) -> None:
        self._way(fault).reset()

    def _way_refused(self, fault: PlannedFault) -> None:
        self._bad_way(fault, self._way(fault).refuse)

    def _way_stalled(self, fault: PlannedFault) -> None:
        self._bad_way(fault, self._way(fault).stall)

    def _way_stalled_back(self, fault: PlannedFault) -> None:
        self._bad_way(fault, self._way(fault).stall_replies)

    def _way_trickles(self, fault: PlannedFault) -> None:
        self._bad_way(fault, partial(self._way(fault).trickle, TRICKLE_BYTES))

    def _bad_way(self, fault: PlannedFault, worsen: Callable[[], None]) -> None:
        worsen()
        self._over.wait(fault.seconds)
        self._way(fault).pass_on()

    def _reconnect(self, connection_id: str) -> None:
        """As ``connections connect`` and ``resume`` do."""
        self._stage.grant(connection_id)
        with writing(self._stage.engine) as database:
            change_status(database, connection_id, "active", now=datetime.now(UTC))
        with suppress(Exception):  # the broker may be away; the end of the soak does it again
            release_held(self._stage.settings, connection_id)
