"""What every transaction has: its fields, date, closed books, numbers and currency."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import business_rule, duplicate_number, refusal
from ops.sandbox.company.fields import Field, anything, choice, day, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.currency import rate_on
from ops.sandbox.company.lists.people import company_has_currency
from ops.sandbox.company.money.rounding import cents
from ops.sandbox.company.shapes import (
    BASE_FIELDS,
    CUSTOM_FIELD,
    LINKED_TRANSACTION,
    Shape,
    nested,
    nested_list,
)
from ops.sandbox.company.transactions.lines import LINE

TAX_LINE_DETAIL = Shape(
    "TaxLineDetail",
    [
        reference("TaxRateRef"),
        *(anything(name) for name in ("PercentBased", "ServiceDate", "TaxLineDetailEx")),
        number("TaxPercent"),
        number("NetAmountTaxable"),
        number("TaxInclusiveAmount"),
        number("OverrideDeltaAmount"),
    ],
)
TAX_LINE = Shape(
    "Line",
    [
        number("Amount"),
        choice("DetailType", "TaxLineDetail"),
        nested("TaxLineDetail", TAX_LINE_DETAIL),
        text("Id"),
        anything("LineNum"),
        text("Description"),
    ],
)
TAX_DETAIL = Shape(
    "TxnTaxDetail",
    [
        reference("TxnTaxCodeRef"),
        reference("DefaultTaxCodeRef"),
        number("TotalTax"),
        nested_list("TaxLine", TAX_LINE),
    ],
)
TRANSACTION_FIELDS: tuple[Field, ...] = (
    *BASE_FIELDS,
    text("DocNumber", 21, filterable=True),
    day("TxnDate", filterable=True),
    reference("DepartmentRef", "Department"),
    reference("CurrencyRef"),
    number("ExchangeRate"),
    text("PrivateNote", 4000),
    text("TxnStatus", 50),
    nested_list("LinkedTxn", LINKED_TRANSACTION),
    nested_list("Line", LINE),
    nested("TxnTaxDetail", TAX_DETAIL),
    nested_list("CustomField", CUSTOM_FIELD),
    text("TxnSource", 100),
    text("TaxFormType", 100),
    text("TaxFormNum", 100),
    text("TransactionLocationType", 100),
    anything("Tag"),
    anything("TxnApprovalInfo"),
    reference("RecurDataRef"),
    anything("RecurringInfo"),
    reference("ProjectRef"),
    reference("JournalCodeRef"),
    anything("AttachableRef"),
    anything("OverrideTaxAmount"),
    number("HomeTotalAmt", read_only=True),
    number("TotalAmt", read_only=True, filterable=True),
)


def date_transaction(draft: Draft) -> None:
    """TxnDate is today in the company's zone unless given; closed books stay closed."""
    document = draft.document
    if document.get("TxnDate") is None:
        document["TxnDate"] = draft.before["TxnDate"] if draft.before else draft.books.today()
    check_books_open(draft.books, document["TxnDate"])
    if draft.before is not None:
        check_books_open(draft.books, draft.before["TxnDate"])


def check_books_open(books: Books, day: str) -> None:
    """Raises 6200, or 6210 when a password lies on it, for a day in a closed period."""
    closed = books.settings.closed_books_date
    if closed is None or day > closed.isoformat():
        return
    detail = (
        "The account period has closed and the account books cannot be updated through the QBO Services API. "
        "Please use the QBO website to make these changes."
    )
    code = "6210" if books.settings.closed_books_password else "6200"
    raise refusal(code, "Account Period Closed, Cannot Update Through Services API", detail)


def check_still_open(books: Books, document: Json) -> None:
    check_books_open(books, document["TxnDate"])


MOST_EXPENSIVE = 1_000_000
"""No currency is worth more units of another."""

SALES_FAMILY = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")
FIRST_NUMBER = 1001


