"""Which object a message belongs to, whatever its sender left out: its events never run beside each other."""

from datetime import UTC, datetime

import orjson
import pytest

from events.outgoing import Outgoing
from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.unreadable import unreadable_event
from events.stores.webhook import Webhook
from tests.workers.runtime.messages import NOW, event_body
from workers.runtime.delivery import Delivery, read_delivery


def read(body: bytes) -> Delivery:
    return read_delivery("orders", body, {}, None, received_at=NOW, handle=(1, None))


@pytest.mark.parametrize("type_", ["orders.refunded", "orders.refund_deleted", "orders.paid"])
def test_refund_whose_sender_names_no_partition_runs_after_its_order(type_: str) -> None:
    found = read(event_body(subject="refund/5", type_=type_, data={"order_id": "1"}))

    assert (found.subject, found.object_key) == ("refund/5", "order/1")


def test_what_the_sender_names_counts_more() -> None:
    found = read(event_body(subject="order/1", partitionkey="buyer/7", data={"order_id": "1"}))

    assert found.object_key == "buyer/7"


def test_payload_that_is_no_order_leaves_the_subject() -> None:
    assert read(event_body(subject="order/1", data={"order_id": 5})).object_key == "order/1"


def test_kept_webhook_that_can_be_read_by_now_runs_in_turn_with_its_order() -> None:
    body = orjson.dumps({"id": 1001})
    headers = {"x-wc-webhook-topic": "order.deleted", "x-wc-webhook-delivery-id": "d1"}
    kept = Webhook("acme-woo", headers, body, datetime(2026, 11, 24, tzinfo=UTC))
    event = unreadable_event(kept, PLATFORMS["woocommerce"], str(Unreadable("not yet")))

    found = read(event.model_dump_json(exclude_none=True).encode())

    assert found.subject.startswith("webhook/")
    assert found.object_key == "order/1001"


def test_kept_webhook_that_still_cannot_be_read_is_on_its_own() -> None:
    kept = Webhook("acme-woo", {}, b"{", datetime(2026, 11, 24, tzinfo=UTC))
    event = unreadable_event(kept, PLATFORMS["woocommerce"], "no JSON")

    found = read(event.model_dump_json(exclude_none=True).encode())

    assert found.object_key == found.subject


def test_message_id_that_amqp_cannot_carry_is_left_out() -> None:
    assert Outgoing("", "orders", b"", "é" * 127).message_id == "é" * 127
    assert Outgoing("", "orders", b"", "é" * 128).message_id is None
