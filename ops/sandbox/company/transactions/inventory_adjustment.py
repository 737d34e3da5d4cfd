"""InventoryAdjustment: differences in quantity, at first-in-first-out cost.

Source: Intuit's reference of InventoryAdjustment; Plus and Advanced companies in the US only.
"""

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects
from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import business_rule, feature_not_supported, missing
from ops.sandbox.company.fields import anything, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.account import account_of_type
from ops.sandbox.company.lists.item import sellable
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import Shape
from ops.sandbox.company.stock import Movement
from ops.sandbox.company.transactions.basics import (
    TRANSACTION_FIELDS,
    check_still_open,
    date_transaction,
    forget_number,
    index_number,
)
from ops.sandbox.company.transactions.lines import number_lines, require_detail_types
from ops.sandbox.company.transactions.sales_lines import check_start_date

SHAPE = Shape(
    "InventoryAdjustment",
    [
        *(one for one in TRANSACTION_FIELDS if one.name not in ("DocNumber", "TotalAmt")),
        text("DocNumber", 21, filterable=True),
        reference("AdjustAccountRef", "Account", required=True),
        number("TotalAmt", read_only=True),
        reference("CustomerRef", "Customer"),
        reference("ClassRef", "Class"),
        anything("InventoryAdjustmentEx"),
    ],
)
_ACCOUNT_TYPES = (
    "Cost of Goods Sold",
    "Expense",
    "Other Expense",
    "Income",
    "Other Income",
    "Equity",
    "Other Current Asset",
    "Other Current Liability",
)


def _allowed(draft: Draft) -> None:
    """Raises 5030 where plan or country lacks it, and 6000 for an update that is not sparse."""
    books, uncertain = draft.books, draft.books.settings.uncertain
    if not books.settings.plan.inventory_adjustments or books.country.code != "US":
        raise feature_not_supported("Inventory adjustments are not part of this subscription.")
    if draft.before is not None:
        if uncertain.adjustment_needs_sparse and not draft.sparse:
            raise business_rule("Only sparse updates of an inventory adjustment are supported.")
        moved = draft.document.get("TxnDate") != draft.before["TxnDate"]
        if moved and not uncertain.adjustment_date_can_change:
            raise business_rule("The date of an inventory adjustment cannot be changed.")


def _lines(draft: Draft) -> None:
    document, books = draft.document, draft.books
    account = account_of_type(books, document["AdjustAccountRef"]["value"], *_ACCOUNT_TYPES)
    document["AdjustAccountRef"] = {"value": account["Id"], "name": account["FullyQualifiedName"]}
    resolve(books, document, "ClassRef", "Class", draft.before)
    resolve(books, document, "DepartmentRef", "Department", draft.before)
    lines = [dict(line) for line in document.get("Line") or ()]
    if not lines:
        raise missing("Line")
    for line in lines:
        # A sparse update may leave the type out. Source: the example in Intuit's reference.
        line.setdefault("DetailType", "ItemAdjustmentLineDetail" if draft.before else None)
    require_detail_types(lines, frozenset({"ItemAdjustmentLineDetail"}))
    number_lines(lines, draft.before)
    document["Line"] = [_line(books, line, document["TxnDate"]) for line in lines]
    document.setdefault("PrivateNote", "")


def _line(books: Books, line: Json, day: str) -> Json:
    """One line as it is answered: no type and no name of the item. Source: the examples in Intuit's reference."""
    detail = line.get("ItemAdjustmentLineDetail") or {}
    if detail.get("ItemRef") is None:
        raise missing("Line.ItemAdjustmentLineDetail.ItemRef")
    difference = detail.get("QtyDiff")
    if difference is None:
        raise missing("Line.ItemAdjustmentLineDetail.QtyDiff")
    item = sellable(books, detail["ItemRef"]["value"])
    if item["Type"] != "Inventory":
        raise business_rule("Only inventory items can be adjusted.")
    check_start_date(item, day)
    answered = {"ItemRef": {"value": item["Id"]}, "QtyDiff": difference}
    return {"Id": line["Id"], "ItemAdjustmentLineDetail": answered}


def _number(draft: Draft) -> None:
    if draft.document.get("DocNumber") is None:
        stored = (draft.before or {}).get("DocNumber")
        number = stored or str(draft.books.store.next_number("number:adjustment"))
        draft.document["DocNumber"] = number


def effects(books: Books, document: Json) -> Effects:
    result = Effects(date=document["TxnDate"])
    for line in document["Line"]:
        detail = line["ItemAdjustmentLineDetail"]
        item = books.store.rows("Item")[detail["ItemRef"]["value"]]
        if not detail["QtyDiff"]:
            continue
        result.movements.append(
            Movement(
                item_id=item["Id"],
                date=document["TxnDate"],
                sequence=int(document["Id"]),
                transaction_id=document["Id"],
                quantity=detail["QtyDiff"],
                value=None,
                booked=ZERO,
                stock_account_id=item["AssetAccountRef"]["value"],
                offset_account_id=document["AdjustAccountRef"]["value"],
                unit_cost=item.get("PurchaseCost", ZERO),
            )
        )
    return result


InventoryAdjustment = Entity(
    "InventoryAdjustment",
    SHAPE,
    id_space="transaction",
    operations=ALL,
    rules=(_allowed, date_transaction, _lines, _number),
    effects=effects,
    saved=index_number,
    check_removal=check_still_open,
    removed=lambda books, document: forget_number(
        books, "InventoryAdjustment", document.get("DocNumber"), document["Id"]
    ),
)
