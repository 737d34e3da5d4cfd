"""Orders and refunds that are not right: what comes back, and where the message is now."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.workers.bad_input.way import Way, line, order
from tests.workers.play import played
from tests.workers.runtime.rig import Rig

Ways = Callable[..., Way]


@pytest.fixture
def way(usual_database_url: str) -> Iterator[Ways]:
    rig = Rig(usual_database_url)
    yield lambda **settings: Way(rig, played(**settings))
    rig.close()


def test_order_whose_total_does_not_add_up_fails_with_both_totals(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.created", order(total="12.00"))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "totals_differ", [])
    assert "the store's total is 12.00, the document's would be 10.80" in failed.message


def test_refund_larger_than_its_sale_fails_and_the_sale_stays(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.updated", order(refunds=[{"id": 5, "total": "-99.00"}]))

    failed = shop.the_failed()
    assert (settled, failed.reason) == (["booked", "dead_letter"], "totals_differ")
    assert "is 99.00, but only 10.80 of SalesReceipt 1001 is left" in failed.message
    assert shop.documents() == [("SalesReceipt", "10.80")]


def test_second_refund_that_exceeds_what_the_first_left_fails_alone(way: Ways) -> None:
    shop = way(items={"refund_adjustment": "12"})
    refunds = [{"id": 6, "total": "-8.00"}, {"id": 5, "total": "-8.00"}]

    settled = shop.send("woocommerce", "order.updated", order(refunds=refunds))

    assert settled == ["booked", "booked", "dead_letter"]
    assert "but only 2.80 of SalesReceipt 1001 is left" in shop.the_failed().message
    assert shop.documents() == [("SalesReceipt", "10.80"), ("RefundReceipt", "8.00")]


def test_order_paid_in_a_currency_that_the_company_does_not_keep_fails_and_is_never_one_to_one(
    way: Ways,
) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.created", order(currency="EUR"))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "currency_unsupported", [])
    assert "is in EUR, but the QuickBooks company keeps only USD" in failed.message


def test_payment_in_another_currency_than_its_invoice_fails_and_the_invoice_stays_open(way: Ways) -> None:
    shop = way()
    shop.send("woocommerce", "order.created", order(status="on-hold", date_paid_gmt=None))

    paid = order(currency="EUR", date_modified_gmt="2026-11-24T08:00:00")
    settled = shop.send("woocommerce", "order.updated", paid)

    failed = shop.the_failed()
    assert (settled, failed.reason) == (["dead_letter"], "currency_unsupported")
    assert "is in EUR by now, but Invoice 1001 was booked in USD" in failed.message
    assert shop.documents() == [("Invoice", "10.80")]


def test_unknown_status_with_a_payment_is_booked_as_paid(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.updated", order(status="awaiting-pickup"))

    assert (settled, shop.failed(), shop.documents()) == (["booked"], [], [("SalesReceipt", "10.80")])


def test_unknown_status_without_a_payment_is_an_open_invoice(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.updated", order(status="awaiting-pickup", date_paid_gmt=None))

    assert (shop.failed(), shop.documents()) == ([], [("Invoice", "10.80")])


def test_status_that_is_not_chosen_is_skipped_and_lies_nowhere(way: Ways) -> None:
    shop = way(statuses=("completed",))

    settled = shop.send("woocommerce", "order.updated", order(status="awaiting-pickup"))

    assert (settled, shop.failed(), shop.documents()) == (["skipped"], [], [])


def test_order_line_of_a_product_without_sku_that_nobody_knows_fails_with_its_name(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.created", order(line_items=[line(sku="", name="Loose Tea")]))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "product_unknown", [])
    assert 'product "Loose Tea" (SKU missing): QuickBooks has no item for it' in failed.message
    assert failed.fix == "counterfoil connections set acme-woo unknown_product=fallback"


def many(count: int) -> dict[str, Any]:
    lines = [
        line(id=number, subtotal="1.00", total="1.00", total_tax="0.08", taxes=[{"id": 3, "total": "0.08"}])
        for number in range(1, count + 1)
    ]
    tax = f"{count * 8 / 100:.2f}"
    taxes = [{"rate_id": 3, "label": "CA", "rate_percent": 8, "tax_total": tax}]
    return order(line_items=lines, total=f"{count * 1.08:.2f}", total_tax=tax, tax_lines=taxes)


def test_750_taxable_lines_fail_before_anything_is_sent(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.created", many(750))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "order_too_long", [])
    assert "has 750 taxable lines; QuickBooks takes 749 in one document" in failed.message


def test_749_taxable_lines_are_booked_whole(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.created", many(749))

    assert (shop.failed(), shop.documents()) == ([], [("SalesReceipt", "808.92")])


def test_order_without_any_line_is_skipped_until_it_has_one(way: Ways) -> None:
    shop = way()
    empty = order(line_items=[], tax_lines=[], total="0.00", total_tax="0.00", status="pending")

    first = shop.send("woocommerce", "order.created", {**empty, "date_paid_gmt": None})
    second = shop.send("woocommerce", "order.updated", order(date_modified_gmt="2026-11-24T08:00:00"))

    assert (first, second, shop.failed()) == (["skipped"], ["booked"], [])
    assert shop.documents() == [("SalesReceipt", "10.80")]


def test_open_order_that_was_emptied_is_voided_and_booked_anew_when_it_has_lines_again(way: Ways) -> None:
    shop = way()
    unpaid = order(status="on-hold", date_paid_gmt=None)
    empty = {**unpaid, "line_items": [], "tax_lines": [], "total": "0.00", "total_tax": "0.00"}
    shop.send("woocommerce", "order.created", unpaid)

    shop.send("woocommerce", "order.updated", {**empty, "date_modified_gmt": "2026-11-24T08:00:00"})
    shop.send("woocommerce", "order.updated", {**empty, "date_modified_gmt": "2026-11-24T09:00:00"})
    shop.send("woocommerce", "order.updated", {**unpaid, "date_modified_gmt": "2026-11-24T10:00:00"})

    assert shop.failed() == []
    assert shop.documents() == [("Invoice", "10.80"), ("Invoice", "0")]


def test_body_that_is_no_order_is_kept_as_an_unreadable_webhook(way: Ways) -> None:
    shop = way()

    settled = shop.send("woocommerce", "order.updated", order(line_items="two notebooks"))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "unreadable_webhook", [])
    assert '"line_items" is a text of 13 characters, not a list of objects' in failed.message
