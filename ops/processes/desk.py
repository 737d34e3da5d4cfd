"""The desk process: one thread a workflow for commands and dead letters, one for the error queues."""

import signal
import threading
import uuid
from datetime import UTC, datetime
from typing import get_args

from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS
from ops.desk.carry_out import Workbench
from ops.desk.dead import DeadLetters
from ops.desk.listen import Listener
from ops.desk.publishing import Checkpoint, no_checkpoint
from ops.desk.release import Release
from ops.desk.sweep import Sweeper, Swept
from ops.desk.watch import Watch
from ops.metrics import Metrics
from ops.processes.health import HealthServer
from ops.processes.numbers import LedgerNumbers
from ops.settings import Settings
from schemas.commands import CommandShape
from schemas.envelope import Workflow
from workers.ledger.engine import open_ledger
from workers.quickbooks.reads import ReadMeter

COMMAND_WORDS = [
    get_args(shape.model_fields["command"].annotation)[0] for shape in CommandShape.__subclasses__()
]
CLOSE_SECONDS = 5.0
CONNECT_SECONDS = 10.0


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

    def listener(workflow: Workflow) -> Listener:
        release = Release(settings.broker_url, ledger, publisher, _now, crash)
        workbench = Workbench(workflow, ledger, publisher, release, _now, _new_id, crash)
        dead_letters = DeadLetters(workflow, ledger, publisher, _now, _new_id)
        return Listener(settings.broker_url, workbench, dead_letters, metrics, watch.command_done, stopping)

    listeners = [listener(workflow) for workflow in WORKFLOWS]
    threads = [
        threading.Thread(target=one.run, name=f"desk {one.workbench.workflow}", daemon=True)
        for one in listeners
    ]
    threads.append(threading.Thread(target=watch.run, name="desk watch", daemon=True))
    threads.append(threading.Thread(target=numbers.run, name="desk numbers", daemon=True))
    checks = {"broker": lambda: publisher.connected and all(one.connected for one in listeners)}
    with HealthServer(settings.metrics_listen, checks, registry=metrics.registry):
        for thread in threads:
            thread.start()
        stopping.wait()
        for thread in threads:
            thread.join(settings.shutdown_seconds)
    publisher.close(CLOSE_SECONDS)
    ledger.dispose()
    return 0


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


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
