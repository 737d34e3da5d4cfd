"""Marked secrets and a marked customer go the whole way, good and bad: no log, metric or header holds them."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select

from events.broker.topology import QUEUES
from ops.cli.main import cli, plain_sentence
from ops.metrics import Metrics
from ops.node.management import part
from ops.processes.programs import environment
from ops.quickbooks import open_oauth, open_quickbooks
from ops.sandbox.testing import SandboxServer
from tests.events.webhooks.store import Delivery, Store, woo
from tests.journeys.orders import order, taxed_order
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.processes import Process
from tests.rig.stack import KEY, ROOT, WEBHOOK_SECRET, Stack
from tests.rig.waiting import wait_for
from workers.ledger.engine import reading
from workers.ledger.tables import metadata, quickbooks_tokens
from workers.quickbooks.http import Http
from workers.quickbooks.oauth import TokenPair
from workers.quickbooks.operations import Operation
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]

NAME, FAMILY = "Zebulon", "Quagmarked"
EMAIL = "zebulon.quagmarked@example.net"
STREET = "77 Markedstreet"
PHONE = "+1 555 0179 4242"
PERSON = (NAME, FAMILY, EMAIL, STREET, PHONE)
ADDRESS = {
    "first_name": NAME, "last_name": FAMILY, "address_1": STREET, "city": "Fresno", "state": "CA",
    "postcode": "93650", "country": "US", "email": EMAIL, "phone": PHONE,
}  # fmt: skip

STORE_KEY, STORE_SECRET = "ck_marked_key_of_the_store", "cs_marked_secret_of_the_store"
NEW_WEBHOOK_SECRET = "marked webhook secret that was set by hand"
DEAD_TOKEN = "marked-refresh-token-that-nobody-takes"
BROKER_PASSWORD, DATABASE_PASSWORD = "marked-broker-password", "marked-database-password"
CLIENT_SECRET = "marked-client-secret"
PLANTED = (
    KEY, WEBHOOK_SECRET, STORE_KEY, STORE_SECRET, NEW_WEBHOOK_SECRET, DEAD_TOKEN, BROKER_PASSWORD,
    DATABASE_PASSWORD, CLIENT_SECRET,
)  # fmt: skip
FIRST = 9101
REASONS = {"tax_code_unmapped", "number_taken", "unreadable_webhook", "currency_unsupported"}


@dataclass
class Searched:
    """Everything that was written anywhere, by where it stood."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, what: object) -> None:
        text = what if isinstance(what, str) else json.dumps(what, default=str, ensure_ascii=False)
        self.texts.append((where, text))

    def having(self, *marks: str) -> list[str]:
        """Where a mark stands, with a little of what is around it."""
        found = []
        for where, text in self.texts:
            for mark in marks:
                at = text.find(mark)
                if at >= 0:
                    found.append(f"{where}: …{text[max(0, at - 120) : at + len(mark) + 20]}…")
        return found