def number_document(draft: Draft) -> None:
    """DocNumber of a sales form: the client's, the next one, or none, by the company's preference.

    Raises:
        QuickBooksFault: 6140 for a number that is in use, where the company warns about that.
    """
    books, document, before = draft.books, draft.document, draft.before
    custom = books.preference("SalesFormsPrefs", "CustomTxnNumbers")
    name = draft.entity.name
    given = document.get("DocNumber")
    if given == "AUTO_GENERATE":
        given = None
    elif not custom and books.settings.uncertain.doc_number_when_custom_off == "ignore":
        given = before.get("DocNumber") if before is not None else None
    wants_number = not custom or document.get("DocNumber") == "AUTO_GENERATE"
    if given is None and wants_number:
        given = (before or {}).get("DocNumber") or _next_number(books, name)
    if given is None:
        document.pop("DocNumber", None)
        return
    document["DocNumber"] = given
    if custom and books.settings.warn_duplicate_numbers:
        shared = books.settings.uncertain.doc_number_space == "family" and name in SALES_FAMILY
        refuse_duplicate(draft, SALES_FAMILY if shared else (name,))


def _next_number(books: Books, name: str) -> str:
    counter = "number:sales" if name in SALES_FAMILY else f"number:{name}"
    numbered = books.store.tables.numbered
    while True:
        candidate = str(books.store.next_number(counter, FIRST_NUMBER))
        if (name, candidate.casefold()) not in numbered:
            return candidate


DISPLAY_NAMES = {
    "SalesReceipt": "Sales Receipt",
    "CreditMemo": "Credit Memo",
    "RefundReceipt": "Refund",
    "JournalEntry": "Journal Entry",
    "Purchase": "Expense",
}


def refuse_duplicate(draft: Draft, family: tuple[str, ...]) -> None:
    """Raises 6140 when another transaction of the family carries the number; include can allow it."""
    number = draft.document["DocNumber"]
    if draft.before is not None and draft.before.get("DocNumber") == number:
        return
    if "allowduplicatedocnum" in draft.include:
        return
    for name in family:
        for id in draft.books.store.tables.numbered.get((name, number.casefold()), ()):
            if id != draft.id:
                raise duplicate_number(number, DISPLAY_NAMES.get(name, name), id)


def index_number(draft: Draft) -> None:
    """Keep the index of document numbers."""
    store, name = draft.books.store, draft.entity.name
    numbered = store.tables.numbered
    new = draft.document.get("DocNumber")
    old = draft.before.get("DocNumber") if draft.before is not None else None
    if new == old:
        return
    if old is not None:
        forget_number(draft.books, name, old, draft.id)
    if new is not None:
        key = (name, new.casefold())
        store.put(numbered, key, (*numbered.get(key, ()), draft.id))


def forget_number(books: Books, entity: str, number: str | None, id: str) -> None:
    numbered = books.store.tables.numbered
    key = (entity, (number or "").casefold())
    left = tuple(one for one in numbered.get(key, ()) if one != id)
    if left:
        books.store.put(numbered, key, left)
    else:
        books.store.remove(numbered, key)


def currency_of(draft: Draft, party: Json | None) -> None:
    """CurrencyRef and ExchangeRate; the party's currency decides.

    Raises:
        QuickBooksFault: 6000 for a foreign currency without multicurrency, or one that is not the party's.
    """
    books, document = draft.books, draft.document
    home = books.country.currency
    sent = (document.get("CurrencyRef") or {}).get("value")
    expected = party["CurrencyRef"]["value"] if party is not None else sent or home
    code = sent or expected
    if code != home and not books.multicurrency:
        raise business_rule("Multi Currency should be enabled to perform this operation.")
    if code != expected:
        raise business_rule("The currency of the transaction is not the currency of its customer or vendor.")
    if not company_has_currency(books, code):
        raise business_rule(f"The currency {code} is not set up in this company.")
    document["CurrencyRef"] = books.currency_reference(code)
    if not books.multicurrency:
        document.pop("ExchangeRate", None)
        return
    if code == home:
        document["ExchangeRate"] = Decimal(1)
    elif not document.get("ExchangeRate"):
        document["ExchangeRate"] = rate_on(books, code, document["TxnDate"])
    if not 0 < document["ExchangeRate"] < MOST_EXPENSIVE:
        raise refusal(
            "2110", "Invalid Decimal", f"Invalid Decimal : {document['ExchangeRate']}", "ExchangeRate"
        )


def rate_of(document: Json) -> Decimal:
    rate: Decimal = document.get("ExchangeRate") or Decimal(1)
    return rate


def in_home(document: Json, amount: Decimal) -> Decimal:
    """An amount of the transaction in home currency, to cents."""
    rate = document.get("ExchangeRate")
    return amount if rate is None or rate == 1 else cents(amount * rate)
