"""Deposit: payments and receipts that go to the bank together, less fees."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import (
    business_rule,
    cannot_be_linked,
    invalid_account_type,
    invalid_reference,
    missing,
)
from ops.sandbox.company.fields import anything, choice, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import Shape, nested
from ops.sandbox.company.transactions.basics import (
    TRANSACTION_FIELDS,
    check_still_open,
    currency_of,
    date_transaction,
    forget_number,
    in_home,
    index_number,
)
from ops.sandbox.company.transactions.lines import number_lines, require_detail_types
from ops.sandbox.company.transactions.links import bump_linked
from ops.sandbox.company.transactions.sales_posting import balance_rounding

CASH_BACK = Shape("CashBackInfo", [number("Amount"), text("Memo", 4000), reference("AccountRef", "Account")])
DEPOSIT = Shape(
    "Deposit",
    [
        *TRANSACTION_FIELDS,
        reference("DepositToAccountRef", "Account", required=True),
        nested("CashBack", CASH_BACK),
        choice("GlobalTaxCalculation", "TaxExcluded", "TaxInclusive", "NotApplicable"),
        anything("DepositEx"),
    ],
)
_HELD = ("Payment", "SalesReceipt", "RefundReceipt")


def _deposit_heads(draft: Draft) -> None:
    books, document = draft.books, draft.document
    account = account_of_type(books, document["DepositToAccountRef"]["value"], "Bank", "Other Current Asset")
    document["DepositToAccountRef"] = {"value": account["Id"], "name": account["FullyQualifiedName"]}
    currency_of(draft, None)
    resolve(books, document, "DepartmentRef", "Department", draft.before)
    cash = document.get("CashBack")
    if cash is not None:
        if cash.get("AccountRef") is None or cash.get("Amount") is None:
            raise missing("CashBack.AccountRef", "CashBack.Amount")
        document["CashBack"] = cash = dict(cash)
        resolve(books, cash, "AccountRef", "Account", draft.before)


def _deposit_lines(draft: Draft) -> None:
    books, document = draft.books, draft.document
    lines = [dict(line) for line in document.get("Line") or ()]
    if not lines:
        raise missing("Line")
    own = [line for line in lines if not line.get("LinkedTxn")]
    require_detail_types(own, frozenset({"DepositLineDetail"}))
    seen: set[str] = set()
    for line in lines:
        if line.get("LinkedTxn"):
            _linked_line(draft, line, seen)
        else:
            _own_line(draft, line)
    number_lines(own, draft.before)
    document["Line"] = [line for line in lines if line.get("LinkedTxn")] + own
    cash = document.get("CashBack")
    total = sum((line["Amount"] for line in lines), ZERO) - (cents(cash["Amount"]) if cash else ZERO)
    if total < 0:
        raise business_rule("Transaction amount must be 0 or greater.")
    document["TotalAmt"] = total
    if books.multicurrency:
        document["HomeTotalAmt"] = in_home(document, total)


def _linked_line(draft: Draft, line: Json, seen: set[str]) -> None:
    """A payment or receipt that lies in Undeposited Funds, whole and once.

    Raises:
        QuickBooksFault: 2500 when there is none, 620 when it cannot be taken.
    """
    books = draft.books
    link = dict(line["LinkedTxn"][0])
    kind, id = link.get("TxnType", ""), link.get("TxnId", "")
    if kind not in _HELD:
        raise cannot_be_linked(id)
    target = books.row(kind, id)
    if target is None:
        raise invalid_reference(f"Transaction element id {id} not found")
    in_other = books.store.tables.deposited.get(id, draft.id) != draft.id
    lies_there = target["DepositToAccountRef"]["value"] == books.account_for("UndepositedFunds")
    if in_other or id in seen or not lies_there:
        raise cannot_be_linked(id)
    seen.add(id)
    amount = _held_amount(kind, target)
    if target["CurrencyRef"]["value"] != draft.document["CurrencyRef"]["value"]:
        amount = in_home(target, amount)
    if line.get("Amount") is not None and cents(line["Amount"]) != amount:
        raise business_rule("A linked transaction is deposited with its whole amount.")
    link.setdefault("TxnLineId", "0")
    for name in ("Id", "LineNum", "DetailType", "DepositLineDetail"):
        line.pop(name, None)
    line.update(Amount=amount, LinkedTxn=[link])


def _held_amount(kind: str, target: Json) -> Decimal:
    """What a transaction put into Undeposited Funds, in its own currency; a refund took it out."""
    total: Decimal = target["TotalAmt"]
    return -total if kind == "RefundReceipt" else total


def _own_line(draft: Draft, line: Json) -> None:
    books = draft.books
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    line["Amount"] = cents(line["Amount"])
    line["DepositLineDetail"] = detail = dict(line.get("DepositLineDetail") or {})
    if detail.get("AccountRef") is None:
        raise missing("Line.DepositLineDetail.AccountRef")
    account = resolve(books, detail, "AccountRef", "Account", draft.before)
    resolve(books, detail, "ClassRef", "Class", draft.before)
    resolve(books, detail, "PaymentMethodRef", "PaymentMethod", draft.before)
    party = detail.get("Entity")
    if party is not None:
        _resolve_party(books, detail, party)
    if account is not None and account["AccountType"] in ("Accounts Receivable", "Accounts Payable"):
        raise invalid_account_type()


def _resolve_party(books: Books, holder: Json, party: Json) -> None:
    for kind in ("Customer", "Vendor", "Employee"):
        if books.row(kind, party["value"]) is not None:
            holder["Entity"] = dict(party)
            resolve(books, holder, "Entity", kind)
            holder["Entity"]["type"] = kind
            return
    raise invalid_reference(f"Names element id {party['value']} not found")


def _deposited(document: Json) -> list[tuple[str, str]]:
    links = [line["LinkedTxn"][0] for line in document.get("Line", ()) if line.get("LinkedTxn")]
    return [(link["TxnType"], link["TxnId"]) for link in links]


def deposit_effects(books: Books, document: Json) -> Effects:
    effects = Effects(date=document["TxnDate"], deposits=_deposited(document))
    undeposited = books.account_for("UndepositedFunds")
    for kind, id in effects.deposits:
        target = books.store.rows(kind)[id]
        held = in_home(target, _held_amount(kind, target))
        effects.entries.append(Entry(undeposited, -held))
    for line in document["Line"]:
        detail = line.get("DepositLineDetail")
        if detail is not None and line["Amount"]:
            effects.entries.append(Entry(detail["AccountRef"]["value"], -in_home(document, line["Amount"])))
    cash = document.get("CashBack")
    if cash is not None:
        effects.entries.append(Entry(cash["AccountRef"]["value"], in_home(document, cents(cash["Amount"]))))
    total = in_home(document, document["TotalAmt"])
    effects.entries.append(Entry(document["DepositToAccountRef"]["value"], total))
    balance_rounding(books, document, effects)
    return effects


def _deposit_saved(draft: Draft) -> None:
    index_number(draft)
    old = set(_deposited(draft.before or {}))
    for kind, id in sorted(old ^ set(_deposited(draft.document))):
        bump_linked(draft.books, kind, id)


def _deposit_removed(books: Books, document: Json) -> None:
    forget_number(books, "Deposit", document.get("DocNumber"), document["Id"])
    for kind, id in _deposited(document):
        bump_linked(books, kind, id)


Deposit = Entity(
    "Deposit",
    DEPOSIT,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _deposit_heads, _deposit_lines),
    effects=deposit_effects,
    saved=_deposit_saved,
    check_removal=check_still_open,
    removed=_deposit_removed,
)
