"""Orders whose buyer saw another currency than the shop's: both stand in the event (A52)."""

import json
from decimal import Decimal
from typing import Any

from schemas.orders import OrderAmounts
from tests.events.stores.deliveries import changed, order_of, read, recorded, refunds_of

FOREIGN = "shopify/orders_create__presentment_currency"
REFUNDED = "shopify/orders_updated__partly_refunded"


def seen(fixture: str = FOREIGN, **values: Any) -> OrderAmounts:
    found = order_of(changed(fixture, **values)).presentment
    assert found is not None
    return found


def test_order_in_the_shops_own_currency_has_no_second_amounts() -> None:
    assert order_of(read("shopify/orders_paid__two_taxes")).presentment is None


def test_a52_amounts_of_the_buyer_add_up_in_the_buyers_currency() -> None:
    order = order_of(read(FOREIGN))

    amounts = seen()
    assert (order.currency, order.total) == ("AUD", Decimal("66.00"))
    assert (amounts.currency, amounts.total) == ("USD", Decimal("50.16"))
    assert sum(line.total + line.tax for line in amounts.lines) == amounts.total
    assert amounts.amount_paid == amounts.total


def test_a50_stores_rate_is_what_one_unit_of_the_buyers_currency_was_worth() -> None:
    rate = seen().exchange_rate

    assert rate is not None
    assert (rate.into, str(rate.rate)) == ("AUD", "1.31578947")


def test_amount_that_is_told_in_the_shops_currency_only_is_converted() -> None:
    assert seen(total_tip_received="13.16").tip == Decimal("10.00")


def in_euro(value: Any) -> Any:
    """The same body for a buyer who saw euros, two dollars each."""
    if isinstance(value, list):
        return [in_euro(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: in_euro(inner) for name, inner in value.items()}
    if "presentment_money" in found:
        half = Decimal(str(found["shop_money"]["amount"])) / 2
        found["presentment_money"] = {"amount": f"{half:.2f}", "currency_code": "EUR"}
    return found


def test_a52_refund_has_the_buyers_amounts_beside_the_shops() -> None:
    body = in_euro(json.loads(recorded(REFUNDED).body))
    money = {"shop_money": {"amount": "52.92", "currency_code": "USD"}}
    body["total_price_set"] = {**money, "presentment_money": {"amount": "26.46", "currency_code": "EUR"}}
    for transaction in body["refunds"][0]["transactions"]:
        transaction |= {"amount": "14.31", "currency": "EUR"}

    (refund,) = refunds_of(changed(REFUNDED, **body))

    assert (refund.currency, refund.total) == ("USD", Decimal("28.62"))
    assert refund.presentment is not None
    assert (refund.presentment.currency, refund.presentment.total) == ("EUR", Decimal("14.31"))
