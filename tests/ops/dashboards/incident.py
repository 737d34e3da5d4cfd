"""A bad day at a shop, step by step: an unmapped tax, QuickBooks down, a revoked token, and all of it mended."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from events import names
from ops.dashboards.picture import draw, fetch_from
from ops.demo.company import Bookkeeper
from ops.node.node import PrivateNode
from ops.processes.programs import counterfoil, environment
from ops.sandbox.testing import SandboxServer
from tests.events.webhooks.store import Delivery
from tests.journeys.orders import delivery, order, taxed_order
from tests.journeys.shop import PING, Shop
from tests.ops.dashboards.prometheus import Prometheus
from tests.ops.dashboards.queries import boards
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.processes import Process
from tests.rig.stack import Stack
from tests.rig.waiting import wait_for
from workers.ledger.engine import writing
from workers.ledger.tables import quickbooks_tokens

FACTOR = 3600.0
"""An hour of the alerts' time passes in a second."""

TAX = frozenset(
    f"Counterfoil{name}" for name in ("ErrorQueueGrows", "OldestFailure", "Unrouted", "ConsentEnds")
)
DOWN = frozenset(f"Counterfoil{name}" for name in ("QuickBooksDown", "DeskNotConsuming", "ProcessDown"))
REVOKED = frozenset({"CounterfoilConnectionDown"})
SILENT = frozenset({"CounterfoilStoreSilent"})
"""A day without a webhook passes in 24 s here: no wonder that it fires."""

LOADED = frozenset({"CounterfoilBrokerDown", "CounterfoilSpoolFills"})
"""On a machine that does much else a scrape may take longer than its second, a confirm longer than a webhook waits."""

TAXED = range(201, 215)
"""More than ten, so that the error queue counts as growing."""

RATE_INTERVAL = "8s"
PROGRAMS = ("webhooks", "worker", "desk")


@dataclass
class Incident:
    """The shop with three connections, its processes, and the Prometheus that watches them."""

    shop: Shop
    prometheus: Prometheus
    processes: dict[str, Process]
    environments: dict[str, dict[str, str]]
    start: StartProcess
    fair_realm: str
    boutique_realm: str
    began: float

    def sell(self) -> None:
        """An ordinary morning: every workflow books something, and the internet sends its usual nonsense."""
        shop = self.shop
        for number in range(101, 106):
            shop.send(delivery(_now(order, number)))
        shop.send(PING)
        shop.send(Delivery(b"{}", {}))
        shop.stack.publish(*_of_boutique("LAMP-1"))
        for number in range(101, 106):
            shop.wait_receipt(number)
        wait_for(
            lambda: {"product-LAMP-1", "contact-LAMP-1"} <= set(shop.stack.entries()), what="all is booked"
        )

    def unmapped_tax(self) -> None:
        """Orders with a tax that nobody mapped; beside them an unknown product and a contact that is none."""
        for number in TAXED:
            self.shop.send(delivery(_now(taxed_order, number)), "maple")
        product, contact = _of_boutique("VASE-9")
        contact["data"]["updated_at"] = "yesterday"
        self.shop.stack.publish(product, contact)
        self.shop.broker.publish(names.EVENTS, "order.paid", "a typo in the routing key")
        with writing(self.shop.stack.engine) as database:
            soon = datetime.now(UTC) + timedelta(minutes=4)
            database.execute(
                update(quickbooks_tokens)
                .where(quickbooks_tokens.c.realm_id == self.boutique_realm)
                .values(refresh_expires_at=soon)
            )

    def quickbooks_down(self) -> None:
        """No company gets an answer, while orders come in; and the desk is away too."""
        for realm_id in (self.shop.stack.realm_id, self.fair_realm):
            self.shop.stack.sandbox.fault(realm_id, "server_error")
        for number in range(301, 304):
            self.shop.send(delivery(_now(order, number)))
        self.processes["desk"].terminate()

    def quickbooks_back(self) -> None:
        """It answers again, and the desk runs."""
        for realm_id in (self.shop.stack.realm_id, self.fair_realm):
            self.shop.stack.sandbox.remove_fault(realm_id)
        self.run("desk")
        for number in range(301, 304):
            self.shop.wait_receipt(number)

    def token_revoked(self) -> None:
        """The owner of the company behind ``fair`` takes the access away."""
        self.shop.stack.sandbox.admin("POST", "/tokens/revoke", {"realm_id": self.fair_realm})
        self.shop.send(delivery(_now(order, 401)), "fair")

    def fixed(self) -> None:
        """The tax is mapped and its group retried, the rest ignored, consents given anew, strays thrown away."""
        shop, sandbox = self.shop, self.shop.stack.sandbox
        codes = sandbox.dump(shop.maple_realm, "TaxCode")
        gst = next(row["Id"] for row in codes if row["Name"] == "GST")
        for group in self._groups():
            if group["reason"] == "tax_code_unmapped":
                shop.command("errors", "fix", group["group"], "--to", gst, "--no-retry")
                shop.command("errors", "retry-all", group["group"], "--yes")
            else:
                shop.command("errors", "ignore-all", group["group"], "--reason", "a test", "--yes")
        for connection, realm_id in (("fair", self.fair_realm), ("boutique", self.boutique_realm)):
            token = sandbox.mint_token(realm_id)
            shop.command("connections", "connect", connection, "--refresh-token", token, "--realm", realm_id)
        shop.broker.purge(names.UNROUTED)
        for number in TAXED:
            shop.wait_receipt(number, realm_id=shop.maple_realm)
        shop.wait_receipt(401, realm_id=self.fair_realm)
        shop.stack.publish(*_of_boutique("LAMP-2"))
        shop.send(delivery(_now(order, 501)))
        shop.send(delivery(_now(order, 502)), "fair")
        shop.send(delivery(_now(taxed_order, 503)), "maple")

    def run(self, name: str) -> None:
        """Start a process on the addresses that Prometheus knows."""
        self.processes[name] = self.start(*counterfoil(name), environment=self.environments[name])
        address = self.environments[name]["COUNTERFOIL_METRICS_LISTEN"]
        self.processes[name].wait_url(f"http://{address}/health/ready")

    def _groups(self) -> list[dict[str, Any]]:
        found = self.shop.command("status")
        return [
            group
            for banner in found["connections"]
            for block in banner["blocks"]
            for group in block["groups"]
        ]


