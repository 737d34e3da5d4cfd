"""Closed books and ended subscriptions. Facts: Intuit's page "Error codes", recorded faults."""

from datetime import UTC, date, datetime

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


@pytest.mark.parametrize(("password", "code"), [(False, "6200"), (True, "6210")])
def test_nothing_can_be_dated_into_a_closed_period(company: Company, password: bool, code: str) -> None:
    company.settings.closed_books_date = date(2025, 12, 31)
    company.settings.closed_books_password = password

    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1), TxnDate="2025-12-31")))

    assert error.code == code
    assert error.message == "Account Period Closed, Cannot Update Through Services API"
    assert company.create("SalesReceipt", sale(sale_line(1), TxnDate="2026-01-01"))["TotalAmt"] == 1


def test_what_lies_in_a_closed_period_cannot_be_changed_moved_voided_or_deleted(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(1), TxnDate="2025-12-31"))
    company.settings.closed_books_date = date(2025, 12, 31)

    calls = (
        lambda: company.update("SalesReceipt", key(receipt, sparse=True, PrivateNote="x")),
        lambda: company.update("SalesReceipt", key(receipt, sparse=True, TxnDate="2026-02-01")),
        lambda: company.update("SalesReceipt", key(receipt, sparse=True), include=frozenset({"void"})),
        lambda: company.delete("SalesReceipt", key(receipt)),
    )

    assert [refused(call).code for call in calls] == ["6200"] * 4


def test_ended_subscription_is_6190_whatever_is_asked(company: Company) -> None:
    company.settings.subscription_ended = True

    calls = (
        lambda: company.create("Customer", {"DisplayName": "X"}),
        lambda: company.read("Customer", "1"),
        lambda: company.query("select * from Customer"),
        lambda: company.cdc(["Customer"], datetime(2026, 3, 1, tzinfo=UTC)),
        lambda: company.report("TrialBalance", {}),
    )

    assert [refused(call).code for call in calls] == ["6190"] * 5
    assert refused(calls[0]).detail.startswith(
        "Subscription period has ended or canceled or there was a billing problem : "
    )


def test_plan_without_classes_is_5030(company: Company) -> None:
    company.settings.plan.classes = False

    assert refused(lambda: company.create("Class", {"Name": "New"})).code == "5030"


def test_unknown_entity_and_operation_are_500(company: Company) -> None:
    assert refused(lambda: company.create("Spaceship", {})).code == "500"
    assert refused(lambda: company.create("Preferences", {})).code == "500"
    assert refused(lambda: company.report("Weather", {})).code == "500"
