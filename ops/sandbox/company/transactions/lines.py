"""Lines of transactions: their shapes, and what every line must have."""

from collections.abc import Iterable

from ops.sandbox.company.faults import missing
from ops.sandbox.company.fields import (
    anything,
    boolean,
    choice,
    day,
    integer,
    number,
    reference,
    text,
)
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.shapes import (
    CUSTOM_FIELD,
    LINKED_TRANSACTION,
    MARKUP,
    Shape,
    nested,
    nested_list,
)

_ITEM_FIELDS = (
    reference("ItemRef", "Item"),
    number("UnitPrice"),
    number("RatePercent"),
    number("Qty"),
    reference("PriceLevelRef"),
    nested("MarkupInfo", MARKUP),
    reference("ClassRef", "Class"),
    reference("TaxCodeRef"),
    reference("UOMRef"),
    reference("ItemAccountRef"),
    reference("InventorySiteRef"),
)
SALES_ITEM = Shape(
    "SalesItemLineDetail",
    [
        *_ITEM_FIELDS,
        day("ServiceDate"),
        number("TaxInclusiveAmt"),
        number("DiscountRate"),
        number("DiscountAmt"),
        reference("TaxClassificationRef"),
        boolean("DeferredRevenue"),
        anything("SalesItemLineDetailEx"),
    ],
)
DISCOUNT = Shape(
    "DiscountLineDetail",
    [
        anything("Discount"),
        boolean("PercentBased"),
        number("DiscountPercent"),
        reference("DiscountRef"),
        reference("DiscountAccountRef", "Account"),
        day("ServiceDate"),
        reference("ClassRef", "Class"),
        reference("TaxCodeRef"),
        anything("DiscountLineDetailEx"),
    ],
)
SUB_TOTAL = Shape(
    "SubTotalLineDetail", [reference("ItemRef"), day("ServiceDate"), anything("SubTotalLineDetailEx")]
)
DESCRIPTION = Shape(
    "DescriptionLineDetail",
    [day("ServiceDate"), reference("TaxCodeRef"), anything("DescriptionLineDetailEx")],
)
_EXPENSE_FIELDS = (
    reference("CustomerRef", "Customer"),
    reference("ClassRef", "Class"),
    reference("TaxCodeRef"),
    choice("BillableStatus", "Billable", "NotBillable", "HasBeenBilled"),
    number("TaxInclusiveAmt"),
    number("TaxAmount"),
)
ACCOUNT_EXPENSE = Shape(
    "AccountBasedExpenseLineDetail",
    [
        *_EXPENSE_FIELDS,
        reference("AccountRef", "Account"),
        nested("MarkupInfo", MARKUP),
        anything("ExpenseDetailLineDetailEx"),
    ],
)
ITEM_EXPENSE = Shape(
    "ItemBasedExpenseLineDetail",
    [
        *(one for one in _ITEM_FIELDS if one.name not in ("ClassRef", "TaxCodeRef")),
        *_EXPENSE_FIELDS,
        anything("ItemBasedExpenseLineDetailEx"),
    ],
)
JOURNAL_PARTY = Shape(
    "EntityTypeRef", [choice("Type", "Customer", "Vendor", "Employee"), reference("EntityRef")]
)
JOURNAL = Shape(
    "JournalEntryLineDetail",
    [
        choice("PostingType", "Debit", "Credit"),
        nested("Entity", JOURNAL_PARTY),
        reference("AccountRef", "Account"),
        reference("ClassRef", "Class"),
        reference("DepartmentRef", "Department"),
        reference("TaxCodeRef"),
        reference("TaxRateRef"),
        text("TaxApplicableOn", 20),
        number("TaxAmount"),
        number("TaxInclusiveAmt"),
        text("BillableStatus", 20),
        reference("JournalCodeRef"),
        anything("JournalEntryLineDetailEx"),
    ],
)
DEPOSIT = Shape(
    "DepositLineDetail",
    [
        reference("Entity"),
        reference("ClassRef", "Class"),
        reference("AccountRef", "Account"),
        reference("PaymentMethodRef", "PaymentMethod"),
        text("CheckNum", 21),
        text("TxnType", 50),
        reference("TaxCodeRef"),
        text("TaxApplicableOn", 20),
        anything("DepositLineDetailEx"),
    ],
)
ADJUSTMENT = Shape(
    "ItemAdjustmentLineDetail",
    [
        reference("ItemRef", "Item"),
        number("QtyDiff"),
        number("NewQty"),
        number("SalesPrice"),
        reference("ClassRef", "Class"),
        anything("ItemAdjustmentLineDetailEx"),
    ],
)

