"""Purchase and Bill: what was bought, for cash, by card or on account."""

from decimal import Decimal

from ops.sandbox.company import addresses
from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import business_rule, invalid_reference, missing
from ops.sandbox.company.fields import anything, boolean, choice, day, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import ADDRESS, MEMO, Shape, nested
from ops.sandbox.company.transactions.basics import (
    TRANSACTION_FIELDS,
    check_still_open,
    currency_of,
    date_transaction,
    forget_number,
    in_home,
    index_number,
    refuse_duplicate,
)
from ops.sandbox.company.transactions.purchase_lines import (
    complete_lines,
    line_entries,
    line_movements,
)
from ops.sandbox.company.transactions.sales import due_date
from ops.sandbox.company.transactions.sales_posting import balance_rounding, foreign_account

_FIELDS = (
    *TRANSACTION_FIELDS,
    choice("GlobalTaxCalculation", "TaxExcluded", "TaxInclusive", "NotApplicable"),
    anything("IncludeInAnnualTPAR"),
)
PURCHASE = Shape(
    "Purchase",
    [
        *_FIELDS,
        choice("PaymentType", "Cash", "Check", "CreditCard", required=True, filterable=True),
        reference("AccountRef", "Account", required=True),
        reference("EntityRef"),
        reference("RemitToRef"),
        nested("RemitToAddr", ADDRESS),
        reference("PaymentMethodRef", "PaymentMethod"),
        text("PaymentRefNum", 21),
        boolean("Credit"),
        choice("PrintStatus", "NotSet", "NeedToPrint", "PrintComplete"),
        anything("CheckPayment"),
        anything("CreditCardPayment"),
        anything("PurchaseEx"),
    ],
)
BILL = Shape(
    "Bill",
    [
        *_FIELDS,
        reference("VendorRef", "Vendor", required=True, filterable=True),
        reference("PayerRef"),
        nested("VendorAddr", ADDRESS),
        nested("RemitToAddr", ADDRESS),
        reference("APAccountRef", "Account", filterable=True),
        reference("SalesTermRef", "Term", filterable=True),
        day("DueDate", filterable=True),
        number("Balance", read_only=True, filterable=True),
        number("HomeBalance", read_only=True),
        nested("Memo", MEMO),
        nested("ShipAddr", ADDRESS),
        anything("LessCIS"),
        anything("BillEx"),
    ],
)
_PAYMENT_ACCOUNTS = {
    "Cash": ("Bank", "Other Current Asset"),
    "Check": ("Bank",),
    "CreditCard": ("Credit Card",),
}


def _warns(books: Books, name: str) -> bool:
    for pair in books.preferences["OtherPrefs"].get("NameValue", ()):
        if pair.get("Name") == name:
            return bool(str(pair.get("Value")) == "true")
    return False


def _number(draft: Draft) -> None:
    """Raises 6140 for a used number where the company warns about that kind of paper."""
    preference = "WarnDuplicateCheckNumber" if draft.entity.name == "Purchase" else "WarnDuplicateBillNumber"
    if draft.document.get("DocNumber") is not None and _warns(draft.books, preference):
        refuse_duplicate(draft, (draft.entity.name,))


def _paid_from(draft: Draft) -> None:
    """Raises 6430 when the account does not go with the type of payment."""
    books, document = draft.books, draft.document
    account = account_of_type(
        books, document["AccountRef"]["value"], *_PAYMENT_ACCOUNTS[document["PaymentType"]]
    )
    document["AccountRef"] = {"value": account["Id"], "name": account["FullyQualifiedName"]}
    if document.get("Credit") and document["PaymentType"] != "CreditCard":
        raise business_rule("Only a credit card purchase can be a credit.")
    document.setdefault("Credit", False)
    if document["PaymentType"] == "Check":
        document.setdefault("PrintStatus", "NotSet")
    party = _party(books, document)
    currency_of(draft, party)
    resolve(books, document, "PaymentMethodRef", "PaymentMethod", draft.before)
    resolve(books, document, "DepartmentRef", "Department", draft.before)


