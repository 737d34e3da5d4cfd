"""The job that every peer does: validate, claim in the ledger, POST to QuickBooks, record; one event or a batch.

Settings come from the environment: PEER_BROKER, PEER_DATABASE, PEER_STUB (addresses), PEER_QUEUE, PEER_SLOTS (events
under way at once), PEER_HTTP (requests or urllib3, for the threaded ones). A claim or a record is one statement, so
each is its own transaction (AUTOCOMMIT); a batch has two for all its events.
"""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql

BROKER = os.environ.get("PEER_BROKER", "")
DATABASE = os.environ.get("PEER_DATABASE", "")
STUB = os.environ.get("PEER_STUB", "")
QUEUE = os.environ.get("PEER_QUEUE", "peer")
SLOTS = int(os.environ.get("PEER_SLOTS", "10"))
HTTP = os.environ.get("PEER_HTTP", "urllib3")
BATCH = 30
LINGER_SECONDS = 0.02
QUORUM = {"x-queue-type": "quorum"}
REALM = "9000000"
COMPANY = f"{STUB}/v3/company/{REALM}"
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Authorization": "Bearer " + "x" * 400,
}
HTTP_SECONDS = 30


class Address(BaseModel):
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str


class Buyer(BaseModel):
    customer_id: str
    email: str
    first_name: str
    last_name: str
    company: str
    phone: str
    billing: Address
    shipping: Address


class Line(BaseModel):
    line_id: str
    product_id: str
    sku: str
    name: str
    quantity: Decimal
    subtotal: Decimal
    total: Decimal


class Charge(BaseModel):
    line_id: str
    name: str
    total: Decimal


class Order(BaseModel):
    order_id: str
    number: str
    created_at: str
    currency: str
    buyer: Buyer
    lines: list[Line]
    shipping: list[Charge]
    total: Decimal
    amount_paid: Decimal


class Event(BaseModel):
    """The same event as the product's, as a typical consumer would model it."""

    id: str
    type: str
    subject: str
    connection: str
    sentat: float
    data: Order


def receipt(event: Event) -> dict[str, Any]:
    """The sales receipt of an order."""
    order = event.data
    lines = [
        {
            "DetailType": "SalesItemLineDetail",
            "Description": line.name,
            "Amount": float(line.total),
            "SalesItemLineDetail": {
                "ItemRef": {"value": line.product_id},
                "Qty": float(line.quantity),
                "UnitPrice": float(line.total / line.quantity),
                "TaxCodeRef": {"value": "NON"},
            },
        }
        for line in order.lines
    ]
    lines += [
        {
            "DetailType": "SalesItemLineDetail",
            "Description": charge.name,
            "Amount": float(charge.total),
            "SalesItemLineDetail": {"ItemRef": {"value": "2"}},
        }
        for charge in order.shipping
    ]
    billing = order.buyer.billing
    return {
        "DocNumber": order.number,
        "TxnDate": order.created_at[:10],
        "CurrencyRef": {"value": order.currency},
        "CustomerRef": {"value": order.buyer.customer_id},
        "BillEmail": {"Address": order.buyer.email},
        "BillAddr": {"Line1": billing.line1, "City": billing.city, "PostalCode": billing.postal_code},
        "Line": lines,
    }


def batch_of(events: Sequence[Event]) -> bytes:
    """One request for many receipts."""
    items = [
        {"bId": str(number), "operation": "create", "SalesReceipt": receipt(event)}
        for number, event in enumerate(events)
    ]
    return orjson.dumps({"BatchItemRequest": items})


def ids_in(answer: dict[str, Any]) -> list[str]:
    """The receipts' ids, in the order of the request."""
    ids = {item["bId"]: item["SalesReceipt"]["Id"] for item in answer["BatchItemResponse"]}
    return [ids[str(number)] for number in range(len(ids))]


ledger = sa.Table(
    "peer_ledger",
    sa.MetaData(),
    sa.Column("event_id", sa.String(80), primary_key=True),
    sa.Column("type", sa.String(40)),
    sa.Column("status", sa.String(16)),
    sa.Column("subject", sa.String(40)),
    sa.Column("payload_hash", sa.String(64)),
    sa.Column("quickbooks_id", sa.String(40)),
    sa.Column("sent_at", sa.Float(53)),
    sa.Column("received_at", sa.Float(53)),
    sa.Column("done_at", sa.Float(53)),
)
CLAIM = (
    postgresql.insert(ledger).on_conflict_do_nothing(index_elements=["event_id"]).returning(ledger.c.event_id)
)
RECORD = (
    sa.update(ledger)
    .where(ledger.c.event_id == sa.bindparam("claimed_id"))
    .values(status="done", quickbooks_id=sa.bindparam("booked_as"), done_at=sa.bindparam("recorded_at"))
)
SETTINGS: dict[str, Any] = {"pool_size": min(SLOTS, 20), "max_overflow": 0, "isolation_level": "AUTOCOMMIT"}


