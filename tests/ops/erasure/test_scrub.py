"""What stays of a message: everything that the books need, nothing that says who somebody is. Pure."""

from base64 import b64encode

import orjson
import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.unreadable import unreadable_event
from ops.erasure.person import Person, personal_words
from ops.erasure.scrub import NOTHING_LEFT, scrubbed_body, scrubbed_text
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.orders import Order
from tests.events.stores.deliveries import read, recorded
from tests.fixtures.webhooks import HERE

FIXTURES = sorted(f"{path.parent.name}/{path.stem}" for path in HERE.rglob("*.json"))


def body_of(event: Envelope) -> bytes:
    return orjson.dumps(event.model_dump(mode="json"))


def order(**buyer: object) -> bytes:
    """An order that is an event, of a buyer who may be anything."""
    envelope = {"id": "1", "type": "orders.paid", "data": {"buyer": buyer}}
    return orjson.dumps(envelope)


@pytest.mark.parametrize("fixture", FIXTURES)
def test_recorded_webhook_loses_every_personal_word_and_stays_an_event(fixture: str) -> None:
    try:
        events = read(fixture)
    except Unreadable:
        events = []
    delivery = recorded(fixture)
    kept = unreadable_event(delivery, PLATFORMS[fixture.partition("/")[0]], "It cannot be read.")

    for event in (*events, kept):
        before = body_of(event)
        after = scrubbed_body(before)

        data = orjson.loads(after)["data"]
        texts = orjson.dumps(data).decode()
        assert [word for word in personal_words(before) if f'"{word}"' in texts] == []
        assert scrubbed_body(after) == after
        EVENT_TYPES[event.type].model_validate_json(orjson.dumps(data))
        assert orjson.loads(after) == {**orjson.loads(before), "data": data}


def test_order_keeps_amounts_lines_and_the_region_that_taxes_it() -> None:
    (event,) = [one for one in read("shopify/orders_paid__two_taxes") if one.type == "orders.paid"]

    before = Order.model_validate(event.data)
    after = Order.model_validate(orjson.loads(scrubbed_body(body_of(event)))["data"])

    assert before.buyer.email and not after.buyer.email
    assert (after.buyer.billing.region, after.buyer.billing.line1) == (before.buyer.billing.region, "")
    unnamed = before.model_copy(update={"buyer": after.buyer, "note": ""})
    assert after == unnamed


@pytest.mark.parametrize(
    ("body", "is_theirs"),
    [
        (order(customer_id="77"), True),
        (order(customer_id="78"), False),
        (order(email="ANN@Shop.example"), True),
        (order(note={"deep": ["write to ann@shop.example"]}), True),
        (order(email="nan@shop.example"), False),
        (b"no event: ann@shop.example", True),
        (b'"just text"', False),
        (b'{"data": {"body_base64": "' + b64encode(b'{"email": "\\u0061nn@shop.example"}') + b'"}}', True),
        (b'{"data": {"body_base64": "not base64"}}', False),
        (b"\xff\xfe", False),
    ],
)
def test_message_is_somebodys_by_id_or_by_email_wherever_it_stands(body: bytes, *, is_theirs: bool) -> None:
    person = Person.of(contact_id="77", email="Ann@shop.example")

    assert person.concerns(body) is is_theirs


def test_message_that_is_no_event_keeps_nothing() -> None:
    assert scrubbed_body(b"no event") == NOTHING_LEFT
    assert scrubbed_body(b"[1]") == NOTHING_LEFT
    assert orjson.loads(scrubbed_body(order(first_name=5))) == {"id": "1", "type": "orders.paid", "data": {}}


def test_sentence_loses_words_however_they_are_written_and_keeps_short_ones() -> None:
    words = personal_words(
        order(first_name="Li", last_name="Wu", email="li.wu@shop.example", company="A (B)*")
    )

    said = scrubbed_text("Order 1 of li wu, LI.WU@SHOP.EXAMPLE, A (B)*: Li has no tax code.", words)

    assert said == "Order 1 of [erased], [erased], [erased]: Li has no tax code."
