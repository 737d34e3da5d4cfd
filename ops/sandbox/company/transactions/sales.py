"""The sales forms: SalesReceipt, Invoice, CreditMemo, RefundReceipt and Estimate."""

from collections.abc import Callable
from datetime import date, timedelta

from ops.sandbox.company import addresses
from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import ALL, VOIDABLE, Draft, Entity, Rule
from ops.sandbox.company.faults import business_rule, missing, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type, check_account_currency
from ops.sandbox.company.lists.people import check_email
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.references import resolve
from ops.sandbox.company.transactions.basics import (
    check_still_open,
    currency_of,
    date_transaction,
    forget_number,
    in_home,
    index_number,
    number_document,
)
from ops.sandbox.company.transactions.custom_fields import complete_custom_fields
from ops.sandbox.company.transactions.links import (
    check_not_deposited,
    check_settled_amount,
    close_estimates,
    detach_settlements,
    keep_estimate_links,
    open_estimates,
    view_settled,
)
from ops.sandbox.company.transactions.sales_fields import (
    CREDIT_MEMO,
    ESTIMATE,
    INVOICE,
    REFUND_RECEIPT,
    SALES_RECEIPT,
)
from ops.sandbox.company.transactions.sales_lines import answer_lines, read_lines
from ops.sandbox.company.transactions.sales_posting import credit_effects, no_effects, sale_effects
from ops.sandbox.company.transactions.sales_tax import tax_sales_form, tax_total
from ops.sandbox.company.transactions.voiding import voided_form

MONEY_ACCOUNTS = ("Bank", "Other Current Asset", "Credit Card", "Other Current Liability")


def _customer(required: bool) -> Rule:
    def rule(draft: Draft) -> None:
        """Raises 2020 without a customer where one is needed."""
        if required and draft.document.get("CustomerRef") is None:
            raise missing("CustomerRef")
        party = resolve(draft.books, draft.document, "CustomerRef", "Customer", draft.before)
        currency_of(draft, party)
        if draft.before is None and party is not None:
            _addresses_of_customer(draft.document, party)

    return rule


def _addresses_of_customer(document: Json, customer: Json) -> None:
    for name in ("BillAddr", "ShipAddr"):
        if name not in document and customer.get(name):
            document[name] = customer[name]


_REFERENCES = (
    ("DepartmentRef", "Department"),
    ("ClassRef", "Class"),
    ("SalesTermRef", "Term"),
    ("PaymentMethodRef", "PaymentMethod"),
)


def _details(draft: Draft) -> None:
    """References, addresses and the flags that every form answers."""
    books, document, before = draft.books, draft.document, draft.before
    for name, target in _REFERENCES:
        if name in document:
            resolve(books, document, name, target, before)
    addresses.complete(books, document, ("BillAddr", "ShipAddr", "ShipFromAddr"), before)
    if books.country.us_tax:
        document.setdefault("ApplyTaxAfterDiscount", False)
    document.setdefault("PrintStatus", "NeedToPrint")
    if draft.entity.name != "RefundReceipt":
        document.setdefault("EmailStatus", "NotSet")
    complete_custom_fields(draft)
    keep_estimate_links(draft)


def _sum_up(draft: Draft) -> None:
    """Lines, tax and total. What the client sent as a total is not looked at.

    Raises:
        QuickBooksFault: 6000 for a total below zero, and whatever is wrong with a line.
    """
    document = draft.document
    lines = read_lines(draft)
    tax_sales_form(draft, lines)
    document["Line"] = answer_lines(lines)
    discount = lines.discount["Amount"] if lines.discount is not None else ZERO
    total = cents(lines.subtotal - discount + tax_total(document))
    if total < 0:
        raise business_rule("Transaction amount must be 0 or greater.")
    document["TotalAmt"] = total
    if draft.books.multicurrency:
        document["HomeTotalAmt"] = in_home(document, total)


def _deposit_to(*types: str) -> Rule:
    """The account that the money goes into or comes from; Undeposited Funds unless given."""

    def rule(draft: Draft) -> None:
        books, document = draft.books, draft.document
        given = document.get("DepositToAccountRef")
        if given is None:
            if draft.entity.name == "RefundReceipt":
                raise missing("DepositToAccountRef")
            given = {"value": books.account_for("UndepositedFunds")}
        stored = (draft.before or {}).get("DepositToAccountRef")
        if stored is None or stored["value"] != given["value"]:
            account = account_of_type(books, given["value"], *types)
            check_account_currency(books, account, document["CurrencyRef"]["value"])
        document["DepositToAccountRef"] = books.account_reference(given["value"])
        document["Balance"] = ZERO

    return rule


