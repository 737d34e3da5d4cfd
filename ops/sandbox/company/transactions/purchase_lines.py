"""Lines of purchases and bills: accounts and items, their tax, and what they do to the books."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Entry
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import business_rule, invalid_account_type, missing, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.item import sellable
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.money.tax import Rate, add_tax, bases_per_code
from ops.sandbox.company.references import resolve
from ops.sandbox.company.stock import Movement
from ops.sandbox.company.transactions.basics import in_home
from ops.sandbox.company.transactions.lines import number_lines, require_detail_types
from ops.sandbox.company.transactions.sales_lines import check_product, check_start_date
from ops.sandbox.company.transactions.sales_posting import tax_amounts
from ops.sandbox.company.transactions.sales_tax import US_CODES, line_code, rates_of, tax_detail

ITEM_LINE = "ItemBasedExpenseLineDetail"
ACCOUNT_LINE = "AccountBasedExpenseLineDetail"
_TYPES = frozenset({ITEM_LINE, ACCOUNT_LINE, "DescriptionOnly"})


def complete_lines(draft: Draft) -> Decimal:
    """Check every line, write the tax, and answer the total."""
    document = draft.document
    lines = [dict(line) for line in document["Line"]]
    require_detail_types(lines, _TYPES)
    before = {line["Id"]: line for line in (draft.before or {}).get("Line", ())}
    for line in lines:
        kind = line["DetailType"]
        if kind == "DescriptionOnly":
            line.pop("Amount", None)
            continue
        line[kind] = detail = dict(line.get(kind) or {})
        stored = before.get(line.get("Id", ""), {})
        if kind == ITEM_LINE:
            _item_line(draft, line, detail, stored)
        else:
            _account_line(draft, line, detail, stored.get(kind))
        detail.setdefault("BillableStatus", "NotBillable")
        if detail["BillableStatus"] == "Billable" and detail.get("CustomerRef") is None:
            raise refusal("6310", "MissingCustomer", "A customer is required if the transaction is billable")
        resolve(draft.books, detail, "CustomerRef", "Customer", stored.get(kind))
        resolve(draft.books, detail, "ClassRef", "Class", stored.get(kind))
    number_lines(lines, draft.before)
    document["Line"] = lines
    spending = [line for line in lines if line["DetailType"] != "DescriptionOnly"]
    total = sum((line["Amount"] for line in spending), ZERO)
    return cents(total + _tax(draft, spending))


def _item_line(draft: Draft, line: Json, detail: Json, stored: Json) -> None:
    if detail.get("ItemRef") is None:
        raise missing(f"Line.{ITEM_LINE}.ItemRef")
    check_product(line, detail, stored)
    item = sellable(draft.books, detail["ItemRef"]["value"])
    detail["ItemRef"] = {"value": item["Id"], "name": item["FullyQualifiedName"]}
    if item["Type"] == "Inventory":
        if not detail.get("Qty"):
            raise refusal(
                "6520",
                "Missing Tracked Inventory Item Quantity",
                "The tracked inventory item must have a quantity",
                "Qty",
            )
        check_start_date(item, draft.document["TxnDate"])
    elif item.get("ExpenseAccountRef") is None and item.get("IncomeAccountRef") is None:
        raise business_rule("This item cannot be bought: it has no expense account.")


def _account_line(draft: Draft, line: Json, detail: Json, stored: Json | None) -> None:
    if detail.get("AccountRef") is None:
        raise missing(f"Line.{ACCOUNT_LINE}.AccountRef")
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    line["Amount"] = cents(line["Amount"])
    account = resolve(draft.books, detail, "AccountRef", "Account", stored)
    if account is not None and account["AccountType"] in ("Accounts Receivable", "Accounts Payable"):
        raise invalid_account_type()


def _tax(draft: Draft, lines: list[Json]) -> Decimal:
    """Purchases are taxed by line codes outside the US; in the US the codes are kept and nothing is added."""
    books, document = draft.books, draft.document
    if books.country.us_tax:
        for line in lines:
            detail = line[line["DetailType"]]
            code = (detail.get("TaxCodeRef") or {}).get("value", "NON")
            if code not in US_CODES:
                raise refusal(
                    "6100",
                    "Invalid Line TaxCode in the request",
                    "Invalid Line TaxCode in the request : TaxCode has to be either TAX or NON for US. "
                    f"Supplied value:{code}",
                )
            detail["TaxCodeRef"] = {"value": code}
        document.pop("GlobalTaxCalculation", None)
        document.pop("TxnTaxDetail", None)
        return ZERO
    if document.setdefault("GlobalTaxCalculation", "TaxExcluded") == "NotApplicable":
        document.pop("TxnTaxDetail", None)
        return ZERO

    def rates(code: str) -> tuple[Rate, ...]:
        return rates_of(books, code, "PurchaseTaxRateList")

    coded = [(line["Amount"], line_code(books, line[line["DetailType"]])) for line in lines]
    parts = add_tax(bases_per_code(coded), rates)
    document["TxnTaxDetail"] = tax_detail(parts)
    return sum((part.amount for part in parts), ZERO)


def _spending_lines(document: Json) -> list[Json]:
    return [line for line in document["Line"] if line["DetailType"] in (ITEM_LINE, ACCOUNT_LINE)]


def _account_of(books: Books, line: Json) -> str:
    detail = line[line["DetailType"]]
    if line["DetailType"] == ACCOUNT_LINE:
        return str(detail["AccountRef"]["value"])
    item = books.store.rows("Item")[detail["ItemRef"]["value"]]
    if item["Type"] == "Inventory":
        return str(item["AssetAccountRef"]["value"])
    return str((item.get("ExpenseAccountRef") or item["IncomeAccountRef"])["value"])


def line_entries(books: Books, document: Json, sign: Decimal) -> list[Entry]:
    """Debits of the lines and of the tax on them."""
    entries = [
        Entry(_account_of(books, line), in_home(document, line["Amount"]) * sign)
        for line in _spending_lines(document)
        if line["Amount"]
    ]
    entries.extend(
        Entry(account_id, in_home(document, amount) * sign)
        for account_id, amount in tax_amounts(books, document)
        if amount
    )
    return entries


def line_movements(books: Books, document: Json, sign: Decimal) -> list[Movement]:
    """Stock that was bought comes in at what it cost; what a credit sends back goes out first in, first out."""
    movements = []
    for line in _spending_lines(document):
        detail = line[line["DetailType"]]
        if line["DetailType"] != ITEM_LINE:
            continue
        item = books.store.rows("Item")[detail["ItemRef"]["value"]]
        if item["Type"] != "Inventory":
            continue
        value = in_home(document, line["Amount"])
        quantity = detail["Qty"] * sign
        movements.append(
            Movement(
                item_id=item["Id"],
                date=document["TxnDate"],
                sequence=int(document["Id"]),
                transaction_id=document["Id"],
                quantity=quantity,
                value=value if quantity > 0 else None,
                booked=value * sign,
                stock_account_id=item["AssetAccountRef"]["value"],
                offset_account_id=item["ExpenseAccountRef"]["value"],
                unit_cost=item.get("PurchaseCost", ZERO),
            )
        )
    return movements
