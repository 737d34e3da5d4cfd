"""Account. Source: Intuit's reference of Account, and recorded answers."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import LIST, Draft, Entity
from ops.sandbox.company.faults import business_rule, invalid_account_type, missing, refusal
from ops.sandbox.company.fields import anything, boolean, day, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account_types import (
    BALANCE_SHEET,
    CLASSIFICATION,
    SUB_TYPES,
    TYPE_OF_SUB_TYPE,
)
from ops.sandbox.company.lists.people import check_currency
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.names import check_characters, claim, mark_inactive, qualify
from ops.sandbox.company.references import find, resolve
from ops.sandbox.company.shapes import BASE_FIELDS, Shape

ACCOUNT = Shape(
    "Account",
    [
        *BASE_FIELDS,
        text("Name", 100, required=True, filterable=True),
        boolean("SubAccount", filterable=True),
        reference("ParentRef", "Account", filterable=True),
        text("Description", 4000, filterable=True),
        text("FullyQualifiedName", read_only=True, filterable=True),
        text("AccountAlias", 100),
        text("TxnLocationType", 100),
        boolean("Active", filterable=True),
        text("Classification", read_only=True, filterable=True),
        text("AccountType", 100, filterable=True),
        text("AccountSubType", 100, filterable=True),
        text("AcctNum", 20),
        text("AcctNumExtn", 20),
        text("BankNum", 100),
        number("OpeningBalance"),
        day("OpeningBalanceDate"),
        number("CurrentBalance", read_only=True, filterable=True),
        number("CurrentBalanceWithSubAccounts", read_only=True),
        reference("CurrencyRef"),
        boolean("TaxAccount"),
        reference("TaxCodeRef", "TaxCode"),
        boolean("OnlineBankingEnabled"),
        text("FIName", 100),
        reference("JournalCodeRef"),
        text("V4IDPseudonym", read_only=True),
        anything("AccountEx"),
        anything("AttachableRef"),
        anything("CustomField"),
    ],
)


def _kind(draft: Draft) -> None:
    """AccountType and AccountSubType complete each other.

    Raises:
        QuickBooksFault: 6010 with neither, 2170 for an unknown one, 6430 when they do not go together.
    """
    document = draft.document
    kind, sub_type = document.get("AccountType"), document.get("AccountSubType")
    if kind is None and sub_type is None:
        raise refusal(
            "6010",
            "Invalid Account.AccountType && Account.AccountSubType",
            "You must specify either an Account.AccountType or an Account.AccountSubType",
        )
    if kind is not None and kind not in CLASSIFICATION:
        raise refusal("2170", "Invalid Enumeration", f"Invalid Enumeration : {kind}", "AccountType")
    if sub_type is not None and sub_type not in TYPE_OF_SUB_TYPE:
        raise refusal("2170", "Invalid Enumeration", f"Invalid Enumeration : {sub_type}", "AccountSubType")
    kind = kind or TYPE_OF_SUB_TYPE[str(sub_type)]
    sub_type = sub_type or SUB_TYPES[kind][0]
    if TYPE_OF_SUB_TYPE[sub_type] != kind:
        raise invalid_account_type()
    before = draft.before
    if before is not None and before["AccountType"] != kind and draft.id in _used(draft.books):
        raise invalid_account_type()
    document.update(AccountType=kind, AccountSubType=sub_type, Classification=CLASSIFICATION[kind])


def _used(books: Books) -> dict[str, Decimal]:
    return books.store.tables.account_balances


def _name(draft: Draft) -> None:
    document = draft.document
    document["Name"] = document["Name"].strip()
    if not document["Name"]:
        raise missing("Name")
    check_characters(document["Name"], "Name", ':"\t\n\r')
    document.setdefault("Active", True)
    parent = resolve(draft.books, document, "ParentRef", "Account", draft.before)
    if parent is not None and parent["AccountType"] != document["AccountType"]:
        raise invalid_account_type()
    document["SubAccount"] = parent is not None
    mark_inactive(draft, "Name", "Account")
    qualify(draft, "Account", "Name", "SubAccount")
    document.pop("Level", None)
    claim(draft, "Account", "FullyQualifiedName")
    document.pop("OpeningBalance", None)
    document.pop("OpeningBalanceDate", None)


def shown_balance(account: Json, balance: Decimal) -> Decimal:
    """Balance sheet accounts only; liabilities show as debits, except credit cards.

    Inferred from balances of Intuit's sample company.
    """
    if account["Classification"] not in BALANCE_SHEET:
        return ZERO
    return -balance if account["AccountType"] == "Credit Card" else balance


def _view(books: Books, row: Json) -> Json:
    balances = books.store.tables.account_balances
    own = shown_balance(row, balances.get(row["Id"], ZERO))
    total, prefix = own, f"{row['FullyQualifiedName']}:"
    if not row["SubAccount"]:
        for other in books.store.rows("Account").values():
            if other["FullyQualifiedName"].startswith(prefix):
                total += shown_balance(other, balances.get(other["Id"], ZERO))
    return {**row, "CurrentBalance": own, "CurrentBalanceWithSubAccounts": total}


def account_of_type(books: Books, id: str, *kinds: str) -> Json:
    """The active account with this id.

    Raises:
        QuickBooksFault: 2500 or 610 when there is none, 6430 when it is of another type.
    """
    account = find(books, "Account", id)
    if account["AccountType"] not in kinds:
        raise invalid_account_type()
    return account


def check_account_currency(books: Books, account: Json, currency: str) -> None:
    """Raises 6000 for an account in a third currency."""
    if account["CurrencyRef"]["value"] not in (books.country.currency, currency):
        raise business_rule("The currency of the account is not the currency of the transaction.")


Account = Entity(
    "Account",
    ACCOUNT,
    id_space="account",
    operations=LIST,
    rules=(_kind, _name, check_currency),
    view=_view,
    viewed=frozenset({"CurrentBalance", "CurrentBalanceWithSubAccounts"}),
    name_field="FullyQualifiedName",
)
