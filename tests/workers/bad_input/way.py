"""A webhook's whole way without a broker: converter, round, ledger, and a QuickBooks company in this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from events import names
from events.outgoing import Outgoing
from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.unreadable import unreadable_event
from events.stores.webhook import Webhook
from ops.sandbox.company.faults import QuickBooksFault
from schemas.envelope import Envelope, Workflow
from tests.events.stores.deliveries import TOPIC_HEADERS
from tests.workers.play import Play
from tests.workers.runtime.rig import START, FakeQuickBooks, Rig
from workers.errors import QuickBooksRejected, SyncError
from workers.ledger.connections import store_settings
from workers.ledger.engine import reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.tables import failed_messages
from workers.quickbooks.client import Operation, Query
from workers.route import steps_for
from workers.runtime.delivery import read_delivery
from workers.steps import Company, Json

Body = dict[str, Any]


class InProcess(FakeQuickBooks):
    """The sandbox's company, called without HTTP."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play = play

    def company(self, realm_id: str) -> Company:
        del realm_id
        return self._play.company

    def query(self, realm_id: str, statement: str) -> list[Json]:
        del realm_id
        found = self._play.books.query(statement)
        return next((rows for name, rows in found.items() if isinstance(rows, list)), [])

    def _answer(self, operation: Operation | Query, key: tuple[str, str]) -> Json | list[Json] | SyncError:
        if isinstance(operation, Query):
            return self.query("", operation.statement)
        return super()._answer(operation, key)

    def _book(self, operation: Operation) -> Json | SyncError:
        change: Callable[[str, Json], Json] = getattr(self._play.books, operation.operation)
        try:
            return change(operation.entity, json.loads(operation.body))
        except QuickBooksFault as fault:
            return QuickBooksRejected(fault.errors[0].detail, fault_code=fault.errors[0].code)


@dataclass(frozen=True)
class Failed:
    """A message in the error queue, as an operator sees it there."""

    queue: str
    reason: str
    message: str
    fix: str


class Way:
    """One connection of a store to the company of ``play``."""

    def __init__(self, rig: Rig, play: Play) -> None:
        self.play, self._rig, self._number = play, rig, 0
        rig.quickbooks = InProcess(play)
        with writing(rig.engine) as database:
            assert store_settings(database, "acme-woo", play.settings, version=1, now=START)

    def send(self, platform: str, topic: str, body: Body) -> list[str]:
        """Deliver a webhook and settle each of its events; gives their settlements in order."""
        self._rig.now += timedelta(seconds=1)
        webhook = Webhook(
            "acme-woo", {TOPIC_HEADERS[platform]: topic}, json.dumps(body).encode(), self._rig.now
        )
        try:
            events = PLATFORMS[platform].read(webhook)
        except Unreadable as refusal:
            events = [unreadable_event(webhook, PLATFORMS[platform], refusal.problem)]
        return [self._settled(event) for event in events]

    def _settled(self, event: Envelope) -> str:
        self._number += 1
        delivery = read_delivery(
            event.workflow,
            orjson.dumps(event.model_dump(mode="json", exclude_none=True)),
            {},
            event.id,
            received_at=self._rig.now,
            handle=(self._number, None),
        )
        return self._rig.run(delivery, steps_for=steps_for)[event.id]

    def failed(self) -> list[Failed]:
        """What was published to the error queues; each has its row in the ledger, for commands to act on."""
        found = [_failed(one) for one in self._rig.mail.sent if one.routing_key.endswith(".errors")]
        with reading(self._rig.engine) as database:
            rows = list(database.execute(with_body(failed_messages)))
        assert sorted((row.reason, row.status) for row in rows) == sorted(
            (one.reason, "unresolved") for one in found
        )
        return found

    def the_failed(self, workflow: Workflow = "orders") -> Failed:
        """The one message that failed."""
        (failed,) = self.failed()
        assert failed.queue == names.errors(workflow)
        return failed

    def documents(self) -> list[tuple[str, str]]:
        """Every document of ours: what it is, and its total."""
        kinds = ("SalesReceipt", "Invoice", "RefundReceipt", "CreditMemo", "Payment")
        return [(kind, str(row["TotalAmt"])) for kind in kinds for row in self.play.all(kind)]


def _failed(message: Outgoing) -> Failed:
    headers = message.headers
    return Failed(message.routing_key, str(headers["reason"]), str(headers["message"]), str(headers["fix"]))


def order(**changes: Any) -> Body:
    """A paid WooCommerce order of one notebook: 10.00 and 0.80 tax."""
    return {
        "id": 1001,
        "number": "1001",
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": "2026-11-24T07:00:00",
        "date_modified_gmt": "2026-11-24T07:00:00",
        "date_paid_gmt": "2026-11-24T07:00:00",
        "total": "10.80",
        "total_tax": "0.80",
        "customer_id": 7,
        "billing": {"first_name": "Jane", "last_name": "Doe", "email": "jane@example.com"},
        "payment_method": "stripe",
        "line_items": [line()],
        "tax_lines": [{"rate_id": 3, "label": "CA", "rate_percent": 8, "tax_total": "0.80"}],
        "refunds": [],
        **changes,
    }


def line(**changes: Any) -> Body:
    """Its line."""
    return {
        "id": 1,
        "name": "Field Notebook",
        "product_id": 501,
        "quantity": 1,
        "sku": "FIELD-NOTEBOOK",
        "subtotal": "10.00",
        "total": "10.00",
        "total_tax": "0.80",
        "taxes": [{"id": 3, "total": "0.80"}],
        **changes,
    }


def product(**changes: Any) -> Body:
    """A WooCommerce product."""
    return {
        "id": 501,
        "name": "Field Notebook",
        "status": "publish",
        "type": "simple",
        "sku": "FIELD-NOTEBOOK",
        "price": "10.00",
        "manage_stock": False,
        "date_modified_gmt": "2026-11-24T07:00:00",
        **changes,
    }
