"""From an envelope's type and data to a running workflow function."""

from base64 import b64encode

import pytest

from schemas.connection import Connection
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.unreadable import UnreadableWebhook as UnreadablePayload
from tests.workers.play import NOON, played
from tests.workers.stories import line, order
from workers.context import Context
from workers.errors import InvalidEvent, UnreadableWebhook
from workers.outcomes import Booked
from workers.route import HANDLERS, steps_for
from workers.steps import Company


def context(event_type: str) -> Context:
    """A context that reaches no books."""
    envelope = Envelope(
        specversion="1.0",
        id="5f1c",
        source="counterfoil/connections/acme-woo",
        type=event_type,
        subject="order/1001",
        time=NOON,
        connection="acme-woo",
    )
    return Context(envelope, Connection(connection_id="acme-woo", platform="woocommerce"), Company("1"))


def test_every_event_type_has_a_function_and_no_other_has() -> None:
    assert set(HANDLERS) == set(EVENT_TYPES)


def test_unknown_type_names_the_type() -> None:
    with pytest.raises(InvalidEvent, match=r'"orders.teleported" is not known'):
        steps_for(context("orders.teleported"), {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"total": 12.5}, 'field "total" of orders.paid: an amount must be written as text'),
        ({"currency": "dollar"}, 'field "currency"'),
        ({"colour": "blue"}, 'field "colour" of orders.paid: Extra inputs are not permitted'),
        ({"order_id": ""}, 'field "order_id"'),
    ],
    ids=["float-money", "currency", "unknown-field", "empty-id"],
)
def test_bad_payload_names_field_and_rule(change: dict[str, object], words: str) -> None:
    data = {**order(line("9.50")).model_dump(mode="json"), **change}

    with pytest.raises(InvalidEvent) as raised:
        steps_for(context("orders.paid"), data)

    assert words in str(raised.value)
    assert raised.value.cause.startswith("orders.paid ")


def unreadable(body: bytes) -> UnreadablePayload:
    return UnreadablePayload(
        platform="woocommerce",
        topic="order.updated",
        body_base64=b64encode(body).decode(),
        headers={"x-wc-webhook-topic": "order.updated"},
        received_at=NOON,
        problem="The body is no JSON.",
    )


def test_webhook_that_is_still_unreadable_is_an_error() -> None:
    play = played()

    with pytest.raises(UnreadableWebhook, match="could not be read"):
        play.run("orders.unreadable_webhook", unreadable(b"<html>"))


def test_webhook_that_newer_code_reads_is_booked_on_retry() -> None:
    body = b"""{"id": 7001, "number": "7001", "status": "completed", "currency": "USD", "total": "9.50",
        "total_tax": "0.00", "date_created_gmt": "2026-11-20T10:00:00", "date_modified_gmt": "2026-11-20T10:00:00",
        "date_paid_gmt": "2026-11-20T10:00:00", "payment_method": "stripe", "customer_id": 0,
        "billing": {"email": "sal@example.com", "first_name": "Sal"},
        "line_items": [{"id": 1, "name": "Field Notebook", "product_id": 5, "variation_id": 0, "quantity": 1,
            "subtotal": "9.50", "total": "9.50", "subtotal_tax": "0.00", "total_tax": "0.00", "taxes": [],
            "sku": "FIELD-NOTEBOOK"}],
        "shipping_lines": [], "fee_lines": [], "tax_lines": [], "refunds": []}"""
    play = played()

    outcome = play.run("orders.unreadable_webhook", unreadable(body))

    assert isinstance(outcome, Booked)
    assert play.only("SalesReceipt")["DocNumber"] == "7001"
