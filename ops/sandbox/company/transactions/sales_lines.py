"""Lines of sales forms: amounts, items, discounts, bundles and the subtotal line of the answer."""

from dataclasses import dataclass, field
from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import (
    amount_mismatch,
    before_start_date,
    business_rule,
    invalid_number,
    missing,
    refusal,
)
from ops.sandbox.company.fields import LARGEST_AMOUNT
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type
from ops.sandbox.company.lists.item import sellable
from ops.sandbox.company.money.rounding import PERCENT, ZERO, cents, percent_of
from ops.sandbox.company.references import resolve
from ops.sandbox.company.transactions.lines import number_lines, require_detail_types, with_inner

SALES_DETAILS = frozenset(
    {
        "SalesItemLineDetail",
        "DiscountLineDetail",
        "SubTotalLineDetail",
        "DescriptionOnly",
        "DescriptionLineDetail",
        "GroupLineDetail",
    }
)
SHIPPING = "SHIPPING_ITEM_ID"
GRATUITY = "GRATUITY_ITEM_ID"
TAXABLE_LINES = 750
"""Most taxable lines of one sales form. Source: Intuit's reference of SalesReceipt."""


@dataclass(slots=True)
class SalesLines:
    """The lines of a form, ready to be summed up."""

    answered: list[Json] = field(default_factory=list)
    """Every line that is answered, without subtotal and discount."""
    selling: list[Json] = field(default_factory=list)
    """The lines that sell something, those of bundles included."""
    discount: Json | None = None

    @property
    def subtotal(self) -> Decimal:
        return sum((line["Amount"] for line in self.selling), ZERO)


def check_product(line: Json, detail: Json, stored: Json) -> None:
    """Amount must be Qty × UnitPrice, half-up to cents, when both are there: 6070 otherwise.

    A line that is as it was stored passes: inclusive tax may have moved its amount by a cent.

    Both zero counts as not sent: client libraries do so, and their tests pass on the real thing.
    """
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    amount = line.get("Amount")
    if quantity is None or price is None:
        if amount is None:
            raise missing("Line.Amount")
        line["Amount"] = cents(amount)
        return
    if not quantity and not price and amount is not None:
        line["Amount"] = cents(amount)
        if line["Amount"]:
            del detail["Qty"], detail["UnitPrice"]
        return
    product = cents(quantity * price)
    if abs(product) > LARGEST_AMOUNT:
        raise invalid_number("Line.Amount", product)
    if amount is None:
        raise missing("Line.Amount")
    if amount != product:
        inner = stored.get(line["DetailType"]) or {}
        if stored.get("Amount") == amount and (inner.get("Qty"), inner.get("UnitPrice")) == (quantity, price):
            return
        raise amount_mismatch(amount)
    line["Amount"] = product


def read_lines(draft: Draft) -> SalesLines:
    """Check and complete the lines of a sales form."""
    sent = draft.document.get("Line")
    if not sent:
        raise missing("Line")
    require_detail_types(sent, SALES_DETAILS)
    before = {line["Id"]: line for line in with_inner((draft.before or {}).get("Line", ())) if "Id" in line}
    result = SalesLines()
    for original in sent:
        kind = original["DetailType"]
        if kind == "SubTotalLineDetail":
            continue
        line = {name: value for name, value in original.items() if name not in ("LinkedTxn", "CustomField")}
        if original.get("LinkedTxn"):
            line["LinkedTxn"] = original["LinkedTxn"]
        if kind == "SalesItemLineDetail":
            _selling_line(draft, line, before.get(line.get("Id", ""), {}))
            result.answered.append(line)
            if "Amount" in line:
                result.selling.append(line)
        elif kind == "DiscountLineDetail":
            if result.discount is not None:
                raise business_rule("A transaction can have one discount line only.")
            result.discount = line
        elif kind == "GroupLineDetail":
            _bundle_line(draft, line, before)
            result.answered.append(line)
            result.selling.extend(line["GroupLineDetail"]["Line"])
        else:
            line.pop("Amount", None)
            line["DetailType"] = "DescriptionOnly"
            line.setdefault("DescriptionLineDetail", {})
            result.answered.append(line)
    if not result.selling and not result.answered:
        raise missing("Line")
    if result.discount is not None:
        _discount_line(draft, result.discount, result.subtotal)
    number_lines(result.answered, draft.before)
    if sum(1 for line in result.selling if _is_taxable(line)) > TAXABLE_LINES:
        raise business_rule(f"A sales form can have {TAXABLE_LINES} taxable lines at most.")
    return result


def _is_taxable(line: Json) -> bool:
    code = line["SalesItemLineDetail"].get("TaxCodeRef")
    return code is not None and code["value"] != "NON"


def _selling_line(draft: Draft, line: Json, before: Json) -> None:
    books = draft.books
    detail = dict(line.get("SalesItemLineDetail") or {})
    line["SalesItemLineDetail"] = detail
    item = detail.get("ItemRef")
    if item is None:
        if books.settings.uncertain.line_without_item == "description":
            line.pop("Amount", None)
            return
        item = {"value": default_item(books)}
        detail["ItemRef"] = item
    check_product(line, detail, before)
    if item["value"] in (SHIPPING, GRATUITY):
        _special_line(books, item["value"], detail)
    else:
        _item_line(draft, detail, before.get("SalesItemLineDetail"))
    resolve(books, detail, "ClassRef", "Class", before.get("SalesItemLineDetail"))


def default_item(books: Books) -> str:
    for pair in books.preferences.get("OtherPrefs", {}).get("NameValue", ()):
        if pair.get("Name") == "SalesFormsPrefs.DefaultItem":
            return str(pair.get("Value"))
    return "1"