def row(event: Event, raw: bytes | None, received_at: float) -> dict[str, Any]:
    """What is claimed."""
    return {
        "event_id": event.id,
        "type": event.type,
        "status": "processing",
        "subject": event.subject,
        "payload_hash": hashlib.sha256(raw or event.id.encode()).hexdigest(),
        "sent_at": event.sentat,
        "received_at": received_at,
    }


def record(event: Event, quickbooks_id: str) -> dict[str, Any]:
    """What is recorded."""
    return {"claimed_id": event.id, "booked_as": quickbooks_id, "recorded_at": time.time()}


def parsed(raw: bytes | str | dict[str, Any]) -> Event:
    """The event, from bytes or from what a framework has decoded already."""
    return Event.model_validate(raw) if isinstance(raw, dict) else Event.model_validate_json(raw)


# Threads


@cache
def engine() -> sa.Engine:
    """One engine for a process; made on first use, so after a fork."""
    return sa.create_engine(DATABASE, **SETTINGS)


_sessions = threading.local()


@cache
def _pool() -> Any:
    import urllib3

    return urllib3.PoolManager(maxsize=SLOTS, block=True, timeout=HTTP_SECONDS)


def post(url: str, body: bytes) -> dict[str, Any]:
    """POST and read the answer."""
    if HTTP == "requests":
        import requests

        if not hasattr(_sessions, "session"):
            _sessions.session = requests.Session()
        answer = _sessions.session.post(url, data=body, headers=HEADERS, timeout=HTTP_SECONDS)
        answer.raise_for_status()
        return orjson.loads(answer.content)
    answer = _pool().request("POST", url, body=body, headers=HEADERS)
    if answer.status != 200:
        raise RuntimeError(f"QuickBooks answered {answer.status}")
    return orjson.loads(answer.data)


def process(raw: bytes | dict[str, Any]) -> None:
    """One event."""
    received_at = time.time()
    event = parsed(raw)
    with engine().connect() as connection:
        new = connection.execute(
            CLAIM, row(event, raw if isinstance(raw, bytes) else None, received_at)
        ).first()
    if new is None:
        return
    answer = post(f"{COMPANY}/salesreceipt", orjson.dumps(receipt(event)))
    with engine().connect() as connection:
        connection.execute(RECORD, record(event, answer["SalesReceipt"]["Id"]))


def process_batch(raws: Sequence[bytes]) -> None:
    """Many events in one call, with one claim and one record for all."""
    received_at = time.time()
    events = [parsed(raw) for raw in raws]
    rows = [row(event, raw, received_at) for event, raw in zip(events, raws, strict=True)]
    with engine().execution_options(isolation_level="READ COMMITTED").begin() as connection:
        new = {found[0] for found in connection.execute(CLAIM, rows)}
    todo = [event for event in events if event.id in new]
    if not todo:
        return
    ids = ids_in(post(f"{COMPANY}/batch", batch_of(todo)))
    with engine().execution_options(isolation_level="READ COMMITTED").begin() as connection:
        connection.execute(RECORD, [record(event, one) for event, one in zip(todo, ids, strict=True)])


# asyncio


@cache
def async_engine() -> Any:
    """The same, for asyncio."""
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine(DATABASE.replace("+psycopg", "+asyncpg"), **SETTINGS)


@cache
def _async_session() -> Any:
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=SLOTS), timeout=aiohttp.ClientTimeout(total=HTTP_SECONDS)
    )


async def process_async(raw: bytes | Event) -> None:
    """One event."""
    received_at = time.time()
    event = raw if isinstance(raw, Event) else parsed(raw)
    async with async_engine().connect() as connection:
        claimed = row(event, raw if isinstance(raw, bytes) else None, received_at)
        new = (await connection.execute(CLAIM, claimed)).first()
    if new is None:
        return
    body = orjson.dumps(receipt(event))
    async with _async_session().post(f"{COMPANY}/salesreceipt", data=body, headers=HEADERS) as answer:
        answer.raise_for_status()
        document = orjson.loads(await answer.read())
    async with async_engine().connect() as connection:
        await connection.execute(RECORD, record(event, document["SalesReceipt"]["Id"]))


def run_async(main: Coroutine[Any, Any, Any]) -> None:
    """Run on uvloop."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
