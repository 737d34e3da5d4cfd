"""Delete and void. Facts: recorded answers."""

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line, trial_balance_difference

VOID = frozenset({"void"})


def test_deleted_transaction_is_answered_with_its_status_and_gone(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))

    answer = company.delete("Invoice", key(invoice))

    assert answer == {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert company.query(f"select * from Invoice where Id = '{invoice['Id']}'") == {}
    error = refused(lambda: company.read("Invoice", invoice["Id"]))
    assert (error.code, error.detail) == (
        "610",
        "Object Not Found : Another user has deleted this transaction.",
    )
    assert refused(lambda: company.update("Invoice", key(invoice, sparse=True))).code == "610"
    assert refused(lambda: company.delete("Invoice", key(invoice))).code == "610"


def test_delete_needs_the_current_token(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    company.update("Invoice", key(invoice, sparse=True, PrivateNote="x"))

    assert refused(lambda: company.delete("Invoice", key(invoice))).code == "5010"


def test_deleted_sale_leaves_no_trace_in_the_books(company: Company) -> None:
    before = company.report("TrialBalance", {})["Rows"]
    body = sale(
        sale_line(90, item="5", quantity=2, price=45, tax="TAX"),
        TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}},
    )

    company.delete("SalesReceipt", key(company.create("SalesReceipt", body)))

    assert company.report("TrialBalance", {})["Rows"] == before


def test_voided_sales_receipt_keeps_its_number_and_loses_its_amounts(company: Company) -> None:
    receipt = company.create(
        "SalesReceipt", sale(sale_line(90, item="5", quantity=2, price=45), DocNumber="V-1")
    )

    voided = company.update("SalesReceipt", key(receipt, sparse=True), include=VOID)

    assert (voided["DocNumber"], voided["TotalAmt"], voided["PrivateNote"]) == ("V-1", 0, "Voided")
    assert voided["SyncToken"] == "1"
    detail = voided["Line"][0]["SalesItemLineDetail"]
    assert (voided["Line"][0]["Amount"], detail["Qty"], detail["UnitPrice"]) == (0, 0, 0)
    assert trial_balance_difference(company) == 0


def test_void_puts_its_word_before_the_note(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(90), PrivateNote="for Ann"))

    voided = company.void("Invoice", key(invoice))

    assert voided["PrivateNote"].startswith("Voided")
    assert voided["PrivateNote"].endswith("for Ann")
    assert (voided["Balance"], voided["TotalAmt"]) == (0, 0)


def test_voided_invoice_can_be_found_by_its_number(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(90), DocNumber="V-2"))

    company.void("Invoice", key(invoice))

    assert company.query("select * from Invoice where DocNumber = 'V-2'")["maxResults"] == 1


@pytest.mark.parametrize("entity", ["SalesReceipt", "Payment", "CreditMemo", "RefundReceipt"])
def test_operation_void_is_for_invoices_only(company: Company, entity: str) -> None:
    assert refused(lambda: company.void(entity, {"Id": "1", "SyncToken": "0"})).code == "500"


@pytest.mark.parametrize("entity", ["CreditMemo", "RefundReceipt", "InventoryAdjustment", "Estimate"])
def test_some_transactions_cannot_be_voided_at_all(company: Company, entity: str) -> None:
    assert refused(lambda: company.update(entity, {"Id": "1", "SyncToken": "0"}, include=VOID)).code == "500"


def test_void_with_an_old_token_is_5010(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(9)))
    company.update("SalesReceipt", key(receipt, sparse=True, PrivateNote="x"))

    error = refused(lambda: company.update("SalesReceipt", key(receipt, sparse=True), include=VOID))

    assert error.code == "5010"