DETAIL_SHAPES = {
    "SalesItemLineDetail": SALES_ITEM,
    "DiscountLineDetail": DISCOUNT,
    "SubTotalLineDetail": SUB_TOTAL,
    "DescriptionLineDetail": DESCRIPTION,
    "AccountBasedExpenseLineDetail": ACCOUNT_EXPENSE,
    "ItemBasedExpenseLineDetail": ITEM_EXPENSE,
    "JournalEntryLineDetail": JOURNAL,
    "DepositLineDetail": DEPOSIT,
    "ItemAdjustmentLineDetail": ADJUSTMENT,
}
DETAIL_TYPES = (
    *DETAIL_SHAPES,
    "DescriptionOnly",
    "GroupLineDetail",
    "TDSLineDetail",
    "TaxLineDetail",
    "PaymentLineDetail",
)
_LINE_FIELDS = (
    text("Id", 50),
    integer("LineNum"),
    text("Description", 4000),
    number("Amount"),
    number("Received"),
    choice("DetailType", *DETAIL_TYPES),
    *(nested(name, shape) for name, shape in DETAIL_SHAPES.items()),
    # The name that one client library gives it; the server's reader does not mind the case.
    anything("SubtotalLineDetail"),
    *(anything(name) for name in ("TDSLineDetail", "TaxLineDetail", "PaymentLineDetail", "LineEx")),
    nested_list("LinkedTxn", LINKED_TRANSACTION),
    nested_list("CustomField", CUSTOM_FIELD),
    reference("ProjectRef"),
    number("CostAmount"),
    number("HomeCostAmount"),
)
INNER_LINE = Shape("Line", _LINE_FIELDS)
GROUP = Shape(
    "GroupLineDetail",
    [
        reference("GroupItemRef", "Item"),
        number("Quantity"),
        reference("UOMRef"),
        day("ServiceDate"),
        nested_list("Line", INNER_LINE),
        anything("GroupLineDetailEx"),
    ],
)
LINE = Shape("Line", [*_LINE_FIELDS, nested("GroupLineDetail", GROUP)])


def require_detail_types(lines: list[Json], allowed: frozenset[str]) -> None:
    """Raises 2020 for a line without a DetailType, or without the detail that it promises."""
    for line in lines:
        kind = line.get("DetailType")
        if kind is None:
            raise missing("Line.DetailType")
        if kind not in allowed:
            raise missing(f"Line.{min(allowed)}")


def number_lines(lines: list[Json], before: Json | None) -> None:
    """Id and LineNum of each line; a line sent without Id gets a new one (seen in recorded traffic).

    Ids are never used again within a document. The lines of a bundle count along.
    """
    known = {line["Id"] for line in with_inner(before.get("Line", ())) if "Id" in line} if before else set()
    highest = max((int(id) for id in known), default=0)
    taken: set[str] = set()
    for position, line in enumerate(with_inner(lines), 1):
        id = line.get("Id")
        if id is None or id in taken or id not in known:
            highest += 1
            id = line["Id"] = str(highest)
        taken.add(id)
        line["LineNum"] = position


def with_inner(lines: Iterable[Json]) -> list[Json]:
    """Every line, followed by its inner ones when it is a bundle."""
    found: list[Json] = []
    for line in lines:
        found.append(line)
        if line.get("DetailType") == "GroupLineDetail":
            found.extend(line["GroupLineDetail"].get("Line", ()))
    return found