def live_through(incident: Incident) -> float:
    """The whole day: each trouble makes its alerts fire, and in the end none is left. Since when all was well first."""
    watching = incident.prometheus
    incident.sell()
    wait_for(lambda: watching.up() and all(watching.up().values()), what="every target is read")
    wait_for(lambda: watching.firing() <= SILENT, what="all is well")
    well_since = time.time()
    incident.unmapped_tax()
    watching.wait_firing(*TAX)
    incident.quickbooks_down()
    watching.wait_firing(*DOWN)
    incident.quickbooks_back()
    watching.wait_clear(*DOWN)
    incident.token_revoked()
    watching.wait_firing(*REVOKED)
    incident.fixed()
    watching.wait_clear(*TAX, *DOWN, *REVOKED)
    return well_since


def draw_overview(incident: Incident, path: Path) -> None:
    """The overview as a picture, from the same queries that Grafana would send."""
    fetch = fetch_from(
        incident.prometheus.url, start=incident.began, end=time.time(), rate_interval=RATE_INTERVAL
    )
    draw(boards()["counterfoil-overview.json"], fetch, path)


@contextmanager
def incident_at(
    folder: Path, *, node: PrivateNode, broker: Broker, sandbox: SandboxServer, start: StartProcess
) -> Iterator[Incident]:
    """Everything runs and is watched; nothing has happened yet."""
    port = free_port()
    stack = Stack(
        broker=broker,
        database_url=f"sqlite:///{folder / 'counterfoil.db'}",
        sandbox=sandbox,
        start=start,
        listen=f"127.0.0.1:{port}",
        spool_path=str(folder / "spool.db"),
    )
    try:
        shop = Shop(stack, port)
        addresses = {name: f"127.0.0.1:{free_port()}" for name in PROGRAMS}
        settings = {
            name: stack.settings.model_copy(update={"metrics_listen": address})
            for name, address in addresses.items()
        }
        rabbit = node.prometheus_url.removeprefix("http://").removesuffix("/metrics")
        targets = {f"counterfoil-{name}": [address] for name, address in addresses.items()}
        targets |= {"rabbitmq": [rabbit], "rabbitmq-queues": [rabbit]}
        prometheus = Prometheus(folder, targets=targets, vhost=broker.vhost, factor=FACTOR, start=start)
        environments = {name: environment(one, {}) for name, one in settings.items()}
        incident = Incident(shop, prometheus, {}, environments, start, "", "", time.time())
        prometheus.start()
        for name in PROGRAMS:
            incident.run(name)
        incident.fair_realm = shop.open("fair")
        incident.boutique_realm = _open_boutique(stack)
        yield incident
    finally:
        stack.close()


def _now(make: Callable[..., dict[str, Any]], number: int) -> dict[str, Any]:
    """An order that the store changed just now."""
    return make(number, date_modified_gmt=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))


def _open_boutique(stack: Stack) -> str:
    """A connection that syncs products and customers, with the two items that its store sells."""
    realm_id = stack.sandbox.add_company("US")
    income = next(
        row["IncomeAccountRef"] for row in stack.sandbox.dump(realm_id, "Item") if row["Type"] == "Service"
    )
    lamps = [
        {"Name": sku, "Sku": sku, "Type": "Service", "IncomeAccountRef": income}
        for sku in ("LAMP-1", "LAMP-2")
    ]
    Bookkeeper(stack.sandbox, realm_id).create_all("Item", lamps)
    stack.connect(
        "boutique",
        realm_id=realm_id,
        refresh_token=stack.sandbox.mint_token(realm_id),
        unknown_product="stop",
        customers="per_email",
    )
    return realm_id


def _of_boutique(sku: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A product with this SKU and a contact, as events."""
    now = datetime.now(UTC).isoformat()
    product = {
        "product_id": sku,
        "name": sku,
        "currency": "USD",
        "variants": [{"variant_id": sku, "sku": sku, "name": "", "price": "20.00"}],
        "updated_at": now,
    }
    contact = {
        "contact_id": sku,
        "email": f"{sku.lower()}@example.org",
        "first_name": "Ada",
        "last_name": sku,
        "updated_at": now,
    }
    return (
        _event("inventory.product_created", f"product/{sku}", product),
        _event("contacts.created", f"contact/{sku}", contact),
    )


def _event(kind: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": subject.replace("/", "-"),
        "source": "counterfoil/connections/boutique",
        "type": kind,
        "subject": subject,
        "time": data["updated_at"],
        "datacontenttype": "application/json",
        "connection": "boutique",
        "data": data,
    }
