"""Shopify's payouts and balance transactions, read."""

import json
from decimal import Decimal
from typing import Any

import pytest

from events.stores.platform import Unreadable
from schemas.envelope import Envelope
from schemas.payouts import Payout
from tests.events.stores.deliveries import assert_payload_fits, changed, read
from tests.fixtures.webhooks import body_of

FIXTURE = "shopify/shopify_payments_payouts__charge_refund_dispute"


def body() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body_of(FIXTURE))
    return found


def with_status(status: str) -> list[Envelope]:
    return changed(FIXTURE, payout={**body()["payout"], "status": status})


def test_payout_adds_up_to_the_bank_s_amount() -> None:
    (event,) = read(FIXTURE)

    assert_payload_fits(event)
    payout = Payout.model_validate_json(json.dumps(event.data))
    assert (event.type, event.subject) == ("orders.payout_paid", "payout/61400005")
    assert (
        sum((part.amount - part.fee for part in payout.parts), Decimal(0))
        == payout.amount
        == Decimal("41.53")
    )
    assert [(part.kind, part.word, part.order_id) for part in payout.parts] == [
        ("charge", "charge", "217130470"),
        ("charge", "charge", "217130471"),
        ("refund", "refund", "217130470"),
        ("adjustment", "dispute", "217130471"),
    ]
    assert payout.parts[0].part_id == "9007199254740993", "ids above 2^53 stay whole"


@pytest.mark.parametrize("status", ["scheduled", "in_transit"])
def test_payout_on_its_way_makes_no_event(status: str) -> None:
    assert with_status(status) == []


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_payout_that_the_bank_refused_is_another_event(status: str) -> None:
    (event,) = with_status(status)
    (paid,) = read(FIXTURE)

    assert_payload_fits(event)
    assert event.type == "orders.payout_failed"
    assert event.id != paid.id and event.time >= paid.time


def test_payout_is_the_same_event_whenever_it_is_read() -> None:
    assert read(FIXTURE)[0].id == changed(FIXTURE, read_again=True)[0].id


def test_payout_of_the_test_mode_makes_no_event() -> None:
    rows = [{**row, "test": True} for row in body()["transactions"]]

    assert changed(FIXTURE, transactions=rows) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"date": "soon"}, "no day"),
        ({"amount": None}, "says no amount"),
        ({"currency": "CAD"}, "its transaction"),
        ({"id": None}, "no id"),
    ],
    ids=["day", "amount", "currency", "id"],
)
def test_payout_that_cannot_be_read_is_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        changed(FIXTURE, payout={**body()["payout"], **change})
