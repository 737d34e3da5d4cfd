"""JournalEntry: amounts booked by hand; debits and credits balance."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import (
    business_rule,
    missing,
    refusal,
)
from ops.sandbox.company.fields import anything, boolean, choice
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import Shape
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
from ops.sandbox.company.transactions.lines import number_lines, require_detail_types
from ops.sandbox.company.transactions.sales_posting import balance_rounding

JOURNAL_ENTRY = Shape(
    "JournalEntry",
    [
        *TRANSACTION_FIELDS,
        boolean("Adjustment"),
        boolean("HomeCurrencyAdjustment"),
        boolean("EnteredInHomeCurrency"),
        choice("GlobalTaxCalculation", "TaxExcluded", "TaxInclusive", "NotApplicable"),
        anything("JournalEntryEx"),
    ],
)


def _journal(draft: Draft) -> None:
    """Lines that balance, with a customer on receivables and a vendor on payables.

    Raises:
        QuickBooksFault: 2260 without a side, 2290 for a negative amount, 2300 when it does not balance.
    """
    document = draft.document
    lines = [dict(line) for line in document.get("Line") or ()]
    if not lines:
        raise missing("Line")
    require_detail_types(lines, frozenset({"JournalEntryLineDetail", "DescriptionOnly"}))
    booked = [line for line in lines if line["DetailType"] == "JournalEntryLineDetail"]
    if len(booked) < 2:
        raise business_rule("Fill out at least two detail lines to continue.")
    currency_of(draft, None)
    balance = ZERO
    for line in booked:
        balance += _journal_line(draft, line)
    if balance:
        raise refusal(
            "2300", "Amount on debits not equal to credits", "Debits and credits must be equal", "Line"
        )
    number_lines(lines, draft.before)
    document["Line"] = lines
    document.setdefault("Adjustment", False)
    document["TotalAmt"] = ZERO
    if document.get("DocNumber") is not None and draft.books.settings.warn_duplicate_numbers:
        refuse_duplicate(draft, ("JournalEntry",))


def _journal_line(draft: Draft, line: Json) -> Decimal:
    books = draft.books
    line["JournalEntryLineDetail"] = detail = dict(line.get("JournalEntryLineDetail") or {})
    if detail.get("PostingType") is None:
        raise refusal(
            "2260", "MissingPostingType", "A posting type is required: Credit or Debit", "PostingType"
        )
    if detail.get("AccountRef") is None:
        raise missing("Line.JournalEntryLineDetail.AccountRef")
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    amount = line["Amount"] = cents(line["Amount"])
    if amount < 0:
        raise refusal("2290", "NegativeAmount", "Negative amounts aren't supported on lines", "Line")
    account = resolve(books, detail, "AccountRef", "Account", draft.before)
    assert account is not None
    resolve(books, detail, "ClassRef", "Class", draft.before)
    resolve(books, detail, "DepartmentRef", "Department", draft.before)
    kind = _journal_party(books, detail)
    if account["AccountType"] == "Accounts Receivable" and kind != "Customer":
        raise business_rule("When you use Accounts Receivable, you must choose a customer in the Name field.")
    if account["AccountType"] == "Accounts Payable" and kind != "Vendor":
        raise business_rule("When you use Accounts Payable, you must choose a vendor in the Name field.")
    return Decimal(amount) if detail["PostingType"] == "Debit" else -Decimal(amount)


def _journal_party(books: Books, detail: Json) -> str | None:
    party = detail.get("Entity")
    if party is None:
        return None
    if party.get("EntityRef") is None or party.get("Type") is None:
        raise missing("Line.JournalEntryLineDetail.Entity.EntityRef")
    detail["Entity"] = party = dict(party)
    resolve(books, party, "EntityRef", party["Type"])
    return str(party["Type"])


def journal_effects(books: Books, document: Json) -> Effects:
    effects = Effects(date=document["TxnDate"])
    accounts = books.store.rows("Account")
    for line in document["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail is None or not line["Amount"]:
            continue
        amount = line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
        account = accounts[detail["AccountRef"]["value"]]
        home = in_home(document, amount)
        if account["AccountType"] in ("Accounts Receivable", "Accounts Payable"):
            party = detail["Entity"]["EntityRef"]["value"]
            sign = 1 if account["AccountType"] == "Accounts Receivable" else -1
            effects.entries.append(Entry(account["Id"], home, party, amount * sign))
        else:
            effects.entries.append(Entry(account["Id"], home))
    balance_rounding(books, document, effects)
    return effects


JournalEntry = Entity(
    "JournalEntry",
    JOURNAL_ENTRY,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _journal),
    effects=journal_effects,
    saved=index_number,
    check_removal=check_still_open,
    removed=lambda books, one: forget_number(books, "JournalEntry", one.get("DocNumber"), one["Id"]),
)
