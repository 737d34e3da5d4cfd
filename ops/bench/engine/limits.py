"""P4: one company at QuickBooks' limits, in the sandbox that throttles as Intuit does."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr
from sqlalchemy import delete

from ops.bench.engine.events import PRODUCTS, order_event
from ops.bench.engine.place import BenchFailed, Place
from ops.bench.engine.product import KEY, Product
from ops.quickbooks import open_oauth
from ops.sandbox.testing import SandboxServer
from schemas.connection import ConnectionSettings
from workers.ledger.connections import store_realm, store_settings
from workers.ledger.engine import writing
from workers.ledger.tables import sync_mappings
from workers.quickbooks.http import Http
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

CEILING_A_MINUTE = 40 * 30
"""40 batches of 30 operations. Source: Intuit, "Limits and throttles"."""

LOOK_EVERY_SECONDS = 0.1
MARK = "counterfoil:"


@dataclass(frozen=True, slots=True)
class AtTheLimit:
    """Operations booked ÷ the ceiling, over whole minutes; ``throttled`` answers on the way."""

    share: float
    throttled: int
    minutes: float
    doubled: int


def run_limits(place: Place, *, minutes: int) -> AtTheLimit:
    """Measure from the first booking to the first one after so many minutes.

    Permits come back in a rhythm of a little over a minute, so only whole periods may be compared with the ceiling.
    """
    with SandboxServer() as sandbox:
        realm_id = sandbox.add_company("US", "9000000")
        product = Product(
            place,
            quickbooks_limits_scale=1.0,
            quickbooks_url=sandbox.url,
            intuit_discovery_url=sandbox.discovery_url,
            intuit_client_id=sandbox.client_id,
            intuit_client_secret=SecretStr(sandbox.client_secret),
        )
        try:
            _use(sandbox, product, realm_id)
            before = sandbox.counters(realm_id)
            events = CEILING_A_MINUTE * (minutes + 2)
            connection_id = product.companies[0].connection_id
            product.publish(order_event(number, connection_id) for number in range(events))
            with product.running("worker", "orders"):
                share, spent = _follow(product, minutes)
            after = sandbox.counters(realm_id)
            throttled = after.get("throttled", 0) - before.get("throttled", 0)
            receipts = sandbox.dump(realm_id, "SalesReceipt")
            marks = [row["PrivateNote"] for row in receipts if MARK in row.get("PrivateNote", "")]
            return AtTheLimit(share, throttled, spent / 60, len(marks) - len(set(marks)))
        finally:
            product.close()


def _use(sandbox: SandboxServer, product: Product, realm_id: str) -> None:
    """Connect the ledger's company to the sandbox's: its ids, its tokens; all products and buyers known."""
    accounts = {row["Name"]: row["Id"] for row in sandbox.dump(realm_id, "Account")}
    items = sandbox.dump(realm_id, "Item")
    service = next(row["Id"] for row in items if row["Type"] == "Service")
    settings = ConnectionSettings.model_validate(
        {
            "customers": "per_store",
            "accounts": {"deposit": accounts["Undeposited Funds"]},
            "items": dict.fromkeys(("fallback", "shipping", "fee", "refund_adjustment"), service),
            "products": {f"SKU-{number:05}": service for number in range(PRODUCTS)},
        }
    )
    now = datetime.now(UTC)
    connection_id = product.companies[0].connection_id
    with writing(product.engine) as database:
        database.execute(delete(sync_mappings))
        store_settings(database, connection_id, settings, version=1, now=now)
        store_realm(database, connection_id, realm_id, now=now)
    pair = open_oauth(product.settings, Http()).refresh(sandbox.refresh_token)
    save_tokens(product.engine, Secrets(KEY), realm_id, pair, now=now)


def _follow(product: Product, minutes: int) -> tuple[float, float]:
    first, count_at_first, count, deadline = 0.0, 0, 0, time.monotonic() + 60 * (minutes + 2) + 30
    while time.monotonic() < deadline:
        found = product.count_settled()
        now = time.monotonic()
        if found > count:
            if not first:
                first, count_at_first = now, 0
            elif now - first >= 60 * minutes:
                return (count - count_at_first) / (CEILING_A_MINUTE / 60 * (now - first)), now - first
            count = found
        if product.count_failed():
            raise BenchFailed("an event failed in the sandbox")
        time.sleep(LOOK_EVERY_SECONDS)
    raise BenchFailed(f"{count} events booked, and no more came")
