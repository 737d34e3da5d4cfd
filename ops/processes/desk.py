"""The desk process: one thread a workflow for commands and dead letters, one for the error queues."""

import signal
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import Engine

from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS
from ops.desk.anew import Anew
from ops.desk.carry_out import Workbench
from ops.desk.dead import DeadLetters
from ops.desk.listen import Listener
from ops.desk.publishing import Checkpoint, no_checkpoint
from ops.desk.release import Release
from ops.desk.sweep import Sweeper, Swept
from ops.desk.watch import Watch
from ops.erasure.erase import Eraser
from ops.erasure.requests import ErasureRequests
from ops.metrics import Metrics
from ops.processes.health import HealthServer
from ops.processes.numbers import LedgerNumbers
from ops.retention.closed import Dropper
from ops.retention.housekeeping import Housekeeping
from ops.retention.payloads import Payloads
from ops.settings import Settings
from ops.stores import NoStoreAccess, fetch_anew
from schemas.commands import CommandShape
from schemas.envelope import Envelope, Workflow
from workers.ledger.connections import read_connection
from workers.ledger.engine import open_ledger, reading
from workers.quickbooks.reads import ReadMeter
from workers.secrets import Secrets

COMMAND_WORDS = [
    get_args(shape.model_fields["command"].annotation)[0] for shape in CommandShape.__subclasses__()
]
CLOSE_SECONDS = 5.0
CONNECT_SECONDS = 10.0
LOOK_SECONDS = 0.2


def run_desk(settings: Settings, *, crash: Checkpoint = no_checkpoint) -> int:
    """Carry out commands until SIGTERM or SIGINT; the one in hand is finished. Returns the exit code.

    ``crash`` is called with the name of each step that is behind us; fault tests end the process there.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    ledger = open_ledger(settings.database_url)
    metrics = Metrics()
    metrics.knows_commands(COMMAND_WORDS)
    publisher = Publisher(settings.broker_url, connection_name="counterfoil desk")
    publisher.start()
    sweeper = Sweeper(settings.broker_url, ledger, publisher, _now)
    watch = Watch(settings.broker_url, ledger, sweeper, WORKFLOWS, metrics, _now, stopping)

    reads = ReadMeter(engine=ledger, app=settings.intuit_client_id, clock=_now)
    numbers = LedgerNumbers(ledger, reads, metrics, stopping)

    key = settings.secret_key.get_secret_value()

    def anew() -> Anew:
        return Anew(lambda event: _fetch(ledger, key, event))

    def listener(workflow: Workflow) -> Listener:
        release = Release(settings.broker_url, ledger, publisher, _now, crash)
        workbench = Workbench(
            workflow,
            ledger,
            publisher,
            release,
            _now,
            _new_id,
            crash,
            allow_edit=settings.allow_edit,
            anew=anew if settings.fetch_before_retry else None,
        )
        dead_letters = DeadLetters(workflow, ledger, publisher, _now, _new_id)
        return Listener(settings.broker_url, workbench, dead_letters, metrics, watch.command_done, stopping)

    listeners = [listener(workflow) for workflow in WORKFLOWS]
    threads = [
        threading.Thread(target=one.run, name=f"desk {one.workbench.workflow}", daemon=True)
        for one in listeners
    ]
    threads.append(threading.Thread(target=watch.run, name="desk watch", daemon=True))
    housekeeping = _housekeeping(settings, ledger, publisher, metrics, stopping)
    threads.append(threading.Thread(target=housekeeping.run, name="desk housekeeping", daemon=True))
    threads.append(threading.Thread(target=numbers.run, name="desk numbers", daemon=True))
    checks = {"broker": lambda: publisher.connected and all(one.connected for one in listeners)}
    with HealthServer(settings.metrics_listen, checks, registry=metrics.registry):
        for thread in threads:
            thread.start()
        # In short sleeps, not in a wait on the event: a signal just before a wait without end would not be seen,
        # and one inside it would want the lock that the wait holds.
        while not stopping.is_set():
            time.sleep(LOOK_SECONDS)
        for thread in threads:
            thread.join(settings.shutdown_seconds)
    publisher.close(CLOSE_SECONDS)
    ledger.dispose()
    return 0


def _housekeeping(
    settings: Settings, ledger: Engine, publisher: Publisher, metrics: Metrics, stopping: threading.Event
) -> Housekeeping:
    return Housekeeping(
        ledger,
        ErasureRequests(ledger, Eraser(ledger, publisher, _now, _new_id)),
        Dropper(settings.broker_url, ledger, _now),
        Payloads(ledger, metrics, _now, settings.payload_days),
        _now,
        stopping,
    )


def sweep_once(settings: Settings) -> dict[Workflow, Swept]:
    """One pass over every error queue: row and queue agree afterwards.

    Raises:
        NotConfirmed, pika.exceptions.AMQPError, QueueBusy: the broker is away, or a desk sweeps just now.
    """
    ledger = open_ledger(settings.database_url)
    publisher = Publisher(settings.broker_url, connection_name="counterfoil sweep")
    publisher.start()
    publisher.wait_connected(CONNECT_SECONDS)
    try:
        sweeper = Sweeper(settings.broker_url, ledger, publisher, _now)
        return {workflow: sweeper.sweep(workflow) for workflow in WORKFLOWS}
    finally:
        publisher.close(CLOSE_SECONDS)
        ledger.dispose()


def _fetch(ledger: Engine, key: str, event: Envelope) -> Envelope | None:
    with reading(ledger) as connection:
        stored = read_connection(connection, event.connection)
    if stored is None:
        raise NoStoreAccess(f"There is no connection {event.connection}.")
    return fetch_anew(stored, Secrets(key), event.subject, within=event.object_key)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
