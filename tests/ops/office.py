"""An operator's office: a ledger, a sandbox company, the command line, and a worker that carries out one event."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import Row, select

from ops.cli.main import cli
from ops.connections import change_settings
from ops.metrics import Metrics
from ops.quickbooks import open_oauth, open_quickbooks
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from schemas.connection import Connection, ConnectionSettings
from schemas.envelope import Envelope
from tests.workers.runtime.rig import FakeMail
from workers.ledger.connections import add_connection, read_connection
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.tables import entries, failed_messages, metadata
from workers.quickbooks.http import Http
from workers.quickbooks.operations import Operation, OperationName
from workers.quickbooks.tokens import save_tokens
from workers.route import steps_for
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import read_delivery
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.settlements import Settled
from workers.secrets import Secrets

KEY = "A" * 43 + "="
"""A key, not a passphrase: that would take 0.1 s each time."""

NAME = "acme-woo"
MARK = "counterfoil:"


class Office:
    """One connection ``acme-woo`` to a company of its own. ``realm_id`` is that company."""

    def __init__(self, sandbox: SandboxServer, database_url: str, *, country: str = "US", **settings: Any):
        self.sandbox = sandbox
        self.realm_id = sandbox.add_company(country)
        self.settings = Settings(
            broker_url="amqp://127.0.0.1:1",
            database_url=database_url,
            secret_key=SecretStr(KEY),
            quickbooks_url=sandbox.url,
            intuit_discovery_url=sandbox.discovery_url,
            intuit_client_id=sandbox.client_id,
            intuit_client_secret=SecretStr(sandbox.client_secret),
            quickbooks_limits_scale=50.0,
        )
        self.engine = open_ledger(database_url)
        metadata.create_all(self.engine)
        now = datetime.now(UTC)
        connection = Connection(
            connection_id=NAME,
            platform="woocommerce",
            realm_id=self.realm_id,
            settings=ConnectionSettings.model_validate(self.book_settings() | settings),
        )
        with writing(self.engine) as database:
            sealed = Secrets(KEY).seal({"webhook_secrets": ["MARKED-secret"]})
            add_connection(database, connection, secrets=sealed, now=now)
        self._http = Http()
        pair = open_oauth(self.settings, self._http).refresh(sandbox.refresh_token)
        save_tokens(self.engine, Secrets(KEY), self.realm_id, pair, now=now)
        self._online = open_quickbooks(self.settings, self.engine, Secrets(KEY), Metrics())
        self._copies = itertools.count(1)

    def book_settings(self) -> dict[str, Any]:
        """Settings that book a simple order of a US company."""
        accounts = {row["Name"]: row["Id"] for row in self.sandbox.dump(self.realm_id, "Account")}
        items = self.sandbox.dump(self.realm_id, "Item")
        service = next(row["Id"] for row in items if row["Type"] == "Service")
        return {
            "unknown_product": "fallback",
            "customers": "per_store",
            "accounts": {"deposit": accounts["Undeposited Funds"]},
            "items": {
                "fallback": service,
                "shipping": service,
                "fee": service,
                "refund_adjustment": service,
                "rounding": service,
            },
        }

    def set(self, **changes: Any) -> None:
        """Change settings."""
        change_settings(self.engine, NAME, changes, now=datetime.now(UTC), by="test")

    @property
    def book(self) -> ConnectionSettings:
        """The settings as they are now."""
        with reading(self.engine) as database:
            stored = read_connection(database, NAME)
        assert stored is not None
        return stored.connection.settings

    def run(self, *words: str, answer: str | None = None, code: int | None = 0) -> Result:
        """Run ``counterfoil WORDS``; it must end with ``code`` and show no secret."""
        result = CliRunner().invoke(cli, words, obj=self.settings, input=answer)
        assert "MARKED" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert code is None or result.exit_code == code, result.output
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """What ``counterfoil WORDS --json`` prints."""
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def deliver(self, event: dict[str, Any], *, crash: Callable[[str], None] | None = None) -> str:
        """A worker carries one event out; how it was settled."""
        body = json.dumps(event).encode()
        workflow = Envelope.model_validate_json(body).workflow
        delivery = read_delivery(
            workflow, body, {}, event["id"], received_at=datetime.now(UTC), handle=(1, None)
        )
        words: list[str] = []

        def settled(batch: list[Settled]) -> None:
            words.extend(one.word for one in batch)

        services = self.services(crash)
        run_alone(Round([delivery], services, settled), Books(services), lambda _seconds: None)
        (word,) = words
        return word

    def services(self, crash: Callable[[str], None] | None = None) -> Services:
        """What a worker has; its mail goes nowhere, its failures go into the ledger."""
        return Services(
            engine=self.engine,
            quickbooks=self._online.client,
            budget=self._online.budget,
            breaker=self._online.breaker,
            mail=FakeMail(),
            steps_for=steps_for,
            observer=Metrics(),
            policy=Policy(),
            owner=f"worker-{uuid.uuid4().hex[:8]}",
            clock=lambda: datetime.now(UTC),
            new_id=lambda: uuid.uuid4().hex,
            **({"crash": crash} if crash else {}),
        )

    def write(self, entity: str, operation: OperationName, document: dict[str, Any]) -> dict[str, Any]:
        """What a bookkeeper does in QuickBooks by hand."""
        what = Operation(entity, operation, json.dumps(document).encode())
        return self._online.client.write(self.realm_id, what, request_id=uuid.uuid4().hex)

    def documents(self, entity: str = "SalesReceipt") -> list[dict[str, Any]]:
        """What we have booked of an entity."""
        booked = self.sandbox.dump(self.realm_id, entity)
        return [one for one in booked if MARK in one.get("PrivateNote", "")]

    def objects(self, entity: str) -> dict[str, dict[str, Any]]:
        """All objects of a list, by name."""
        rows = self.sandbox.dump(self.realm_id, entity)
        return {row.get("Name") or row.get("DisplayName"): row for row in rows}

    def failed(self, event_id: str) -> Row[Any]:
        """The failed message of an event."""
        with reading(self.engine) as database:
            return database.execute(
                with_body(failed_messages).where(failed_messages.c.event_id == event_id)
            ).one()

    def entries(self) -> dict[str, str]:
        """How each event ended."""
        with reading(self.engine) as database:
            found = database.execute(select(entries.c.event_id, entries.c.status))
            return {row.event_id: row.status for row in found}

    def close(self) -> None:
        """Let ledger and connections go."""
        self._http.close()
        self.engine.dispose()


@contextmanager
def open_office(sandbox: SandboxServer, database_url: str, **more: Any) -> Iterator[Office]:
    """An office for the time of the block."""
    office = Office(sandbox, database_url, **more)
    try:
        yield office
    finally:
        office.close()


def event(kind: str, subject: str, data: dict[str, Any], *, event_id: str = "", time: str) -> dict[str, Any]:
    """An event of ``acme-woo``."""
    return {
        "specversion": "1.0",
        "id": event_id or f"{subject} {kind} {time}",
        "source": f"counterfoil/connections/{NAME}",
        "type": kind,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "connection": NAME,
        "data": data,
    }