def _invoice_terms(draft: Draft) -> None:
    """DueDate from the terms of the form, of the customer, or of the company."""
    books, document, before = draft.books, draft.document, draft.before
    if document.get("SalesTermRef") is None and before is None:
        customer = books.store.rows("Customer")[document["CustomerRef"]["value"]]
        term = customer.get("SalesTermRef")
        if term is not None:
            document["SalesTermRef"] = term
    if document.get("DueDate") is None:
        term = document.get("SalesTermRef") or books.preferences["SalesFormsPrefs"].get("DefaultTerms")
        document["DueDate"] = due_date(books, document["TxnDate"], term)
    for flag in (
        "AllowIPNPayment",
        "AllowOnlinePayment",
        "AllowOnlineCreditCardPayment",
        "AllowOnlineACHPayment",
    ):
        document.setdefault(flag, False)
    document.pop("Deposit", None)


def due_date(books: Books, day: str, term: Json | None) -> str:
    row = books.row("Term", term["value"]) if term is not None else None
    days = row.get("DueDays") if row is not None else None
    if not days:
        return day
    try:
        return (date.fromisoformat(day) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        raise refusal("2070", "Invalid Date", f"Invalid Date : {day}", "DueDate") from None


def _deposit_is_open(draft: Draft) -> None:
    if draft.before is not None:
        check_not_deposited(draft.books, draft.id)


def _estimate_status(draft: Draft) -> None:
    draft.document.setdefault("TxnStatus", "Pending")


def _forget(name: str) -> Callable[[Books, Json], None]:
    def removed(books: Books, document: Json) -> None:
        forget_number(books, name, document.get("DocNumber"), document["Id"])
        detach_settlements(books, document)
        open_estimates(books, document["Id"], [one["TxnId"] for one in document.get("LinkedTxn", ())])

    return removed


def _check_removal(books: Books, document: Json) -> None:
    check_still_open(books, document)
    check_not_deposited(books, document["Id"])


def _invoice_saved(draft: Draft) -> None:
    index_number(draft)
    close_estimates(draft)


_HEAD: tuple[Rule, ...] = (date_transaction, _deposit_is_open)
_TAIL: tuple[Rule, ...] = (_details, check_email, number_document, _sum_up)

SalesReceipt = Entity(
    "SalesReceipt",
    SALES_RECEIPT,
    id_space="transaction",
    operations=VOIDABLE,
    rules=(*_HEAD, _customer(required=False), *_TAIL, _deposit_to(*MONEY_ACCOUNTS)),
    effects=sale_effects,
    view=view_settled,
    viewed=frozenset({"LinkedTxn"}),
    saved=index_number,
    void=voided_form,
    check_removal=_check_removal,
    removed=_forget("SalesReceipt"),
)
Invoice = Entity(
    "Invoice",
    INVOICE,
    id_space="transaction",
    operations=VOIDABLE,
    rules=(*_HEAD, _customer(required=True), _invoice_terms, *_TAIL, check_settled_amount),
    effects=sale_effects,
    view=view_settled,
    viewed=frozenset({"Balance", "HomeBalance", "LinkedTxn"}),
    saved=_invoice_saved,
    void=voided_form,
    check_removal=_check_removal,
    removed=_forget("Invoice"),
)
CreditMemo = Entity(
    "CreditMemo",
    CREDIT_MEMO,
    id_space="transaction",
    operations=ALL,
    rules=(*_HEAD, _customer(required=True), *_TAIL, check_settled_amount),
    effects=credit_effects,
    view=view_settled,
    viewed=frozenset({"Balance", "RemainingCredit", "LinkedTxn"}),
    saved=index_number,
    check_removal=_check_removal,
    removed=_forget("CreditMemo"),
)
RefundReceipt = Entity(
    "RefundReceipt",
    REFUND_RECEIPT,
    id_space="transaction",
    operations=ALL,
    rules=(*_HEAD, _customer(required=False), *_TAIL, _deposit_to(*MONEY_ACCOUNTS)),
    effects=credit_effects,
    view=view_settled,
    viewed=frozenset({"LinkedTxn"}),
    saved=index_number,
    check_removal=_check_removal,
    removed=_forget("RefundReceipt"),
)
Estimate = Entity(
    "Estimate",
    ESTIMATE,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _customer(required=True), *_TAIL, _estimate_status),
    effects=no_effects,
    saved=index_number,
    removed=_forget("Estimate"),
    check_removal=check_still_open,
)