def _special_line(books: Books, special: str, detail: Json) -> None:
    """Shipping and tips have an item of their own, where the company has turned them on."""
    preference = "AllowShipping" if special == SHIPPING else "AllowGratuity"
    if not books.preference("SalesFormsPrefs", preference):
        raise business_rule(f"{special} cannot be used: {preference} is off.")
    role = "ShippingIncome" if special == SHIPPING else "Gratuity"
    detail["ItemRef"] = {"value": special}
    detail["ItemAccountRef"] = books.account_reference(books.account_for(role))


def _item_line(draft: Draft, detail: Json, before: Json | None) -> None:
    books = draft.books
    item_id = detail["ItemRef"]["value"]
    known = before is not None and (before.get("ItemRef") or {}).get("value") == item_id
    item = books.store.rows("Item")[item_id] if known else sellable(books, item_id)
    detail["ItemRef"] = {"value": item_id, "name": item["FullyQualifiedName"]}
    account = item.get("IncomeAccountRef") or item.get("ExpenseAccountRef")
    if account is None:
        raise business_rule("This item cannot be sold: it has no income account.")
    detail["ItemAccountRef"] = account
    if item["Type"] == "Inventory":
        if detail.get("Qty") is None and not draft.entity.name == "Estimate":
            raise refusal(
                "6520",
                "Missing Tracked Inventory Item Quantity",
                "The tracked inventory item must have a quantity",
                "Qty",
            )
        check_start_date(item, draft.document["TxnDate"])


def check_start_date(item: Json, day: str) -> None:
    """Raises 6270 for a day before the item's first day of stock."""
    if day < item["InvStartDate"]:
        raise before_start_date(item["Name"])


def _bundle_line(draft: Draft, line: Json, before: dict[str, Json]) -> None:
    """A bundle's parts are the lines that were sent, or those of the bundle times its quantity."""
    books = draft.books
    group = dict(line.get("GroupLineDetail") or {})
    line["GroupLineDetail"] = group
    if group.get("GroupItemRef") is None:
        raise missing("Line.GroupLineDetail.GroupItemRef")
    item = sellable(books, group["GroupItemRef"]["value"])
    if item["Type"] != "Group":
        raise business_rule("The item of a bundle line must be a bundle.")
    group["GroupItemRef"] = {"value": item["Id"], "name": item["FullyQualifiedName"]}
    quantity = group.setdefault("Quantity", Decimal(1))
    inner = [dict(one) for one in group.get("Line") or _bundle_parts(books, item, quantity)]
    require_detail_types(inner, frozenset({"SalesItemLineDetail"}))
    for one in inner:
        if (one.get("SalesItemLineDetail") or {}).get("ItemRef") is None:
            raise missing("Line.GroupLineDetail.Line.SalesItemLineDetail.ItemRef")
        _selling_line(draft, one, before.get(one.get("Id", ""), {}))
    group["Line"] = inner
    line["Amount"] = sum((one["Amount"] for one in inner), ZERO)


def _bundle_parts(books: Books, item: Json, quantity: Decimal) -> list[Json]:
    parts = []
    for part in item["ItemGroupDetail"]["ItemGroupLine"]:
        price = books.store.rows("Item")[part["ItemRef"]["value"]].get("UnitPrice", ZERO)
        pieces = part["Qty"] * quantity
        parts.append(
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": cents(pieces * price),
                "SalesItemLineDetail": {
                    "ItemRef": {"value": part["ItemRef"]["value"]},
                    "Qty": pieces,
                    "UnitPrice": price,
                },
            }
        )
    return parts


def _discount_line(draft: Draft, line: Json, subtotal: Decimal) -> None:
    """A positive amount that is taken off; a percentage is of the subtotal.

    Raises:
        QuickBooksFault: 6000 when discounts are off, 6090 without percent and amount, 6430 for its account.
    """
    books = draft.books
    if not books.preference("SalesFormsPrefs", "AllowDiscount"):
        raise business_rule("Discounts are turned off in this company.")
    detail = dict(line.get("DiscountLineDetail") or {})
    line["DiscountLineDetail"] = detail
    percent = detail.get("DiscountPercent")
    if detail.get("PercentBased") and percent is not None:
        if not ZERO <= percent <= PERCENT:
            raise refusal("2150", "Invalid Percent", f"Invalid Percent : {percent}", "DiscountPercent")
        line["Amount"] = percent_of(percent, subtotal)
    elif line.get("Amount") is not None:
        line["Amount"] = cents(line["Amount"])
        detail["PercentBased"] = False
        detail.pop("DiscountPercent", None)
    else:
        raise refusal(
            "6090", "Discount Line missing required info", "A discount amount or percent is required"
        )
    if line["Amount"] < 0:
        raise refusal("2290", "NegativeAmount", "Negative amounts aren't supported on discount lines", "Line")
    account = detail.get("DiscountAccountRef") or {"value": books.account_for("DiscountsGiven")}
    found = account_of_type(
        books, account["value"], "Income", "Expense", "Other Income", "Cost of Goods Sold"
    )
    detail["DiscountAccountRef"] = {"value": found["Id"], "name": found["FullyQualifiedName"]}
    line.pop("LineNum", None)
    line.pop("Id", None)


def answer_lines(lines: SalesLines) -> list[Json]:
    """The lines as they are answered: items, subtotal, discount."""
    subtotal: Json = {"Amount": lines.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    answered = [*lines.answered, subtotal]
    if lines.discount is not None:
        answered.append(lines.discount)
    return answered
