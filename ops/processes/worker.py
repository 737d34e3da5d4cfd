"""The worker process: everything a worker needs, put together, and ended by SIGTERM."""

import contextlib
import os
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from events.broker.publisher import Publisher
from ops.metrics import Metrics
from ops.processes.health import HealthServer
from ops.quickbooks import open_quickbooks
from ops.settings import Settings
from ops.tracing.switch import open_traces, worker_traces
from schemas.envelope import Workflow
from workers.ledger.claims import claim_owner, release_dead_claims
from workers.ledger.engine import open_ledger, writing
from workers.route import steps_for
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.worker import Worker
from workers.secrets import Secrets

CLOSE_SECONDS = 5.0
SWITCH_SECONDS = 0.001
"""How long a thread computes while others want to. Python's own 5 ms make the ledger's thread, which waits for a few
dozen answers in each transaction, wait as long again after each of them."""

DATABASE_CONNECTIONS = 8
"""Threads mostly wait for QuickBooks; their transactions are short and share a few connections."""


def run_worker(
    settings: Settings, workflows: Sequence[Workflow], *, crash: Callable[[str], None] | None = None
) -> int:
    """Consume until SIGTERM or SIGINT. Returns the exit code.

    ``crash`` is called with the name of each point between two writes; fault tests end the process there.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    connections = min(settings.worker_threads, DATABASE_CONNECTIONS)
    engine = open_ledger(settings.database_url, pool_size=connections, by_index=True)
    traces = open_traces(settings, "worker")
    metrics = Metrics()
    metrics.works_on(workflows)
    secrets = Secrets(settings.secret_key.get_secret_value())
    online = open_quickbooks(settings, engine, secrets, metrics)
    publisher = Publisher(settings.broker_url, connection_name="counterfoil worker")
    publisher.start()
    services = Services(
        engine=engine,
        quickbooks=online.client,
        budget=online.budget,
        breaker=online.breaker,
        mail=publisher,
        steps_for=steps_for,
        observer=metrics,
        policy=Policy(settings.max_attempts, settings.sale_wait_seconds, settings.request_id_trust_seconds),
        owner=claim_owner(_host(), os.getpid(), uuid.uuid4().hex),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
        traces=worker_traces(traces),
        **({"crash": crash} if crash else {}),
    )
    _release_the_dead(engine)
    worker = Worker(
        services,
        broker_url=settings.broker_url,
        workflows=workflows,
        threads=settings.worker_threads,
        rounds_per_company=settings.rounds_per_company,
        shutdown_seconds=settings.shutdown_seconds,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    health = HealthServer(
        settings.metrics_listen, {"broker": lambda: worker.connected}, registry=metrics.registry
    )
    with health:
        worker.run()
    publisher.close(CLOSE_SECONDS)
    if traces is not None:
        traces.shutdown()
    with contextlib.suppress(SQLAlchemyError):
        online.reads.flush()
    engine.dispose()
    return 0


def _release_the_dead(engine: Engine) -> None:
    """A worker that was killed here left claims; without this its orders would wait until they end."""
    with contextlib.suppress(SQLAlchemyError), writing(engine) as database:
        release_dead_claims(database, host=_host(), is_alive=_is_alive)


def _host() -> str:
    """Where a process id means one process: containers may share a host's name, but not its ids."""
    with contextlib.suppress(OSError):  # no Linux
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
