"""Senders of canonical envelopes: their signature, and what is checked before the envelope travels."""

import hmac
import json
from typing import Any

import pytest

from events.stores.counterfoil.platform import Counterfoil
from events.stores.platform import Unreadable
from events.stores.webhook import Webhook
from tests.events.stores.deliveries import RECEIVED_AT

PLATFORM = Counterfoil()
ENVELOPE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "till-7-00042",
    "source": "till-7",
    "type": "orders.deleted",
    "subject": "order/42",
    "time": "2026-03-01T10:00:00+01:00",
    "connection": "acme",
    "data": {"order_id": "42"},
    "traceparent": "00-abc",
}


def sent(**values: Any) -> Webhook:
    return Webhook("acme", {}, json.dumps({**ENVELOPE, **values}).encode(), RECEIVED_AT)


def test_hexadecimal_signature_in_either_case_is_accepted() -> None:
    body = sent().body
    signature = hmac.digest(b"key", body, "sha256").hex()

    for claimed in (signature, signature.upper()):
        assert PLATFORM.signature_is_good(
            Webhook("acme", {"counterfoil-signature": claimed}, body, RECEIVED_AT), ["other", "key"]
        )
    assert not PLATFORM.signature_is_good(sent(), ["key"])


def test_envelope_travels_as_it_came() -> None:
    (event,) = PLATFORM.read(sent())

    assert (event.id, event.source, event.data) == ("till-7-00042", "till-7", {"order_id": "42"})
    assert event.model_dump(mode="json")["traceparent"] == "00-abc"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"connection": "other"}, 'for connection "other", but was sent to "acme"'),
        ({"type": "orders.shipped"}, '"orders.shipped" is not known'),
        ({"type": "parcels.sent"}, "no valid envelope: type"),
        ({"specversion": "0.3"}, "no valid envelope: specversion"),
        ({"time": "2026-03-01T10:00:00"}, "no valid envelope: time"),
        ({"data": {}}, "does not fit: order_id: Field required"),
        ({"data": {"order_id": "42", "extra": 1}}, "does not fit: extra"),
        ({"data": [1]}, "no valid envelope: data"),
    ],
)
def test_envelope_that_could_not_be_synced_is_unreadable(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        PLATFORM.read(sent(**values))


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"id":'])
def test_body_that_is_no_json_object_is_unreadable(body: bytes) -> None:
    webhook = Webhook("acme", {}, body, RECEIVED_AT)

    with pytest.raises(Unreadable, match="no valid envelope"):
        PLATFORM.read(webhook)
    assert (PLATFORM.topic(webhook), PLATFORM.workflow(webhook)) == ("", "orders")


def test_workflow_follows_the_claimed_type() -> None:
    assert PLATFORM.workflow(sent(type="inventory.level_changed", data=None)) == "inventory"
