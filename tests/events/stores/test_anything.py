"""Whatever a store sends, reading it makes events or says what is wrong: never a traceback."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.shopify.topics import USED
from events.stores.unreadable import read_again, unreadable_event
from events.stores.webhook import Webhook
from tests.events.stores.deliveries import RECEIVED_AT, TOPIC_HEADERS, assert_payload_fits, recorded, webhook

WOO_TOPICS = [
    f"{resource}.{action}"
    for resource in ("order", "product", "customer")
    for action in ("created", "updated", "deleted", "restored")
]
TOPICS = [("woocommerce", topic) for topic in WOO_TOPICS] + [("shopify", topic) for topic in sorted(USED)]

ODD = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e400",
        "1e-400",
        "NaN",
        "9" * 40,
        "0.1" * 3,
        "\x00",
        "\ud800",
        "2026-01-01",
        [],
        {},
        None,
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), ODD,
    st.integers(min_value=2**63, max_value=2**80),
)  # fmt: skip
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIXTURES = [
    "woocommerce/order.created__two_taxes_and_discounts",
    "woocommerce/order.updated__refunded_whole",
    "woocommerce/order.updated__legacy_wrapper",
    "woocommerce/product.updated__with_stock",
    "woocommerce/customer.updated__plain",
    "shopify/orders_updated__partly_refunded",
    "shopify/orders_create__tip_duties_cash_rounding",
    "shopify/refunds_create__line_and_shipping",
    "shopify/products_update__two_variants",
    "shopify/inventory_levels_update__counted",
    "shopify/customers_redact__one",
]


def read_or_refuse(delivery: Webhook, platform: str) -> None:
    try:
        events = PLATFORMS[platform].read(delivery)
    except Unreadable as refusal:
        assert refusal.problem.endswith(".")
        kept = unreadable_event(delivery, PLATFORMS[platform], refusal.problem)
        kept.model_dump_json()
        with pytest.raises(Unreadable):
            read_again(kept)
    else:
        for event in events:
            assert_payload_fits(event)
            event.model_dump_json()


@settings(max_examples=150, deadline=None)
@given(
    topic=st.sampled_from(TOPICS), body=st.dictionaries(st.text(max_size=6), ANY_JSON, max_size=4) | ANY_JSON
)
def test_random_json_is_read_or_refused(topic: tuple[str, str], body: Any) -> None:
    read_or_refuse(webhook(*topic, json.dumps(body).encode()), topic[0])


@settings(max_examples=60, deadline=None)
@given(topic=st.sampled_from(TOPICS), body=st.binary(max_size=40))
def test_random_bytes_are_read_or_refused(topic: tuple[str, str], body: bytes) -> None:
    read_or_refuse(webhook(*topic, body), topic[0])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_real_body_with_anything_in_one_place_is_read_or_refused(data: st.DataObject) -> None:
    fixture = data.draw(st.sampled_from(FIXTURES))
    delivery = recorded(fixture)
    body = json.loads(delivery.body)
    place: Any = body
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place))))
        )
        if not (isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    place[key] = data.draw(ANY_JSON)
    platform = fixture.partition("/")[0]

    read_or_refuse(
        webhook(platform, delivery.header(TOPIC_HEADERS[platform]), json.dumps(body).encode()), platform
    )


@settings(max_examples=60, deadline=None)
@given(body=ANY_JSON)
def test_random_envelope_is_refused(body: Any) -> None:
    read_or_refuse(Webhook("acme", {}, json.dumps(body).encode(), RECEIVED_AT), "counterfoil")
