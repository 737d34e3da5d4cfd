"""A store's customer with marked data, everywhere a run leaves it: an office whose mail goes to a real broker."""

import json
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kombu.connection import Connection
from sqlalchemy import select

from events import names
from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS, declare
from ops.desk.carry_out import Workbench
from ops.desk.publishing import Checkpoint, no_checkpoint
from ops.desk.reading import Arrival
from ops.desk.release import Release
from ops.desk.sweep import Sweeper
from ops.erasure.erase import Eraser
from ops.sandbox.testing import SandboxServer
from schemas.envelope import Workflow
from tests.ops.desk.room import Room, failure
from tests.ops.office import Office, event
from tests.rig.broker import Broker
from tests.rig.stack import order_event
from workers.ledger.engine import reading
from workers.ledger.tables import metadata
from workers.runtime.services import Services

DAY = "2026-11-20T10:00:00Z"
EMAIL = "Marked.Person@planted.example"
FIRST, LAST, STREET, PHONE = "Markedfirst", "Markedlast", "9 Markedstreet", "555-MARKED-1"
MARKS = (EMAIL, FIRST, LAST, STREET, PHONE)
ADDRESS = {"line1": STREET, "city": "Markedtown", "region": "TX", "postal_code": "75001", "country": "US"}
BUYER: dict[str, Any] = {
    "customer_id": "77",
    "email": EMAIL,
    "first_name": FIRST,
    "last_name": LAST,
    "phone": PHONE,
    "billing": ADDRESS,
    "shipping": ADDRESS,
}


def now() -> datetime:
    return datetime.now(UTC)


class Archive(Office):
    """An office with a broker. Everything that a worker publishes is published."""

    def __init__(self, broker: Broker, publisher: Publisher, sandbox: SandboxServer, url: str, **more: Any):
        super().__init__(sandbox, url, **more)
        self.broker = broker
        self.publisher = publisher
        self.settings = self.settings.model_copy(update={"broker_url": broker.url})

    def services(self, crash: Callable[[str], None] | None = None) -> Services:
        return replace(super().services(crash), mail=self.publisher)

    def eraser(self, checkpoint: Checkpoint = no_checkpoint) -> Eraser:
        return Eraser(self.engine, self.publisher, now, lambda: uuid.uuid4().hex, checkpoint)

    def command(self, workflow: Workflow, **words: Any) -> None:
        """A desk carries one command out."""
        release = Release(self.broker.url, self.engine, self.publisher, now)
        bench = Workbench(
            workflow, self.engine, self.publisher, release, now, lambda: uuid.uuid4().hex, allow_edit=True
        )
        assert bench.handle(Arrival(json.dumps(words).encode())).result == "accepted"

    def plant(self) -> None:
        """A run that leaves the person in every place that we know of."""
        contact = {"contact_id": "77", "updated_at": DAY, **BUYER}
        del contact["customer_id"]
        self.deliver(event("contacts.created", "customer/77", contact, time=DAY))
        self.set(buyers={EMAIL: "1"})
        self.set(buyers={EMAIL: None, f"{EMAIL} CAD": "1"})
        self.deliver(order_event(1, buyer=BUYER))
        for number in (2, 3, 4):
            self.deliver(self.unmapped(number))
        self.command("orders", command="ignore", event_id="order-3-paid", reason=f"a test of {FIRST} {LAST}")
        edited = self.unmapped(4)
        edited["data"]["note"] = f"{FIRST} says thanks"
        self.command("orders", command="edit", event_id="order-4-paid", event=edited)
        self.deliver(edited)
        kept = {
            "platform": "woocommerce",
            "topic": "customer.updated",
            "body_base64": b64encode(json.dumps({"email": EMAIL, "first_name": FIRST}).encode()).decode(),
            "headers": {},
            "received_at": DAY,
            "problem": f'The e-mail "{EMAIL}" is no number.',
        }
        self.deliver(event("contacts.unreadable_webhook", "webhook/5", kept, event_id="kept-5", time=DAY))
        broken = order_event(6, buyer={**BUYER, "phone": 5}, note=f"for {FIRST}")
        self.deliver(broken)
        refused = order_event(7, buyer=BUYER)
        message = f"QuickBooks refused order 7: another customer has the name {FIRST} {LAST}."
        desk_room = Room(self.broker, self.engine, self.publisher)
        desk_room.fail(failure(7, body=json.dumps(refused).encode(), message=message))
        desk_room.fail(failure(8, connection_id="", body=f"no event, but {EMAIL}".encode()))

    def sweep(self, workflow: Workflow) -> None:
        Sweeper(self.broker.url, self.engine, self.publisher, now).sweep(workflow)

    def unmapped(self, number: int, *, buyer: dict[str, Any] = BUYER) -> dict[str, Any]:
        """An order of the person that fails for its tax."""
        unmapped = order_event(number, buyer=buyer)
        tax = [{"tax": "GST 5%", "amount": "1.00"}]
        unmapped["data"]["lines"][0] |= {"tax": "1.00", "taxes": tax}
        unmapped["data"] |= {"taxes": tax, "total_tax": "1.00", "total": "13.50", "amount_paid": "13.50"}
        return unmapped

    def places(self, marks: tuple[str, ...] = MARKS) -> set[str]:
        """Every ``table.column`` of the database that holds one of the marks."""
        found: set[str] = set()
        with reading(self.engine) as database:
            for table in metadata.sorted_tables:
                for row in database.execute(select(table)).mappings():
                    found |= {f"{table.name}.{name}" for name, value in row.items() if _holds(value, marks)}
        return found

    def copies(self) -> dict[str, bytes]:
        """All that lies in the error queues, headers too, by event id (taken out: use it last)."""
        found: dict[str, bytes] = {}
        for workflow in WORKFLOWS:
            for message in self.broker.take(names.errors(workflow)):
                event_id = message.headers["event_id"]
                assert event_id not in found, f"two copies of {event_id}"
                found[event_id] = message.body + json.dumps(message.headers).encode()
        return found


def _holds(value: Any, marks: tuple[str, ...]) -> bool:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text.casefold()
    return any(mark.casefold() in text or b64encode(mark.encode()).decode()[:-3] in text for mark in marks)


@contextmanager
def open_archive(broker: Broker, sandbox: SandboxServer, database_url: str) -> Iterator[Archive]:
    with Connection(broker.url) as connection:
        declare(connection)
    publisher = Publisher(broker.url, window=250, confirm_timeout_seconds=30)
    publisher.start()
    archive = Archive(broker, publisher, sandbox, database_url, customers="per_email")
    try:
        yield archive
    finally:
        archive.close()
        publisher.close(5)
