"""``counterfoil check`` on a shop and a sandbox company: each kind of difference is found, and a clean set is clean."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from tests.ops.check.conftest import NOON, ShopOffice, kinds
from tests.ops.office import NAME

pytestmark = pytest.mark.slow
"""Each has a company of its own; ``test_comparison`` has the rules themselves."""


def test_books_that_say_what_the_store_says_are_clean(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.sell(2, total="12.50")
    shop.refund(2, 7, "2.50", at=NOON + timedelta(hours=1))
    shop.sell(3, status="pending", date_paid_gmt=None)
    shop.book(1, 2, 3)

    report = shop.check()
    text = shop.office.run("check", NAME).output

    assert (report["findings"], report["off"], report["store_asked"]) == ([], 0, True)
    assert report["compared"] == {"store_orders": 3, "ledger_documents": 4, "quickbooks_documents": 4}
    (clearing,) = report["clearing_accounts"]
    assert (clearing["ledger"], clearing["quickbooks"], clearing["difference"]) == ("20.00", "20.00", "0.00")
    assert "nothing is off: 2026-11-20 to" in " ".join(text.split())


def test_order_and_refund_that_nobody_booked_are_missing_in_the_ledger(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    shop.refund(1, 7, "4.00", at=NOON + timedelta(hours=1))
    shop.sell(2)

    report = shop.check(code=1)

    assert kinds(report) == [("missing_in_ledger", "order/2"), ("missing_in_ledger", "refund/7")]
    assert [one["store"] for one in report["findings"]] == ["10.00", "4.00"]
    assert report["findings"][0]["todo"].endswith(
        "counterfoil backfill acme-woo --since 2026-11-19 --only orders"
    )


def test_document_that_a_bookkeeper_deleted_or_voided_is_missing_in_quickbooks(shop: ShopOffice) -> None:
    for number in (1, 2, 3):
        shop.sell(number)
    shop.book(1, 2, 3)
    deleted, void = shop.document("1"), shop.document("2")
    shop.office.write("SalesReceipt", "delete", {"Id": deleted["Id"], "SyncToken": deleted["SyncToken"]})
    shop.office.write(
        "SalesReceipt", "void", {"Id": void["Id"], "SyncToken": void["SyncToken"], "sparse": True}
    )

    report = shop.check(code=1)

    missing = [one for one in report["findings"] if one["kind"] == "missing_in_quickbooks"]
    assert sorted(one["subject"] for one in missing) == ["order/1", "order/2"]
    assert sorted("is void in" in one["message"] for one in missing) == [False, True]
    (clearing,) = report["clearing_accounts"]
    assert (clearing["expected"], clearing["quickbooks"], clearing["difference"]) == (
        "30.00",
        "10.00",
        "-20.00",
    )
    assert kinds(report)[-1][0] == "clearing_account"


def test_receipt_that_was_copied_with_our_mark_is_doubled(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    original = shop.document("1")
    copied = {
        name: original[name]
        for name in ("CustomerRef", "Line", "PrivateNote", "DepositToAccountRef", "TxnDate")
    }
    copy = shop.office.write("SalesReceipt", "create", {**copied, "DocNumber": "1-COPY"})

    report = shop.check(code=1)

    doubled = report["findings"][0]
    assert (doubled["kind"], doubled["subject"]) == ("doubled_in_quickbooks", "order/1")
    assert doubled["todo"] == f"Void or delete SalesReceipt {copy['Id']} in QuickBooks."
    assert (doubled["ledger"], doubled["quickbooks"]) == ("10.00", "20.00")


def test_sale_that_was_entered_by_hand_as_well_is_doubled(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    original = shop.document("1")
    by_hand = {name: original[name] for name in ("CustomerRef", "Line", "TxnDate")}
    invoice = shop.office.write("Invoice", "create", {**by_hand, "DocNumber": "01"})
    shop.change("Invoice", invoice, DocNumber="1")

    report = shop.check(code=1)

    assert kinds(report) == [("doubled_in_quickbooks", "order/1")]
    assert "has the number and the amount of SalesReceipt" in report["findings"][0]["message"]


def test_totals_that_differ_are_shown_side_by_side(shop: ShopOffice) -> None:
    for number in (1, 2):
        shop.sell(number)
    shop.book(1, 2)
    receipt = shop.document("1")
    line = {**receipt["Line"][0], "Amount": 9.0}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "UnitPrice": 9.0}
    shop.change("SalesReceipt", receipt, Line=[line])
    shop.sell(2, total="11.00", at=NOON + timedelta(hours=2))

    report = shop.check(code=1)

    different = {one["subject"]: one for one in report["findings"] if one["kind"] == "different"}
    assert (different["order/1"]["ledger"], different["order/1"]["quickbooks"]) == ("10.00", "9.00")
    assert (different["order/2"]["store"], different["order/2"]["ledger"]) == ("11.00", "10.00")
    assert "backfill" in different["order/2"]["todo"]


def test_marked_document_that_no_ledger_entry_knows_is_told(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    original = shop.document("1")
    copied = {name: original[name] for name in ("CustomerRef", "Line", "TxnDate", "DepositToAccountRef")}
    note = {"PrivateNote": "counterfoil:acme-woo:order:99\nOrder 99", "DocNumber": "99"}
    strange = shop.office.write("SalesReceipt", "create", {**copied, **note})
    other_shop = {"PrivateNote": "counterfoil:other-shop:order:99", "DocNumber": "other"}
    shop.office.write("SalesReceipt", "create", {**copied, **other_shop})

    report = shop.check(code=1)

    assert kinds(report)[0] == ("unknown_to_ledger", "order/99")
    assert report["findings"][0]["document"] == f"SalesReceipt {strange['Id']}"
    assert len([one for one in report["findings"] if one["kind"] == "unknown_to_ledger"]) == 1


def test_clearing_account_with_a_payout_is_explained_and_one_with_a_stranger_is_not(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    bank = shop.office.objects("Account")["Checking"]["Id"]
    source = {"AccountRef": {"value": shop.clearing}}
    line = {"Amount": 9.5, "DetailType": "DepositLineDetail", "DepositLineDetail": source}
    payout = {"DepositToAccountRef": {"value": bank}, "Line": [line]}
    shop.office.write("Deposit", "create", payout)
    moved = {"FromAccountRef": {"value": shop.clearing}, "ToAccountRef": {"value": bank}, "Amount": 0.25}
    shop.office.write("Transfer", "create", moved)

    (clean,) = shop.check()["clearing_accounts"]
    receipt = shop.document("1")
    shop.change("SalesReceipt", receipt, DepositToAccountRef={"value": bank})
    report = shop.check(code=1)

    assert (clean["ledger"], clean["other"], clean["quickbooks"]) == ("10.00", "-9.75", "0.25")
    assert kinds(report) == [("different", "order/1"), ("clearing_account", f"account/{shop.clearing}")]
    assert report["clearing_accounts"][0]["difference"] == "-10.00"


def test_month_ends_at_midnight_of_the_company_and_not_of_greenwich(shop: ShopOffice) -> None:
    shop.office.set(time_zone="America/New_York")
    shop.sell(1, at=datetime(2026, 11, 1, 3, 30, tzinfo=UTC))  # 23:30 on October 31st in New York
    shop.sell(2, at=datetime(2026, 11, 1, 4, 30, tzinfo=UTC))
    shop.book(1, 2)
    shop.sell(3, at=datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC))
    shop.sell(4, at=datetime(2026, 10, 1, 3, 59, 59, tzinfo=UTC))

    october, november = shop.check("--month", "2026-10", code=1), shop.check("--month", "2026-11")

    assert kinds(october) == [("missing_in_ledger", "order/3")]
    assert (october["from"], october["to"]) == ("2026-10-01", "2026-10-31")
    assert [one["compared"]["quickbooks_documents"] for one in (october, november)] == [1, 1]
    assert [one["clearing_accounts"][0]["quickbooks"] for one in (october, november)] == ["10.00", "10.00"]


def test_refund_in_another_month_belongs_to_its_own_month(shop: ShopOffice) -> None:
    shop.sell(1, at=datetime(2026, 9, 10, tzinfo=UTC))
    shop.book(1)
    shop.refund(1, 7, "4.00", at=datetime(2026, 10, 5, tzinfo=UTC))

    september, october = shop.check("--month", "2026-09"), shop.check("--month", "2026-10", code=1)
    shop.book(1)
    booked = [shop.check("--month", month) for month in ("2026-09", "2026-10")]

    assert kinds(september) == []
    assert kinds(october) == [("missing_in_ledger", "refund/7")]
    moved = [one["clearing_accounts"][0]["quickbooks"] for one in booked]
    assert moved == ["10.00", "-4.00"]


def test_document_dated_in_another_month_by_a_bookkeeper_is_not_missing_but_told(shop: ShopOffice) -> None:
    shop.sell(1, at=datetime(2026, 10, 31, 12, 0, tzinfo=UTC))
    shop.book(1)
    shop.change("SalesReceipt", shop.document("1"), TxnDate="2026-11-02")

    found = [kinds(shop.check("--month", month)) for month in ("2026-10", "2026-11")]

    assert found == [[("another_month", "order/1")], []]


def test_deleted_document_is_missing_in_the_month_of_its_order(shop: ShopOffice) -> None:
    shop.sell(1, at=datetime(2026, 10, 20, tzinfo=UTC))
    shop.book(1)
    receipt = shop.document("1")
    shop.office.write("SalesReceipt", "delete", {"Id": receipt["Id"], "SyncToken": receipt["SyncToken"]})

    october = shop.check("--month", "2026-10", code=1)
    november = shop.check("--month", "2026-11")
    without_store = shop.check("--month", "2026-10", "--without-store", code=1)

    assert kinds(october)[0] == ("missing_in_quickbooks", "order/1")
    assert kinds(without_store)[0] == ("missing_in_quickbooks", "order/1")
    assert november["findings"] == []


def test_store_that_cannot_be_asked_is_said_and_fails_unless_nobody_wanted_it(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    shop.office.run("connections", "set", NAME, "store_secret=wrong")

    report = shop.check(code=1)
    text = shop.office.run("check", NAME, code=1).output
    without = shop.check("--without-store")

    assert (report["findings"], report["store_asked"]) == ([], False)
    assert "does not accept our credentials" in report["store"]
    assert "The store was not compared." in text
    assert without["compared"]["quickbooks_documents"] == 1


def test_failed_order_is_missing_for_the_reason_of_its_failure(shop: ShopOffice) -> None:
    shop.office.set(accounts={"deposit": None}, start_date="2026-11-01")
    shop.sell(1)
    shop.book(1)

    report = shop.check(code=1)

    (found,) = report["findings"]
    assert (found["kind"], found["subject"]) == ("missing_in_ledger", "order/1")
    assert 'payment gateway "stripe" has no QuickBooks account' in found["message"]
    assert found["todo"].startswith("counterfoil errors fix ")


def test_undone_order_is_told_and_is_not_off(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    (event_id,) = shop.office.entries()
    shop.office.run("ledger", "undo", event_id, "--yes")

    report = shop.check()

    assert kinds(report) == [("undone", "order/1")]
    assert report["notes"] == ["1 undone: decided by a person, not off."]
    assert report["clearing_accounts"][0]["difference"] == "0.00"


def test_order_that_is_gone_from_the_store_is_told_and_is_not_off(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    del shop.shop.orders[1]

    report = shop.check()

    assert kinds(report) == [("gone_from_store", "order/1")]


def test_order_of_a_moment_ago_is_still_on_its_way(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    shop.sell(2, at=datetime.now(UTC) - timedelta(minutes=2))

    report = shop.check()

    assert report["findings"] == []


def test_part_payment_of_an_invoice_that_was_not_booked_is_different(shop: ShopOffice) -> None:
    """A bookkeeper deletes a payment; and what the store received is compared with what is booked as paid."""
    shop.office.set(document="invoice")
    shop.sell(1)
    shop.book(1)
    (payment,) = shop.office.documents("Payment")
    shop.office.write("Payment", "delete", {"Id": payment["Id"], "SyncToken": payment["SyncToken"]})
    shop.sell(2, status="on-hold", date_paid_gmt=None)
    shop.book(2)
    shop.sell(2, at=NOON + timedelta(hours=1))

    report = shop.check(code=1)

    found = {one["subject"]: one for one in report["findings"] if one["kind"] != "clearing_account"}
    assert (found["order/1"]["kind"], found["order/1"]["document"]) == (
        "missing_in_quickbooks",
        f"Payment {payment['Id']}",
    )
    assert (found["order/2"]["kind"], found["order/2"]["store"], found["order/2"]["ledger"]) == (
        "different",
        "10.00",
        "0.00",
    )


def test_edited_receipt_with_its_reversal_is_clean(shop: ShopOffice) -> None:
    shop.sell(1)
    shop.book(1)
    shop.sell(1, total="12.00", at=NOON + timedelta(hours=1))
    shop.book(1)

    report = shop.check()

    assert report["findings"] == []
    assert report["compared"]["quickbooks_documents"] == 3
    assert report["clearing_accounts"][0]["quickbooks"] == "12.00"


def test_findings_come_as_csv(shop: ShopOffice) -> None:
    shop.sell(1)

    text = shop.office.run("check", NAME, "--month", "2026-11", "--csv", code=1).stdout

    (row,) = csv.DictReader(StringIO(text))
    assert (row["kind"], row["subject"], row["store"], row["ledger"]) == (
        "missing_in_ledger",
        "order/1",
        "10.00",
        "",
    )


def test_words_that_are_wrong_are_said(shop: ShopOffice) -> None:
    wrong = {
        ("nobody",): (1, 'There is no connection "nobody".'),
        (NAME, "--month", "2026-13"): (2, "'2026-13' is no month such as 2026-10."),
        (NAME, "--month", "October"): (2, "is no month"),
        (NAME, "--csv", "--json"): (2, "do not go together"),
    }

    said = {words: shop.office.run("check", *words, code=code).output for words, (code, _) in wrong.items()}

    assert [words for words, text in said.items() if wrong[words][1] not in text] == []