class House:
    """The whole product with debug logs, and what is seen of it."""

    def __init__(self, stack: Stack, start: StartProcess) -> None:
        self.stack = stack
        self.port = int(stack.settings.listen.rpartition(":")[2])
        self.store = Store(self.port)
        self.seen = Searched()
        self.told = Searched()
        self._start = start
        self._processes: list[tuple[str, Process, str]] = []

    def start(self, word: str) -> None:
        """Start a process of ours, or with ``clumsy`` the worker that stumbles."""
        address = f"127.0.0.1:{free_port()}"
        settings = self.stack.settings.model_copy(update={"metrics_listen": address})
        command = ["-m", "ops.cli.main", word]
        if word == "clumsy":
            command = ["-m", "tests.journeys.clumsy_worker", f"{NAME} {FAMILY} {STREET}"]
        process = self._start(sys.executable, *command, environment=environment(settings, {}), folder=ROOT)
        self._processes.append((word, process, address))

    def wait_ready(self) -> None:
        """Wait for all that were started."""
        for _, process, address in self._processes:
            process.wait_url(f"http://{address}/health/ready", timeout_seconds=60)

    def send(self, topic: str, body: object, *, secret: str = NEW_WEBHOOK_SECRET) -> int:
        """A webhook of the store; the answer's status."""
        return self.store.send("acme-woo", woo(topic, json.dumps(body).encode(), secret=secret)).status

    def command(self, *words: str, code: int | None = 0, **changes: Any) -> None:
        """``counterfoil WORDS``; an operator may read of a customer, but of no secret."""
        settings = self.stack.settings.model_copy(update=changes)
        done = CliRunner().invoke(cli, words, obj=settings)
        fault = done.exception if isinstance(done.exception, Exception) else None
        sentence = plain_sentence(fault) if fault is not None else ""
        assert sentence is not None, fault
        ended = 1 if sentence else done.exit_code
        assert code is None or ended == code, done.output
        self.told.add(f"counterfoil {' '.join(words[:2])}", f"{done.output}{sentence}")

    def begin(self, *words: str, **changes: Any) -> Process:
        """A process whose words are looked at when ``ended`` or ``stuck`` says so."""
        changed = {"metrics_listen": f"127.0.0.1:{free_port()}", **changes}
        settings = self.stack.settings.model_copy(update=changed)
        command = ("-m", "ops.cli.main", *words)
        return self._start(sys.executable, *command, environment=environment(settings, {}))

    def stuck(self, process: Process, line: str) -> None:
        """A process that cannot do its work: its log until a line says so."""
        process.wait_line(line, timeout_seconds=60)
        process.close()
        self.seen.add(f"log of {process.argv[3]} that cannot work", process.output)

    def search(self) -> Searched:
        """Everything that was seen so far: logs, metrics, headers, what the management API tells."""
        found = Searched(list(self.seen.texts))
        for name, process, address in self._processes:
            found.add(f"log of {name}", process.output)
            found.add(f"metrics of {name}", _page(f"http://{address}/metrics"))
        found.add("metrics of webhooks, outside", _page(f"http://127.0.0.1:{self.port}/metrics"))
        broker = self.stack.broker
        for queue in QUEUES:
            if queue.name.endswith(".commands"):
                continue  # the desk holds them: RabbitMQ lets nobody else look
            for message in broker.peek(queue.name, 100):
                outside = {"headers": message.headers, "properties": message.properties}
                found.add(f"headers in {queue.name}", outside)
                self.told.add(f"body in {queue.name}", message.body.decode("utf-8", "replace"))
        for kind in ("queues", "exchanges", "bindings"):
            found.add(f"management {kind}", broker.management.request("GET", f"{kind}/{part(broker.vhost)}"))
        for kind in ("connections", "channels", "consumers"):
            found.add(f"management {kind}", broker.management.request("GET", kind))
        return found

    def stop(self) -> None:
        """End the processes; what they printed last counts too."""
        for name, process, _ in self._processes:
            process.terminate()
            self.seen.add(f"log of {name}, to its end", process.output)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def house(
    sandbox: SandboxServer, broker: Broker, sqlite_url: str, process: StartProcess, tmp_path: Path
) -> Iterator[House]:
    stack = Stack(
        broker=broker,
        database_url=sqlite_url,
        sandbox=sandbox,
        start=process,
        listen=f"127.0.0.1:{free_port()}",
        spool_path=str(tmp_path / "spool.db"),
        log="debug",
    )
    yield House(stack, process)
    stack.close()


def test_no_log_metric_or_header_holds_a_secret_or_a_customer(house: House) -> None:
    stack = house.stack
    _set_up(house)
    for word in ("webhooks", "clumsy", "desk"):
        house.start(word)
    house.wait_ready()
    wait_for(lambda: _is_secret_known(house), timeout_seconds=30, what="the new webhook secret counts")

    _webhooks_of_every_fate(house)
    failed = _failures(house)
    _operator(house, failed)
    _what_cannot_work(house)

    everything = house.search()
    house.stop()
    everything.texts += house.seen.texts
    _assert_everything_happened(everything, house)
    secrets = (*PLANTED, *_tokens(stack))
    assert everything.having(*secrets, *PERSON) == []
    assert house.told.having(*secrets) == []
    assert _ledger(stack).having(*secrets) == []


