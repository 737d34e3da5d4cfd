"""Transactions: sales forms, payments, purchases, stock; batches and changed data."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.ops.sandbox.http.caller import Caller, Reply
from tests.ops.sandbox.samples.situations.lists import PERSON, PLACE

MEMO = {"CustomerMemo": {"value": "Thank you."}, "BillEmail": {"Address": "nora@quill.example"}}
FREE_PLACE = {
    "Line1": "Nora Quill",
    "Line2": "Quill & Daughters",
    "Line3": "3 Quay Street",
    "Line4": "Astoria, OR",
}


def line(item: str = "1", tax: str = "NON", quantity: int = 2, **more: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": item}, "UnitPrice": 30, "Qty": quantity, "TaxCodeRef": {"value": tax}}
    return {
        "Amount": 30 * quantity,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
        **more,
    }


DISCOUNT = {
    "Amount": 6,
    "DetailType": "DiscountLineDetail",
    "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
}
BUNDLE = {
    "DetailType": "GroupLineDetail",
    "GroupLineDetail": {"GroupItemRef": {"value": "14"}, "Quantity": 1},
}


def _customer(caller: Caller, **more: Any) -> dict[str, Any]:
    row = caller.create("Customer", {**PERSON, "BillAddr": PLACE, "ShipAddr": PLACE, **more})
    return {"CustomerRef": {"value": row["Id"]}}


def _read(caller: Caller, entity: str, document: dict[str, Any]) -> Reply:
    return caller.get(f"{entity.lower()}/{caller.create(entity, document)['Id']}")


def _handle(row: Any) -> dict[str, Any]:
    return {"Id": row["Id"], "SyncToken": row["SyncToken"]}


def _yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")


def invoice_read(us: Caller) -> Reply:
    one = line()
    one["SalesItemLineDetail"] = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    return _read(us, "Invoice", {**_customer(us), "Line": [one]})


def invoice_deleted(us: Caller) -> Reply:
    row = us.create("Invoice", {**_customer(us), "Line": [line()]})
    return us.post("invoice", _handle(row), operation="delete")


def invoice_with_discount(us: Caller) -> Reply:
    return _read(us, "Invoice", {**_customer(us), "Line": [line(Description="Lamp repair"), DISCOUNT]})


def invoice_with_bundle(us: Caller) -> Reply:
    lines = [line(Description="Lamp repair", tax="TAX"), BUNDLE, DISCOUNT]
    terms = {"SalesTermRef": {"value": "3"}, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    return _read(us, "Invoice", {**_customer(us), **MEMO, **terms, "Line": lines})


def sales_receipt_created(us: Caller) -> Reply:
    return us.post("salesreceipt", {"Line": [line()]})


def sales_receipt_voided(us: Caller) -> Reply:
    row = us.create("SalesReceipt", {"Line": [line()]})
    return us.post("salesreceipt", {**_handle(row), "sparse": True}, operation="update", include="void")


def sales_receipt_with_customer_voided(us: Caller) -> Reply:
    head = {**_customer(us), **MEMO, "ShipFromAddr": PLACE}
    row = us.create("SalesReceipt", {**head, "Line": [line(Description="Lamp repair")]})
    return us.post("salesreceipt", {**_handle(row), "sparse": True}, operation="update", include="void")


def sales_receipts_listed(us: Caller) -> Reply:
    paid = {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "4711", "PrivateNote": "by post"}
    described = line(Description="Lamp repair")
    us.create("SalesReceipt", {"Line": [line(), DISCOUNT]})
    form = {**_customer(us), **MEMO, **paid, "BillAddr": FREE_PLACE, "Line": [described]}
    link = {"TxnId": us.create("SalesReceipt", form)["Id"], "TxnType": "SalesReceipt", "TxnLineId": "0"}
    us.create("Deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [{"LinkedTxn": [link]}]})
    return us.get("query", query="SELECT * FROM SalesReceipt MAXRESULTS 1000 STARTPOSITION 1")


def sales_receipt_tax_inclusive(gb: Caller) -> Reply:
    head = {**_customer(gb), "PrivateNote": "by post", "CustomerMemo": MEMO["CustomerMemo"]}
    head |= {"GlobalTaxCalculation": "TaxInclusive", "ShipFromAddr": PLACE}
    head |= {"BillAddr": FREE_PLACE}
    return _read(gb, "SalesReceipt", {**head, "Line": [line(tax="3")]})


def credit_memo_read(us: Caller) -> Reply:
    head = {**_customer(us), **MEMO, "BillAddr": FREE_PLACE}
    return _read(us, "CreditMemo", {**head, "Line": [line(Description="Lamp repair")]})


def credit_memo_elsewhere(gb: Caller) -> Reply:
    head = {**_customer(gb), "GlobalTaxCalculation": "NotApplicable"}
    return _read(gb, "CreditMemo", {**head, "Line": [line(tax="1", Description="Lamp repair")]})


def _refund(us: Caller) -> dict[str, Any]:
    head = {**_customer(us), **MEMO, "DepositToAccountRef": {"value": "35"}, "PrivateNote": "broken"}
    head |= {"BillAddr": FREE_PLACE}
    head |= {
        "PaymentMethodRef": {"value": "2"},
        "PaymentRefNum": "R-5",
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
    }
    return {**head, "Line": [line(tax="TAX", Description="Lamp repair")]}


def refund_receipt_read(us: Caller) -> Reply:
    refund = {**_refund(us), "DepartmentRef": {"value": "1"}, "ClassRef": {"value": "1"}}
    one = refund["Line"][0]
    one["SalesItemLineDetail"]["ServiceDate"] = "2026-02-03"
    field = {"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "7"}
    return _read(us, "RefundReceipt", {**refund, "CustomField": [field]})


def refund_receipt_updated(us: Caller) -> Reply:
    refund = {
        name: value
        for name, value in _refund(us).items()
        if name not in ("PaymentRefNum", "PrivateNote", "TxnTaxDetail")
    }
    row = us.create("RefundReceipt", refund)
    return us.post("refundreceipt", {**row, "CustomerMemo": {"value": "Sorry."}})


def _payment(caller: Caller) -> Any:
    head = _customer(caller)
    invoice = caller.create("Invoice", {**head, "Line": [line()]})
    linked = {"Amount": 60, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    return caller.create("Payment", {**head, "TotalAmt": 60, "Line": [linked]})


def payment_created(us: Caller) -> Reply:
    return us.post("payment", {**_customer(us), "TotalAmt": 25})


def payment_read(us: Caller) -> Reply:
    return us.get(f"payment/{_payment(us)['Id']}")


def payment_voided(us: Caller) -> Reply:
    row = {**_handle(_payment(us)), "sparse": True}
    return us.post("payment", row, operation="update", include="void")


def deposit_read(us: Caller) -> Reply:
    payment = _payment(us)
    moved = {"Amount": 60, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
    detail = {
        "Entity": {"value": "1", "type": "CUSTOMER"},
        "AccountRef": {"value": "79"},
        "PaymentMethodRef": {"value": "1"},
    }
    other = {"Amount": 5, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
    head = {"DepositToAccountRef": {"value": "35"}, "PrivateNote": "Monday"}
    return _read(us, "Deposit", {**head, "Line": [moved, other]})


def bill_read(us: Caller) -> Reply:
    vendor = us.create("Vendor", PERSON)
    detail = {"AccountRef": {"value": "7"}, "BillableStatus": "NotBillable", "CustomerRef": {"value": "1"}}
    detail |= {"TaxCodeRef": {"value": "NON"}}
    one = {
        "Amount": 18,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": detail,
    }
    head = {"VendorRef": {"value": vendor["Id"]}, "SalesTermRef": {"value": "3"}}
    return _read(us, "Bill", {**head, "Line": [{**one, "Description": "Wicks"}]})


ADJUSTMENT = {
    "AdjustAccountRef": {"value": "80"},
    "TxnDate": "2026-02-03",
    "PrivateNote": "Counted",
    "Line": [
        {
            "DetailType": "ItemAdjustmentLineDetail",
            "ItemAdjustmentLineDetail": {"ItemRef": {"value": "5"}, "QtyDiff": -2},
        }
    ],
}


def adjustment_created(us: Caller) -> Reply:
    return us.post("inventoryadjustment", ADJUSTMENT)


def adjustment_read(us: Caller) -> Reply:
    return _read(us, "InventoryAdjustment", ADJUSTMENT)


def adjustment_updated(us: Caller) -> Reply:
    row = us.create("InventoryAdjustment", ADJUSTMENT)
    changed = {"Id": "1", "ItemAdjustmentLineDetail": {"ItemRef": {"value": "5"}, "QtyDiff": -3}}
    head = {name: ADJUSTMENT[name] for name in ("AdjustAccountRef", "TxnDate", "PrivateNote")}
    return us.post("inventoryadjustment", {**_handle(row), **head, "sparse": True, "Line": [changed]})


def adjustment_deleted(us: Caller) -> Reply:
    row = us.create("InventoryAdjustment", ADJUSTMENT)
    return us.post("inventoryadjustment", _handle(row), operation="delete")


def estimates_changed(us: Caller) -> Reply:
    head = {**_customer(us), **MEMO, "BillAddr": FREE_PLACE}
    one = us.create("Estimate", {**head, "Line": [line(Description="Lamp repair")]})
    link = {"TxnId": one["Id"], "TxnType": "Estimate"}
    us.create("Invoice", {**head, "LinkedTxn": [link], "Line": [line()]})
    tax = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    us.create("Estimate", {**head, **tax, "Line": [line(tax="TAX", Description="Lamp repair")]})
    return us.get("cdc", entities="estimate", changedSince=_yesterday())


def credit_memo_deleted_in_cdc(us: Caller) -> Reply:
    row = us.create("CreditMemo", {**_customer(us), "Line": [line()]})
    us.post("creditmemo", _handle(row), operation="delete")
    return us.get("cdc", entities="CreditMemo", changedSince=_yesterday())


def batch_with_three_refusals(us: Caller) -> Reply:
    paid = {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "4711", "PrivateNote": "by post"}
    form = {
        **_customer(us),
        **paid,
        "CustomerMemo": MEMO["CustomerMemo"],
        "BillAddr": {"Line1": "Nora Quill"},
    }
    receipt = us.create("SalesReceipt", {**form, "Line": [line(Description="Lamp repair")]})
    us.post("salesreceipt", {**_handle(receipt), "sparse": True, "PrivateNote": "first"})
    note = {**_handle(receipt), "sparse": True, "PrivateNote": "second"}
    gone = {"Id": "90210", "SyncToken": "0"}
    return us.batch(
        [
            {"bId": "vendor", "operation": "create", "Vendor": {"DisplayName": "Keel Supplies"}},
            {"bId": "gone", "operation": "delete", "Invoice": gone},
            {"bId": "note", "operation": "update", "SalesReceipt": note},
            {"bId": "all", "Query": f"select * from SalesReceipt where Id = '{receipt['Id']}'"},
        ]
    )


def batch_of_stale_updates(us: Caller) -> Reply:
    row = us.create("Invoice", {**_customer(us), "Line": [line()]})
    us.post("invoice", {**_handle(row), "sparse": True, "PrivateNote": "changed"})
    stale = {**_handle(row), "sparse": True, "PrivateNote": "changed again"}
    return us.batch(
        [{"bId": f"Invoice|{row['Id']}|{n}", "operation": "update", "Invoice": stale} for n in (1, 2)]
    )


def batch_of_deletes(us: Caller) -> Reply:
    def posting(kind: str) -> dict[str, Any]:
        detail = {"PostingType": kind, "AccountRef": {"value": "7"}}
        return {"Amount": 9, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    entry = {"Line": [posting("Debit"), posting("Credit")]}
    gone, there = us.create("JournalEntry", entry), us.create("JournalEntry", entry)
    us.post("journalentry", _handle(gone), operation="delete")
    return us.batch(
        [
            {"bId": f"entry-{row['Id']}", "operation": "delete", "JournalEntry": _handle(row)}
            for row in (gone, there)
        ]
    )


SITUATIONS = (
    invoice_read,
    invoice_deleted,
    invoice_with_discount,
    invoice_with_bundle,
    sales_receipt_created,
    sales_receipt_voided,
    sales_receipt_with_customer_voided,
    sales_receipts_listed,
    sales_receipt_tax_inclusive,
    credit_memo_read,
    credit_memo_elsewhere,
    refund_receipt_read,
    refund_receipt_updated,
    payment_created,
    payment_read,
    payment_voided,
    deposit_read,
    bill_read,
    adjustment_created,
    adjustment_read,
    adjustment_updated,
    adjustment_deleted,
    estimates_changed,
    credit_memo_deleted_in_cdc,
    batch_with_three_refusals,
    batch_of_stale_updates,
    batch_of_deletes,
)
