"""Transactions that say how much of an order a gift card paid."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from schemas.envelope import Envelope
from tests.events.stores.deliveries import assert_payload_fits, webhook


def told(**changes: Any) -> list[Envelope]:
    body = {
        "id": 389404469,
        "order_id": 450789469,
        "kind": "sale",
        "gateway": "gift_card",
        "status": "success",
        "test": False,
        "amount": "30.00",
        "currency": "USD",
        "created_at": "2026-04-10T18:30:00-06:00",
        "processed_at": "2026-04-10T18:30:00-06:00",
        "receipt": {"gift_card_id": 1},
        **changes,
    }
    return PLATFORMS["shopify"].read(
        webhook("shopify", "order_transactions/create", json.dumps(body).encode())
    )


def test_gift_card_payment_is_an_event_that_runs_beside_its_order() -> None:
    (event,) = told()

    assert_payload_fits(event)
    assert (event.type, event.partitionkey) == ("orders.gift_card_paid", "order/450789469")
    assert (event.data["amount"], event.time) == ("30.00", datetime(2026, 4, 11, 0, 30, tzinfo=UTC))
    assert told()[0].id == event.id


@pytest.mark.parametrize(
    "changes",
    [
        {"gateway": "shopify_payments"},
        {"kind": "authorization"},
        {"kind": "refund"},
        {"kind": "void"},
        {"kind": "change"},
        {"status": "failure"},
        {"status": "pending"},
        {"test": True},
        {"amount": "0.00"},
    ],
    ids=lambda changes: "-".join(str(part) for entry in changes.items() for part in entry),
)
def test_other_transaction_makes_no_event(changes: dict[str, Any]) -> None:
    assert told(**changes) == []


def test_gift_card_payment_without_its_order_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="The transaction's order has no id"):
        told(order_id=None)