def _set_up(house: House) -> None:
    house.command(
        "connections", "set", "acme-woo", "customers=per_email", f"webhook_secret={NEW_WEBHOOK_SECRET}",
        "store_url=http://127.0.0.1:9", f"store_key={STORE_KEY}", f"store_secret={STORE_SECRET}",
    )  # fmt: skip
    _taken_number(house)
    stack = house.stack
    realm_id = stack.sandbox.add_company("US")
    stack.connect("revoked", realm_id=realm_id)
    past, future = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(days=90)
    pair = _oauth_pair(stack)
    dead = replace(
        pair,
        access_token="marked-access-token",
        refresh_token=DEAD_TOKEN,
        access_expires_at=past,
        refresh_expires_at=future,
    )
    save_tokens(stack.engine, Secrets(KEY), realm_id, dead, now=datetime.now(UTC))


def _oauth_pair(stack: Stack) -> TokenPair:
    return open_oauth(stack.settings, Http()).refresh(stack.sandbox.refresh_token)


def _is_secret_known(house: House) -> bool:
    ping = Delivery(b'{"id":1}', dict(woo("order.deleted", b'{"id":1}', secret=NEW_WEBHOOK_SECRET).headers))
    return house.store.send("acme-woo", ping).status == 200


def _webhooks_of_every_fate(house: House) -> None:
    """Booked, failed three ways, unreadable, unsigned, too large, of a connection that QuickBooks refuses."""
    whose: dict[str, Any] = {"billing": ADDRESS, "shipping": ADDRESS}
    contact = {
        "id": 77, "email": EMAIL, "first_name": NAME, "last_name": FAMILY, "billing": ADDRESS, "shipping": ADDRESS,
        "date_created_gmt": "2026-11-20T10:00:00", "date_modified_gmt": "2026-11-20T10:00:00",
    }  # fmt: skip
    assert house.send("customer.created", contact) == 200
    assert house.send("order.created", order(FIRST, **whose)) == 200
    assert house.send("order.created", taxed_order(FIRST + 1, **whose) | {"currency": "USD"}) == 200
    assert house.send("order.created", order(FIRST + 2, **whose, status=f"{NAME} {FAMILY}")) == 200
    assert house.send("order.created", order(FIRST + 3, **whose) | {"total": f"{NAME} {FAMILY}"}) == 200
    assert house.send("order.created", order(FIRST + 4, **whose)) == 200
    assert house.send("order.created", order(FIRST + 5, **whose, currency="EUR")) == 200
    assert house.send("order.created", order(FIRST + 6, **whose), secret=WEBHOOK_SECRET) == 401
    assert house.send("order.created", order(FIRST + 7, customer_note="x" * 2_000_000)) == 413
    revoked = woo("order.created", json.dumps(order(FIRST + 8, **whose)).encode(), secret=WEBHOOK_SECRET)
    assert house.store.send("revoked", revoked).status == 200


