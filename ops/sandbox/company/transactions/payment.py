"""Payment: money from a customer, applied to invoices and credit memos, or not yet applied."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry, Settlement
from ops.sandbox.company.entity import VOIDABLE, Draft, Entity
from ops.sandbox.company.faults import business_rule, cannot_be_linked, invalid_reference, missing, refusal
from ops.sandbox.company.fields import anything, boolean, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type, check_account_currency
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import Shape
from ops.sandbox.company.transactions.basics import (
    TRANSACTION_FIELDS,
    check_still_open,
    currency_of,
    date_transaction,
    in_home,
    rate_of,
)
from ops.sandbox.company.transactions.links import (
    bump_linked,
    check_not_deposited,
    open_balance,
    view_settled,
)
from ops.sandbox.company.transactions.sales_posting import balance_rounding, receivable_account
from ops.sandbox.company.transactions.voiding import voided_note

PAYMENT = Shape(
    "Payment",
    [
        *(one for one in TRANSACTION_FIELDS if one.name != "TotalAmt"),
        reference("CustomerRef", "Customer", required=True, filterable=True),
        reference("RemitToRef"),
        reference("ARAccountRef", "Account"),
        reference("DepositToAccountRef", "Account"),
        reference("PaymentMethodRef", "PaymentMethod"),
        text("PaymentRefNum", 21, filterable=True),
        text("PaymentType", 50),
        anything("CheckPayment"),
        anything("CreditCardPayment"),
        number("TotalAmt", required=True, filterable=True),
        number("UnappliedAmt", read_only=True),
        boolean("ProcessPayment"),
        reference("TaxExemptionRef"),
        anything("PaymentEx"),
    ],
)
LINKABLE = ("Invoice", "CreditMemo")


def _heads(draft: Draft) -> None:
    books, document, before = draft.books, draft.document, draft.before
    if before is not None:
        check_not_deposited(books, draft.id)
    party = resolve(books, document, "CustomerRef", "Customer", before)
    currency_of(draft, party)
    resolve(books, document, "PaymentMethodRef", "PaymentMethod", before)
    deposit = document.get("DepositToAccountRef") or {"value": books.account_for("UndepositedFunds")}
    account = account_of_type(
        books, deposit["value"], "Bank", "Other Current Asset", "Credit Card", "Other Current Liability"
    )
    check_account_currency(books, account, document["CurrencyRef"]["value"])
    document["DepositToAccountRef"] = {"value": deposit["value"]}
    document.setdefault("ProcessPayment", False)
    document.pop("LinkedTxn", None)
    document["TotalAmt"] = cents(document["TotalAmt"])
    if document["TotalAmt"] < 0:
        raise business_rule("Transaction amount must be 0 or greater.")


def _apply(draft: Draft) -> None:
    """Check every line against what is open, and work out what stays unapplied."""
    books, document = draft.books, draft.document
    own = {one.target_id: one.amount for one in _settlements_of(draft.before or {})}
    lines: list[Json] = []
    used = ZERO
    seen: set[str] = set()
    for sent in document.get("Line", ()):
        link = _single_link(sent)
        kind, id = link.get("TxnType", ""), link.get("TxnId", "")
        if id in seen:
            raise business_rule("A transaction can be linked once in a payment only.")
        seen.add(id)
        target = _target(books, kind, id, document)
        amount = sent.get("Amount")
        if amount is None:
            raise missing("Line.Amount")
        amount = cents(amount)
        if amount <= 0:
            raise refusal(
                "2290", "NegativeAmount", "Negative amounts aren't supported on payment lines", "Line"
            )
        still_open = open_balance(books, target) + own.get(id, ZERO)
        if amount > still_open:
            raise business_rule("The amount applied is more than the open balance of the transaction.")
        used += amount if kind == "Invoice" else -amount
        lines.append(_line(amount, kind, target, still_open))
    unapplied = document["TotalAmt"] - used
    if unapplied < 0:
        raise business_rule("The amounts applied are more than the amount of the payment.")
    document["Line"] = lines
    document["UnappliedAmt"] = unapplied
    if books.multicurrency:
        document["HomeTotalAmt"] = in_home(document, document["TotalAmt"])


def _single_link(line: Json) -> Json:
    links: list[Json] = line.get("LinkedTxn") or []
    if len(links) != 1:
        raise missing("Line.LinkedTxn")
    return links[0]


def _target(books: Books, kind: str, id: str, payment: Json) -> Json:
    if kind not in LINKABLE:
        raise cannot_be_linked(id)
    target = books.row(kind, id)
    if target is None:
        raise invalid_reference(f"Transaction element id {id} not found")
    if target["CustomerRef"]["value"] != payment["CustomerRef"]["value"] and not _is_family(
        books, target, payment
    ):
        raise cannot_be_linked(id)
    if target["CurrencyRef"]["value"] != payment["CurrencyRef"]["value"]:
        raise cannot_be_linked(id)
    return target


def _is_family(books: Books, target: Json, payment: Json) -> bool:
    """A parent may pay for its sub-customers."""
    rows = books.store.rows("Customer")
    at: str | None = target["CustomerRef"]["value"]
    while at is not None:
        if at == payment["CustomerRef"]["value"]:
            return True
        at = (rows[at].get("ParentRef") or {}).get("value")
    return False


def _line(amount: Decimal, kind: str, target: Json, still_open: Decimal) -> Json:
    values = {"txnId": target["Id"], "txnOpenBalance": f"{still_open:.2f}"}
    if target.get("DocNumber"):
        values["txnReferenceNumber"] = target["DocNumber"]
    return {
        "Amount": amount,
        "LinkedTxn": [{"TxnId": target["Id"], "TxnType": kind}],
        "LineEx": {"any": [_name_value(name, value) for name, value in values.items()]},
    }


def _name_value(name: str, value: str) -> Json:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }


def _settlements_of(document: Json) -> list[Settlement]:
    found = []
    for line in document.get("Line", ()):
        link = line["LinkedTxn"][0]
        found.append(Settlement(link["TxnType"], link["TxnId"], line["Amount"]))
    return found


def payment_effects(books: Books, document: Json) -> Effects:
    """Money in, receivable out: at the rate of the day, and at the rate each invoice was booked at."""
    effects = Effects(date=document["TxnDate"], settlements=_settlements_of(document))
    customer, total = document["CustomerRef"]["value"], document["TotalAmt"]
    receivable = receivable_account(books, document)
    if total:
        effects.entries.append(Entry(document["DepositToAccountRef"]["value"], in_home(document, total)))
    for one in effects.settlements:
        target = books.store.rows(one.target_type)[one.target_id]
        sign = -1 if one.target_type == "Invoice" else 1
        amount = one.amount * sign
        owner = target["CustomerRef"]["value"]
        home = cents(amount * rate_of(target))
        effects.entries.append(Entry(receivable, home, owner, amount))
    unapplied = document["UnappliedAmt"]
    if unapplied:
        effects.entries.append(Entry(receivable, -in_home(document, unapplied), customer, -unapplied))
    balance_rounding(books, document, effects)
    return effects


def without_target(document: Json, target_id: str) -> Json:
    """The payment without its line on one transaction."""
    kept = [line for line in document["Line"] if line["LinkedTxn"][0]["TxnId"] != target_id]
    used = ZERO
    for one in _settlements_of({"Line": kept}):
        used += one.amount if one.target_type == "Invoice" else -one.amount
    if used > document["TotalAmt"]:
        raise business_rule("The payment that uses this transaction must be changed first.")
    return {**document, "Line": kept, "UnappliedAmt": document["TotalAmt"] - used}


def _linked(draft: Draft) -> None:
    old = {(one.target_type, one.target_id): one.amount for one in _settlements_of(draft.before or {})}
    new = {(one.target_type, one.target_id): one.amount for one in _settlements_of(draft.document)}
    for key in old.keys() | new.keys():
        if old.get(key) != new.get(key):
            bump_linked(draft.books, *key)


def _voided(_books: Books, document: Json) -> Json:
    return {
        **document,
        "PrivateNote": voided_note(document),
        "TotalAmt": ZERO,
        "UnappliedAmt": ZERO,
        "Line": [],
    }


def _check_removal(books: Books, document: Json) -> None:
    check_still_open(books, document)
    check_not_deposited(books, document["Id"])


def _removed(books: Books, document: Json) -> None:
    for one in _settlements_of(document):
        bump_linked(books, one.target_type, one.target_id)


Payment = Entity(
    "Payment",
    PAYMENT,
    id_space="transaction",
    operations=VOIDABLE,
    rules=(date_transaction, _heads, _apply),
    effects=payment_effects,
    view=view_settled,
    viewed=frozenset({"LinkedTxn"}),
    saved=_linked,
    void=_voided,
    check_removal=_check_removal,
    removed=_removed,
)