def _party(books: Books, document: Json) -> Json | None:
    sent = document.get("EntityRef")
    if sent is None:
        return None
    kinds = (sent["type"],) if sent.get("type") else ("Vendor", "Customer", "Employee")
    for kind in kinds:
        row = books.row(kind, sent["value"]) if kind in ("Vendor", "Customer", "Employee") else None
        if row is not None:
            resolve(books, document, "EntityRef", kind)
            document["EntityRef"]["type"] = kind
            return row if kind != "Employee" else None
    raise invalid_reference(f"Names element id {sent['value']} not found")


def _bill_heads(draft: Draft) -> None:
    books, document = draft.books, draft.document
    vendor = resolve(books, document, "VendorRef", "Vendor", draft.before)
    assert vendor is not None
    currency_of(draft, vendor)
    account = document.get("APAccountRef") or {"value": payable_account(books, document)}
    account_of_type(books, account["value"], "Accounts Payable")
    document["APAccountRef"] = books.account_reference(account["value"])
    term = document.get("SalesTermRef") or vendor.get("TermRef")
    if term is not None:
        document["SalesTermRef"] = term
        resolve(books, document, "SalesTermRef", "Term", draft.before)
    if document.get("DueDate") is None:
        document["DueDate"] = due_date(books, document["TxnDate"], document.get("SalesTermRef"))
    resolve(books, document, "DepartmentRef", "Department", draft.before)
    addresses.complete(books, document, ("VendorAddr", "ShipAddr"), draft.before)


def payable_account(books: Books, document: Json) -> str:
    currency = document["CurrencyRef"]["value"]
    if currency == books.country.currency:
        return books.account_for("AccountsPayable")
    return foreign_account(books, "AccountsPayable", "Accounts Payable", currency)


def _sum_up(draft: Draft) -> None:
    document = draft.document
    if not document.get("Line"):
        raise missing("Line")
    total = complete_lines(draft)
    if total < 0:
        raise business_rule("Transaction amount must be 0 or greater.")
    document["TotalAmt"] = total
    if draft.entity.name == "Bill":
        document["Balance"] = total
    if draft.books.multicurrency:
        document["HomeTotalAmt"] = in_home(document, total)


def _effects(books: Books, document: Json, other_side: Entry, sign: Decimal) -> Effects:
    effects = Effects(date=document["TxnDate"])
    effects.entries.extend(line_entries(books, document, sign))
    effects.movements.extend(line_movements(books, document, sign))
    if other_side.amount:
        effects.entries.append(other_side)
    balance_rounding(books, document, effects)
    return effects


def purchase_effects(books: Books, document: Json) -> Effects:
    sign = Decimal(-1) if document.get("Credit") else Decimal(1)
    total = in_home(document, document["TotalAmt"]) * sign
    return _effects(books, document, Entry(document["AccountRef"]["value"], -total), sign)


def bill_effects(books: Books, document: Json) -> Effects:
    total: Decimal = document["TotalAmt"]
    account, vendor = document["APAccountRef"]["value"], document["VendorRef"]["value"]
    return _effects(books, document, Entry(account, -in_home(document, total), vendor, total), Decimal(1))


Purchase = Entity(
    "Purchase",
    PURCHASE,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _paid_from, _number, _sum_up),
    effects=purchase_effects,
    saved=index_number,
    check_removal=check_still_open,
    removed=lambda books, one: forget_number(books, "Purchase", one.get("DocNumber"), one["Id"]),
)
Bill = Entity(
    "Bill",
    BILL,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _bill_heads, _number, _sum_up),
    effects=bill_effects,
    saved=index_number,
    check_removal=check_still_open,
    removed=lambda books, one: forget_number(books, "Bill", one.get("DocNumber"), one["Id"]),
)