def _taken_number(house: House) -> None:
    """A bookkeeper's own receipt for our customer holds the number of an order to come."""
    stack = house.stack
    online = open_quickbooks(stack.settings, stack.engine, Secrets(KEY), Metrics())

    def made(entity: str, document: dict[str, Any]) -> str:
        what = Operation(entity, "create", json.dumps(document).encode())
        return str(online.client.write(stack.realm_id, what, request_id=f"{entity} by hand")["Id"])

    namesake = made("Customer", {"DisplayName": f"{NAME} {FAMILY} of old", "GivenName": NAME})
    item = stack.book_settings()["items"]["fallback"]
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 5,
        "SalesItemLineDetail": {"ItemRef": {"value": item}},
    }
    preferences = {"Id": "1", "SyncToken": "0", "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    what = Operation("Preferences", "update", json.dumps(preferences).encode())
    online.client.write(stack.realm_id, what, request_id="numbers of our own")
    made("SalesReceipt", {"CustomerRef": {"value": namesake}, "DocNumber": str(FIRST + 4), "Line": [line]})


def _failures(house: House) -> dict[str, Any]:
    """Wait until all have had their fate; a failed message of each reason."""
    stack = house.stack

    def rows() -> dict[str, Any]:
        return {row.reason: row for row in stack.failures() if row.status == "unresolved"}

    def all_failed() -> bool:
        left = REASONS - set(rows())
        assert not left, f"nothing has failed yet with {left}; ended: {stack.entries()}"
        return True

    wait_for(all_failed, timeout_seconds=90)
    wait_for(
        lambda: str(FIRST) in {row.get("DocNumber") for row in stack.documents()},
        timeout_seconds=60,
        what="the good order is booked",
    )
    stack.wait_paused("revoked")
    return rows()


def _operator(house: House, failed: dict[str, Any]) -> None:
    """Look, retry in vain, ignore, restore, fix: with the desk and from the command line."""
    taxed, taken = (failed[reason].event_id for reason in ("tax_code_unmapped", "number_taken"))
    house.command("status", code=None)
    house.command("errors", "list")
    house.command("errors", "show", taken)
    house.command("errors", "fix", taxed, "--json")
    house.command("errors", "retry", taxed)
    wait_for(
        lambda: any(row.event_id == taxed and row.failures == 2 for row in house.stack.failures()),
        timeout_seconds=60,
        what="it failed again",
    )
    house.command("errors", "ignore", taken, "--reason", "a test")
    house.command("errors", "restore", taken)
    house.stack.wait_failed(taken)
    house.stack.broker.publish("counterfoil.commands", "orders", {"command": "retry", "event_id": "nobody"})
    house.command("connections", "show", "acme-woo")
    house.command("connections", "list", "--json")
    house.command("connections", "export", "acme-woo")
    house.command("doctor", code=None)


def _what_cannot_work(house: House) -> None:
    """A refused login at the broker and at the database; a store that cannot be reached."""
    host = house.stack.settings.broker_url.rpartition("@")[2]
    refused = f"amqp://nobody:{BROKER_PASSWORD}@{host}"
    away = f"postgresql+psycopg://counterfoil:{DATABASE_PASSWORD}@127.0.0.1:9/books"
    store_away = house.begin("backfill", "acme-woo", "--since", "2026-11-01")
    worker, desk = (house.begin(word, broker_url=refused) for word in ("worker", "desk"))
    port = free_port()
    webhooks = house.begin("webhooks", database_url=away, listen=f"127.0.0.1:{port}")
    app = {"intuit_client_secret": SecretStr(CLIENT_SECRET)}
    house.command("doctor", code=1, broker_url=refused, **app)
    house.command("status", code=1, database_url=away)
    house.command("setup", code=1, broker_url=refused)
    house.command("errors", "retry-all", "orders", "--yes", code=1, broker_url=refused)
    house.stuck(worker, "broker lost")
    house.stuck(desk, "desk waits")
    webhooks.wait_port(port, timeout_seconds=60)
    assert Store(port).send("acme-woo", woo("order.created", b"{}", secret=NEW_WEBHOOK_SECRET)).status == 503
    house.stuck(webhooks, "cannot be read")
    assert store_away.wait_end(timeout_seconds=90) == 1
    house.told.add("counterfoil backfill", store_away.output)


def _assert_everything_happened(everything: Searched, house: House) -> None:
    """Else the search would find nothing because nothing was written."""
    logs = "\n".join(text for where, text in everything.texts if where.startswith("log of"))
    for words in ("its events run again one by one", "Traceback", "dead_letter", "booked", "broker lost"):
        assert words in logs, words
    headers = [text for where, text in everything.texts if where == "headers in orders.errors"]
    reasons = {json.loads(text)["headers"]["reason"] for text in headers}
    assert reasons >= REASONS
    assert house.told.having(FAMILY), (
        "the bodies in the error queue and the command line do tell of the customer"
    )


def _tokens(stack: Stack) -> list[str]:
    with reading(stack.engine) as database:
        sealed = database.execute(select(quickbooks_tokens.c.tokens)).scalars().all()
    opened = [Secrets(KEY).open(one) for one in sealed]
    return [str(value) for pair in opened for value in pair.values() if len(str(value)) > 12]


def _ledger(stack: Stack) -> Searched:
    """Every row of every table: customers may be in it, secrets only sealed."""
    found = Searched()
    with reading(stack.engine) as database:
        for table in metadata.sorted_tables:
            for row in database.execute(select(table)):
                found.add(f"table {table.name}", str(tuple(row)))
    return found


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
