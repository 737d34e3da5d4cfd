"""The whole product on a broker, a database and a sandbox company of its own: set up, started, looked at."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from kombu.connection import Connection as BrokerConnection
from pydantic import SecretStr
from sqlalchemy import Row, select

from events import names
from events.broker.topology import declare
from ops.migrations.migrate import upgrade
from ops.processes.programs import environment
from ops.quickbooks import open_oauth
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from schemas.connection import Connection, ConnectionSettings, Platform
from schemas.envelope import Workflow
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.processes import Process
from tests.rig.waiting import wait_for
from workers.ledger.connections import add_connection, read_connection
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.tables import claims, entries, failed_messages, intents
from workers.quickbooks.http import Http
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

KEY = "a key for tests only"
WEBHOOK_SECRET = "the store's own secret"
SETTLE_SECONDS = 60.0
LIMITS_SCALE = 50.0
"""The sandbox of these tests has no limits; a budget this large keeps nobody waiting."""

MARK = "counterfoil:"
ROOT = Path(__file__).resolve().parents[2]


class Stack:
    """One broker, ledger and QuickBooks company with the connection ``acme-woo``, and the processes a test starts."""

    def __init__(
        self,
        *,
        broker: Broker,
        database_url: str,
        sandbox: SandboxServer,
        start: StartProcess,
        **changes: Any,
    ) -> None:
        """``changes``: settings that differ from the usual."""
        self.broker = broker
        self.sandbox = sandbox
        self.realm_id = sandbox.add_company("US")
        self._start = start
        self.settings = Settings(
            broker_url=broker.url,
            management_url=broker.management_url,
            database_url=database_url,
            secret_key=SecretStr(KEY),
            quickbooks_url=sandbox.url,
            intuit_discovery_url=sandbox.discovery_url,
            intuit_client_id=sandbox.client_id,
            intuit_client_secret=SecretStr(sandbox.client_secret),
            quickbooks_limits_scale=LIMITS_SCALE,
        ).model_copy(update=changes)
        self.engine = open_ledger(database_url)
        upgrade(self.engine)
        with BrokerConnection(broker.url) as connection:
            declare(connection)
        self.connect("acme-woo")

    def connect(
        self,
        connection_id: str,
        *,
        realm_id: str = "",
        refresh_token: str = "",
        platform: Platform = "woocommerce",
        **settings: Any,
    ) -> None:
        """Add a connection to a company (the stack's own), as ``connections add`` and ``connect`` do."""
        realm_id = realm_id or self.realm_id
        now = datetime.now(UTC)
        secrets = Secrets(KEY)
        connection = Connection(
            connection_id=connection_id,
            platform=platform,
            realm_id=realm_id,
            settings=ConnectionSettings.model_validate(self.book_settings(realm_id) | settings),
        )
        with writing(self.engine) as database:
            sealed = secrets.seal({"webhook_secrets": [WEBHOOK_SECRET]})
            add_connection(database, connection, secrets=sealed, now=now)
        oauth = open_oauth(self.settings, Http())
        pair = oauth.refresh(refresh_token or self.sandbox.refresh_token)
        save_tokens(self.engine, secrets, realm_id, pair, now=now)

    def book_settings(self, realm_id: str = "") -> dict[str, Any]:
        """Settings that book every simple order of a US company."""
        realm_id = realm_id or self.realm_id
        accounts = {row["Name"]: row["Id"] for row in self.sandbox.dump(realm_id, "Account")}
        items = self.sandbox.dump(realm_id, "Item")
        service = next(row["Id"] for row in items if row["Type"] == "Service")
        return {
            "unknown_product": "fallback",
            "customers": "per_store",
            "accounts": {"deposit": accounts["Undeposited Funds"]},
            "items": {"fallback": service, "shipping": service, "fee": service, "refund_adjustment": service},
        }

    def start(self, *words: str, **changes: Any) -> Process:
        """Start ``counterfoil WORDS`` with our settings and a metrics address of its own; waits until it is ready."""
        metrics = f"127.0.0.1:{free_port()}"
        settings = self.settings.model_copy(update={"metrics_listen": metrics, **changes})
        process = self._start(
            sys.executable, "-m", "ops.cli.main", *words, environment=environment(settings, {})
        )
        process.wait_url(f"http://{metrics}/health/ready")
        return process

    def start_dying_workers(self, *steps: str, **changes: Any) -> Process:
        """Start workers that die or stand still, one after another (``tests.rig.dying_worker`` says how)."""
        changed = {"metrics_listen": f"127.0.0.1:{free_port()}", **changes}
        settings = self.settings.model_copy(update=changed)
        words = ("-m", "tests.rig.dying_worker", *steps)
        return self._start(sys.executable, *words, environment=environment(settings, {}), folder=ROOT)

    def run_command(self, *words: str) -> str:
        """Run ``counterfoil WORDS`` to its end; what it printed."""
        process = self._start(
            sys.executable, "-m", "ops.cli.main", *words, environment=environment(self.settings, {})
        )
        assert process.wait_end(timeout_seconds=SETTLE_SECONDS) == 0, process.output
        return process.output

    def publish(self, *events: Mapping[str, Any]) -> None:
        """Publish events by hand, under confirm."""
        with self.broker.channel() as channel:
            channel.confirm_delivery()
            for event in events:
                channel.basic_publish(names.EVENTS, event["type"], orjson.dumps(event), mandatory=True)

    def entries(self) -> dict[str, str]:
        """How each event that needs nothing more has ended."""
        with reading(self.engine) as database:
            found = database.execute(select(entries.c.event_id, entries.c.status))
            return {row.event_id: row.status for row in found}

    def attempts(self) -> dict[str, int]:
        """How many tries each event took that has ended."""
        with reading(self.engine) as database:
            found = database.execute(select(entries.c.event_id, entries.c.attempts))
            return {row.event_id: row.attempts for row in found}

    def count_intents(self) -> int:
        """How many writes are under way."""
        with reading(self.engine) as database:
            return len(database.execute(select(intents.c.event_id)).all())

    def failures(self) -> Sequence[Row[Any]]:
        """The rows of failed messages."""
        with reading(self.engine) as database:
            return database.execute(with_body(failed_messages).order_by(failed_messages.c.sequence)).all()

    def documents(self, entity: str = "SalesReceipt", realm_id: str = "") -> list[dict[str, Any]]:
        """What we have booked of an entity: the company came with documents of its own."""
        booked = self.sandbox.dump(realm_id or self.realm_id, entity)
        return [document for document in booked if MARK in document.get("PrivateNote", "")]

    def wait_settled(self, *event_ids: str, timeout_seconds: float = SETTLE_SECONDS) -> dict[str, str]:
        """Wait until each of these events has an entry."""
        wait_for(
            lambda: set(event_ids) <= set(self.entries()),
            timeout_seconds=timeout_seconds,
            what=f"events {event_ids} have ended",
        )
        return self.entries()

    def wait_entries(self, count: int) -> None:
        """Wait until so many events have ended."""
        wait_for(
            lambda: len(self.entries()) >= count,
            timeout_seconds=SETTLE_SECONDS,
            what=f"{count} events have ended",
        )

    def wait_failed(self, event_id: str, *, status: str = "unresolved") -> Row[Any]:
        """Wait until an event is a failed message with that status."""

        def found() -> list[Row[Any]]:
            return [row for row in self.failures() if (row.event_id, row.status) == (event_id, status)]

        wait_for(found, timeout_seconds=SETTLE_SECONDS, what=f"event {event_id} is {status}")
        return found()[0]

    def wait_paused(self, connection_id: str) -> str:
        """Wait until a connection is paused; why it is."""

        def reason() -> str:
            with reading(self.engine) as database:
                stored = read_connection(database, connection_id)
            paused = stored is not None and stored.connection.status == "paused"
            return (stored.connection.pause_reason or "paused") if stored is not None and paused else ""

        return wait_for(reason, timeout_seconds=SETTLE_SECONDS, what=f"{connection_id} is paused")

    def assert_quiet(self, *workflows: Workflow) -> None:
        """Nothing is under way any more: no messages, no intents, no claims."""
        for workflow in workflows or ("orders",):
            self._wait_empty(workflow)
            self._wait_empty(names.backlog(workflow))
            for seconds in names.DELAYS_SECONDS:
                self._wait_empty(names.delayed(workflow, seconds))
        wait_for(self._is_done, timeout_seconds=SETTLE_SECONDS, what="no intent and no claim is left")

    def assert_books_agree(self, *numbers: int, realm_id: str = "", failed: Sequence[str] = ()) -> None:
        """Queues, ledger, failed messages and QuickBooks say the same: these orders once, those events failed."""
        self.assert_quiet()
        booked = sorted(int(receipt["DocNumber"]) for receipt in self.documents(realm_id=realm_id))
        assert booked == sorted(numbers)
        unresolved = [row.event_id for row in self.failures() if row.status == "unresolved"]
        assert sorted(unresolved) == sorted(failed)
        wait_for(
            lambda: self._copies() == set(failed),  # a sweep has them in its hands for a moment
            timeout_seconds=SETTLE_SECONDS,
            what=f"copies of {failed} lie in the error queue",
        )
        assert not set(failed) & set(self.entries())

    def _copies(self) -> set[Any]:
        return {message.headers["event_id"] for message in self.broker.peek(names.errors("orders"), 1000)}

    def _is_done(self) -> bool:
        with reading(self.engine) as database:
            left = [
                *database.execute(select(intents.c.event_id)),
                *database.execute(select(claims.c.object_key)),
            ]
        assert left == []
        return True

    def _wait_empty(self, queue: str) -> None:
        wait_for(
            lambda: self.broker.count(queue) == 0,
            timeout_seconds=SETTLE_SECONDS,
            what=f"{queue} is empty",
        )

    def close(self) -> None:
        """Let the ledger go."""
        self.engine.dispose()


def order_event(
    number: int,
    *,
    action: str = "paid",
    total: str = "12.50",
    connection: str = "acme-woo",
    moment: str = "2026-11-20T10:00:00Z",
    **order: Any,
) -> dict[str, Any]:
    """A canonical order with one line, as an event of ``moment``."""
    data: dict[str, Any] = {
        "order_id": str(number),
        "number": str(number),
        "store_status": "processing",
        "payment": "paid",
        "created_at": moment,
        "updated_at": moment,
        "paid_at": moment,
        "currency": "USD",
        "lines": [
            {
                "line_id": "1",
                "name": "Mug",
                "quantity": "1",
                "subtotal": total,
                "total": total,
            }
        ],
        "total": total,
        "amount_paid": total,
        "payment_method": {"gateway": "stripe", "title": "Card"},
        **order,
    }
    return {
        "specversion": "1.0",
        "id": f"order-{number}-{action}",
        "source": f"counterfoil/connections/{connection}",
        "type": f"orders.{action}",
        "subject": f"order/{number}",
        "time": data["updated_at"],
        "datacontenttype": "application/json",
        "connection": connection,
        "data": data,
    }


def paid(number: int) -> str:
    """The id of ``order_event(number)``."""
    return f"order-{number}-paid"
