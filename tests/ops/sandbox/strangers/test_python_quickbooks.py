"""python-quickbooks (PyPI) on a full tour: only its base address is changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Attachable,
    AttachableRef,
    CompanyInfo,
    CreditMemo,
    Customer,
    Department,
    EmailAddress,
    Employee,
    Estimate,
    Invoice,
    Item,
    Payment,
    PaymentLine,
    PaymentMethod,
    Preferences,
    RefundReceipt,
    SalesItemLine,
    SalesItemLineDetail,
    SalesReceipt,
    TaxAgency,
    TaxCode,
    TaxRate,
    TaxRateDetails,
    TaxService,
    Term,
    Vendor,
)
from quickbooks.objects.base import Address, Ref

from ops.sandbox.testing import SandboxServer


@pytest.fixture
def qb(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    # Its OAuth library speaks plain http only when told so.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")

    class Here(QuickBooks):  # type: ignore[misc]
        sandbox_api_url_v3 = api_url_v3 = f"{server.url}/v3"

    with AuthClient("sandbox", "sandbox", "http://127.0.0.1:9/", server.discovery_url) as auth:
        client = Here(
            auth_client=auth, refresh_token="sandbox", company_id=server.add_company("US"), minorversion=75
        )
        yield client
        client.session.close()


def sale_line(item: Item, amount: float = 100) -> SalesItemLine:
    line = SalesItemLine()
    line.Amount = amount
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = item.to_ref()
    return line


def an_item(qb: QuickBooks) -> Item:
    found: Item = Item.filter(Type="Service", max_results=1, qb=qb)[0]
    return found


def new_customer(qb: QuickBooks, name: str) -> Customer:
    customer = Customer()
    customer.DisplayName = name
    customer.save(qb=qb)
    found: Customer = Customer.get(customer.Id, qb=qb)
    return found


def new_invoice(qb: QuickBooks, customer: Customer, amount: float = 100) -> Invoice:
    invoice = Invoice()
    invoice.Line.append(sale_line(an_item(qb), amount))
    invoice.CustomerRef = customer.to_ref()
    invoice.save(qb=qb)
    found: Invoice = Invoice.get(invoice.Id, qb=qb)
    return found


def test_a_customer_is_created_read_changed_and_made_inactive(qb: QuickBooks) -> None:
    customer = Customer()
    customer.GivenName, customer.FamilyName = "Ann", "Example"
    customer.DisplayName = "Ann's Café"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "ann@example.com"
    customer.BillAddr = Address()
    customer.BillAddr.Line1 = "1 Test Street"
    customer.save(qb=qb)

    found = Customer.get(customer.Id, qb=qb)
    assert found.DisplayName == "Ann's Café"
    assert found.PrimaryEmailAddr.Address == "ann@example.com"
    assert found.BillAddr.Line1 == "1 Test Street"

    found.CompanyName = "Example Ltd"
    found.save(qb=qb)
    assert Customer.get(customer.Id, qb=qb).CompanyName == "Example Ltd"

    (by_name,) = Customer.filter(DisplayName="Ann's Café", qb=qb)
    assert by_name.Id == customer.Id

    by_name.Active = False
    by_name.save(qb=qb)
    assert Customer.filter(DisplayName="Ann's Café", qb=qb) == []


def test_queries_of_every_form(qb: QuickBooks) -> None:
    for number in range(3):
        new_customer(qb, f"Query {number}")

    everyone = Customer.all(max_results=1000, qb=qb)
    count = Customer.count(qb=qb)
    page = Customer.all(order_by="DisplayName DESC", start_position=2, max_results=1, qb=qb)
    liked = Customer.where("DisplayName LIKE 'Query%'", order_by="DisplayName", qb=qb)
    chosen = Customer.choose([one.Id for one in liked[:2]], field="Id", qb=qb)
    raw = Customer.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 2", qb=qb)

    assert len(everyone) == count
    assert len(page) == 1
    assert [one.DisplayName for one in liked] == ["Query 0", "Query 1", "Query 2"]
    assert len(chosen) == 2
    assert len(raw) == 2


def test_an_invoice_is_paid_voided_and_deleted(qb: QuickBooks) -> None:
    customer = new_customer(qb, "Ann")
    invoice = new_invoice(qb, customer)
    assert (invoice.TotalAmt, invoice.Balance) == (100, 100)

    payment = Payment()
    payment.CustomerRef = customer.to_ref()
    payment.TotalAmt = 100
    line = PaymentLine()
    line.Amount = 100
    line.LinkedTxn.append(invoice.to_linked_txn())
    payment.Line.append(line)
    payment.save(qb=qb)
    paid = Invoice.get(invoice.Id, qb=qb)
    assert paid.Balance == 0

    Payment.get(payment.Id, qb=qb).void(qb=qb)
    assert Invoice.get(invoice.Id, qb=qb).Balance == 100

    Invoice.get(invoice.Id, qb=qb).void(qb=qb)
    voided = Invoice.get(invoice.Id, qb=qb)
    assert (voided.TotalAmt, voided.PrivateNote[:6]) == (0, "Voided")

    voided.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(invoice.Id, qb=qb)


def test_the_same_request_id_makes_one_invoice(qb: QuickBooks) -> None:
    customer = new_customer(qb, "Ann")
    before = Invoice.count(qb=qb)
    ids = set()
    for _ in range(2):
        invoice = Invoice()
        invoice.Line.append(sale_line(an_item(qb)))
        invoice.CustomerRef = customer.to_ref()
        invoice.save(qb=qb, request_id="python-quickbooks-1")
        ids.add(invoice.Id)

    assert len(ids) == 1
    assert Invoice.count(qb=qb) == before + 1


def test_a_sales_receipt_is_made_and_voided(qb: QuickBooks) -> None:
    receipt = SalesReceipt()
    receipt.CustomerRef = new_customer(qb, "Ann").to_ref()
    receipt.Line.append(sale_line(an_item(qb), 12.5))
    receipt.save(qb=qb)
    found = SalesReceipt.get(receipt.Id, qb=qb)
    assert found.TotalAmt == 12.5

    found.void(qb=qb)

    assert SalesReceipt.get(receipt.Id, qb=qb).TotalAmt == 0


@pytest.mark.parametrize("kind", [CreditMemo, Estimate])
def test_other_sales_forms(qb: QuickBooks, kind: Any) -> None:
    form = kind()
    form.CustomerRef = new_customer(qb, "Ann").to_ref()
    form.Line.append(sale_line(an_item(qb)))
    form.save(qb=qb)

    assert kind.get(form.Id, qb=qb).TotalAmt == 100


def test_a_refund_receipt(qb: QuickBooks) -> None:
    refund = RefundReceipt()
    refund.CustomerRef = new_customer(qb, "Ann").to_ref()
    refund.DepositToAccountRef = Account.filter(AccountType="Bank", qb=qb)[0].to_ref()
    refund.Line.append(sale_line(an_item(qb), 30))
    refund.save(qb=qb)

    assert RefundReceipt.get(refund.Id, qb=qb).TotalAmt == 30


def test_items_accounts_and_lists(qb: QuickBooks) -> None:
    account = Account()
    account.Name, account.AccountSubType = "Online sales", "SalesOfProductIncome"
    account.save(qb=qb)
    assert Account.get(account.Id, qb=qb).AccountType == "Income"

    item = Item()
    item.Name, item.Type, item.Sku = "Tote bag", "NonInventory", "TOTE-1"
    item.IncomeAccountRef = Account.get(account.Id, qb=qb).to_ref()
    item.save(qb=qb)
    assert Item.filter(Sku="TOTE-1", qb=qb)[0].Name == "Tote bag"

    for kind, name in (
        (Vendor, "DisplayName"),
        (Department, "Name"),
        (PaymentMethod, "Name"),
        (Term, "Name"),
    ):
        one = kind()
        setattr(one, name, f"New {kind.__name__}")
        if kind is Term:
            one.DueDays = 10
        one.save(qb=qb)
        assert getattr(kind.get(one.Id, qb=qb), name) == f"New {kind.__name__}"

    employee = Employee()
    employee.GivenName, employee.FamilyName = "Em", "Ployee"
    employee.save(qb=qb)
    assert Employee.get(employee.Id, qb=qb).DisplayName == "Em Ployee"


def test_batches_create_update_and_delete(qb: QuickBooks) -> None:
    customers = []
    for number in range(35):
        customer = Customer()
        customer.DisplayName = f"Batch {number}"
        customers.append(customer)
    created = batch_create(customers, qb=qb)
    assert (len(created.successes), len(created.faults)) == (35, 0)

    for customer in created.successes:
        customer.CompanyName = "Batched"
    changed = batch_update(created.successes, qb=qb)
    assert {one.CompanyName for one in changed.successes} == {"Batched"}

    again = batch_create(customers[:1], qb=qb)
    assert [fault.Error[0].code for fault in again.faults] == ["6240"]

    invoices = [new_invoice(qb, customer) for customer in created.successes[:2]]
    deleted = batch_delete(invoices, qb=qb)
    assert len(deleted.successes) == 2


def test_change_data_capture(qb: QuickBooks) -> None:
    started = datetime.now(ZoneInfo("America/Los_Angeles"))
    customer = new_customer(qb, "Ann")
    kept, gone = new_invoice(qb, customer), new_invoice(qb, customer)
    gone.delete(qb=qb)

    found = change_data_capture([Invoice, Customer], started.replace(tzinfo=None), qb=qb)

    invoices = {one.Id: one for one in found.Invoice}
    assert invoices[kept.Id].TotalAmt == 100
    assert invoices[gone.Id].status == "Deleted"
    assert customer.Id in {one.Id for one in found.Customer}


def test_notes_and_files_are_attached(server: SandboxServer, qb: QuickBooks, tmp_path: Any) -> None:
    invoice = new_invoice(qb, new_customer(qb, "Ann"))
    reference = AttachableRef()
    reference.EntityRef = Ref()
    reference.EntityRef.type, reference.EntityRef.value = "Invoice", invoice.Id

    note = Attachable()
    note.Note = "A note"
    note.AttachableRef.append(reference)
    note.save(qb=qb)
    assert Attachable.get(note.Id, qb=qb).Note == "A note"

    path = tmp_path / "bill.txt"
    path.write_bytes(b"the bill")
    file = Attachable()
    file.FileName, file.ContentType, file._FilePath = "bill.txt", "text/plain", str(path)
    file.AttachableRef.append(reference)
    file.save(qb=qb)

    found = Attachable.get(file.Id, qb=qb)
    assert (found.FileName, found.AttachableRef[0].EntityRef.value) == ("bill.txt", invoice.Id)
    assert server.file(qb.company_id, file.Id) == b"the bill"


def test_company_preferences_and_reports(qb: QuickBooks) -> None:
    company = CompanyInfo.get(qb.company_id, qb=qb)
    preferences = Preferences.get(qb=qb)
    report = qb.get_report("TrialBalance")

    assert company.CompanyName
    assert preferences.CurrencyPrefs is not None
    assert report["Header"]["ReportName"] == "TrialBalance"


def test_taxes(qb: QuickBooks) -> None:
    agency = TaxAgency()
    agency.DisplayName = "City of Example"
    agency.save(qb=qb)
    service = TaxService()
    service.TaxCode = "Example City"
    rate = TaxRateDetails()
    rate.TaxRateName, rate.RateValue, rate.TaxAgencyId = "Example City", "4.5", agency.Id
    service.TaxRateDetails.append(rate)
    service.save(qb=qb)

    assert "Example City" in {one.Name for one in TaxCode.all(qb=qb)}
    assert "Example City" in {one.Name for one in TaxRate.all(qb=qb)}


def test_refusals_become_the_clients_exceptions(qb: QuickBooks) -> None:
    new_customer(qb, "Ann")
    twin = Customer()
    twin.DisplayName = "Ann"

    with pytest.raises(QuickbooksException) as duplicate:
        twin.save(qb=qb)
    with pytest.raises(ValidationException) as wrong_query:
        qb.query("select * from Nothing")
    with pytest.raises(ObjectNotFoundException):
        Customer.get(99_999, qb=qb)

    assert duplicate.value.error_code == 6240
    assert wrong_query.value.error_code == 4001


def test_a_stale_token_is_refused_with_5010(qb: QuickBooks) -> None:
    customer = new_customer(qb, "Ann")
    stale = Customer.get(customer.Id, qb=qb)
    customer.CompanyName = "Changed"
    customer.save(qb=qb)

    stale.CompanyName = "Too late"
    with pytest.raises(QuickbooksException) as refused:
        stale.save(qb=qb)

    assert refused.value.error_code == 5010


def test_an_expired_token_becomes_an_authorization_error(server: SandboxServer, qb: QuickBooks) -> None:
    server.advance_clock(3601)

    with pytest.raises(AuthorizationException):
        Customer.all(qb=qb)
