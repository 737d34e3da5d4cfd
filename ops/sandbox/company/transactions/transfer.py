"""Transfer: money that moves between two accounts."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import (
    business_rule,
    invalid_account_type,
    refusal,
)
from ops.sandbox.company.fields import anything, number, reference
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import cents
from ops.sandbox.company.references import find, resolve
from ops.sandbox.company.shapes import Shape
from ops.sandbox.company.transactions.basics import (
    TRANSACTION_FIELDS,
    check_still_open,
    currency_of,
    date_transaction,
    in_home,
)
from ops.sandbox.company.transactions.sales_posting import balance_rounding

TRANSFER = Shape(
    "Transfer",
    [
        *(one for one in TRANSACTION_FIELDS if one.name not in ("TotalAmt", "DocNumber")),
        reference("FromAccountRef", "Account", required=True),
        reference("ToAccountRef", "Account", required=True),
        number("Amount", required=True),
        reference("ClassRef", "Class"),
        anything("TransferEx"),
    ],
)


def _transfer(draft: Draft) -> None:
    books, document = draft.books, draft.document
    for name in ("FromAccountRef", "ToAccountRef"):
        account = find(books, "Account", document[name]["value"])
        if account["Classification"] not in ("Asset", "Liability", "Equity"):
            raise invalid_account_type()
        if account["AccountType"] in ("Accounts Receivable", "Accounts Payable"):
            raise invalid_account_type()
        document[name] = {"value": account["Id"], "name": account["FullyQualifiedName"]}
    if document["FromAccountRef"]["value"] == document["ToAccountRef"]["value"]:
        raise business_rule("You can't transfer money from and to the same account.")
    document["Amount"] = cents(document["Amount"])
    if document["Amount"] < 0:
        raise refusal("2290", "NegativeAmount", "Negative amounts aren't supported", "Amount")
    currency_of(draft, None)
    resolve(books, document, "DepartmentRef", "Department", draft.before)


def transfer_effects(books: Books, document: Json) -> Effects:
    amount = in_home(document, document["Amount"])
    entries = [
        Entry(document["ToAccountRef"]["value"], amount),
        Entry(document["FromAccountRef"]["value"], -amount),
    ]
    balance_rounding(books, document, effects := Effects(date=document["TxnDate"], entries=entries))
    return effects


Transfer = Entity(
    "Transfer",
    TRANSFER,
    id_space="transaction",
    operations=ALL,
    rules=(date_transaction, _transfer),
    effects=transfer_effects,
    check_removal=check_still_open,
)
