"""Item: services, goods with and without stock, categories; bundles can only be read.

Source: Intuit's reference of Item, and recorded answers.
"""

from dataclasses import replace
from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects
from ops.sandbox.company.entity import LIST, Draft, Entity
from ops.sandbox.company.faults import (
    QuickBooksFault,
    before_start_date,
    business_rule,
    feature_not_supported,
    invalid_account_type,
    invalid_reference,
    missing,
    missing_error,
    unknown_property,
)
from ops.sandbox.company.fields import anything, boolean, choice, day, integer, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.names import check_characters, claim, mark_inactive, qualify
from ops.sandbox.company.references import find, resolve
from ops.sandbox.company.shapes import BASE_FIELDS, CUSTOM_FIELD, Shape, nested_list
from ops.sandbox.company.stock import Movement

ITEM = Shape(
    "Item",
    [
        *BASE_FIELDS,
        text("Name", 100, required=True, filterable=True),
        text("Sku", 100, filterable=True),
        text("Description", 4000, filterable=True),
        boolean("Active", filterable=True),
        boolean("SubItem", filterable=True),
        reference("ParentRef", "Item", filterable=True),
        integer("Level", read_only=True),
        text("FullyQualifiedName", read_only=True, filterable=True),
        boolean("Taxable"),
        boolean("SalesTaxIncluded"),
        boolean("PercentBased"),
        number("UnitPrice", filterable=True),
        number("RatePercent"),
        choice("Type", "Inventory", "NonInventory", "Service", "Category", "Group", filterable=True),
        reference("PaymentMethodRef"),
        reference("UOMSetRef"),
        reference("IncomeAccountRef", "Account"),
        text("PurchaseDesc", 1000),
        boolean("PurchaseTaxIncluded"),
        number("PurchaseCost", filterable=True),
        reference("ExpenseAccountRef", "Account"),
        reference("COGSAccountRef", "Account"),
        reference("AssetAccountRef", "Account"),
        reference("PrefVendorRef", "Vendor"),
        number("AvgCost", read_only=True),
        boolean("TrackQtyOnHand"),
        number("QtyOnHand", filterable=True),
        number("QtyOnPurchaseOrder", read_only=True),
        number("QtyOnSalesOrder", read_only=True),
        number("ReorderPoint"),
        text("ManPartNum", 100),
        reference("DepositToAccountRef"),
        reference("SalesTaxCodeRef", "TaxCode"),
        reference("PurchaseTaxCodeRef", "TaxCode"),
        reference("ClassRef", "Class"),
        reference("TaxClassificationRef"),
        day("InvStartDate"),
        number("BuildPoint"),
        boolean("PrintGroupedItems", read_only=True),
        boolean("SpecialItem"),
        text("SpecialItemType"),
        anything("ItemGroupDetail", read_only=True),
        anything("ItemAssemblyDetail", read_only=True),
        number("AbatementRate"),
        number("ReverseChargeRate"),
        text("ServiceType", 100),
        text("ItemCategoryType", 100),
        text("Source", read_only=True),
        text("HSNCode", 100),
        boolean("DeferredRevenue"),
        text("UQCDisplayText"),
        text("UQCId"),
        anything("ItemEx"),
        anything("AttachableRef"),
        nested_list("CustomField", CUSTOM_FIELD),
    ],
)

_STOCK_FIELDS = ("AssetAccountRef", "InvStartDate", "QtyOnHand", "ReorderPoint")


def _type(draft: Draft) -> None:
    """Type is given once and stays; only inventory has stock.

    Raises:
        QuickBooksFault: 6000 for bundles and for a change of type, 2010 for stock properties on what has no stock,
            2020 without a type.
    """
    document, before, plan = draft.document, draft.before, draft.books.settings.plan
    kind = document.get("Type") or (before or {}).get("Type")
    if kind is None:
        raise missing("Type")
    document["Type"] = kind
    if kind == "Group" and before is None:
        raise business_rule("Bundles cannot be created with this API.")
    if before is not None and before["Type"] != kind and {before["Type"], kind} - {"Service", "NonInventory"}:
        raise business_rule("The type of this item cannot be changed.")
    if kind == "Inventory":
        if not plan.inventory:
            raise feature_not_supported(f"{plan.name} has no inventory.")
        return
    if document.get("TrackQtyOnHand"):
        raise unknown_property("TrackQtyOnHand", f"Item of Type {kind}", [])
    for name in _STOCK_FIELDS:
        if draft.sent.get(name):
            raise unknown_property(name, f"Item of Type {kind}", [])
        document.pop(name, None)


def _inventory(draft: Draft) -> None:
    """What an inventory item must have."""
    document, before = draft.document, draft.before
    if document["Type"] != "Inventory":
        return
    if before is not None:
        document.setdefault("TrackQtyOnHand", True)
        document.setdefault("InvStartDate", before["InvStartDate"])
        for name in ("AssetAccountRef", "ExpenseAccountRef", "IncomeAccountRef"):
            document.setdefault(name, before[name])
    if document.get("TrackQtyOnHand") is not True:
        raise (
            missing("TrackQtyOnHand")
            if before is None
            else business_rule("Tracking of quantity on hand cannot be turned off.")
        )
    needed = ("InvStartDate", "AssetAccountRef", "IncomeAccountRef", "ExpenseAccountRef")
    absent = [name for name in needed if document.get(name) is None]
    if before is None and document.get("QtyOnHand") is None:
        absent.insert(0, "QtyOnHand")
    if absent:
        raise QuickBooksFault(*(missing_error(name) for name in absent))


_ACCOUNT_TYPES = {
    "AssetAccountRef": ("Other Current Asset",),
    "ExpenseAccountRef": ("Cost of Goods Sold", "Expense", "Other Expense"),
    "IncomeAccountRef": ("Income", "Other Income"),
}


def _accounts(draft: Draft) -> None:
    """Accounts of the right kind: 6430 otherwise."""
    document, books = draft.document, draft.books
    kind = document["Type"]
    if kind in ("Service", "NonInventory") and not (
        document.get("IncomeAccountRef") or document.get("ExpenseAccountRef")
    ):
        raise missing("IncomeAccountRef")
    for name, allowed in _ACCOUNT_TYPES.items():
        account = resolve(books, document, name, "Account", draft.before)
        if account is None:
            continue
        if kind != "Inventory":
            # Deposits and gift cards are sold on liability accounts, expenses may be any bought thing.
            allowed = (*allowed, "Other Current Liability", "Other Current Asset", "Equity", "Fixed Asset")
        elif name == "AssetAccountRef" and account["AccountSubType"] != "Inventory":
            raise invalid_account_type()
        elif name == "ExpenseAccountRef":
            allowed = ("Cost of Goods Sold",)
        if account["AccountType"] not in allowed:
            raise invalid_account_type()
    for name, target in (("SalesTaxCodeRef", "TaxCode"), ("PurchaseTaxCodeRef", "TaxCode")):
        resolve(books, document, name, target, draft.before)
    resolve(books, document, "PrefVendorRef", "Vendor", draft.before)
    resolve(books, document, "ClassRef", "Class", draft.before)


def _name(draft: Draft) -> None:
    document = draft.document
    document["Name"] = document["Name"].strip()
    if not document["Name"]:
        raise missing("Name")
    check_characters(document["Name"], "Name")
    document.setdefault("Active", True)
    if document["Active"] is False and document["Type"] == "Category":
        raise business_rule("A category cannot be made inactive.")
    parent = resolve(draft.books, document, "ParentRef", "Item", draft.before)
    if parent is not None:
        if parent["Type"] != "Category":
            raise business_rule("The parent of an item must be a category.")
        document["SubItem"] = True
    else:
        document.pop("SubItem", None)
    if draft.books.settings.uncertain.item_name_gets_deleted_suffix:
        mark_inactive(draft, "Name", "item")
    qualify(draft, "Item", "Name", "SubItem")
    if parent is None:
        document.pop("Level", None)
    claim(draft, "item", "Name")


def _defaults(draft: Draft) -> None:
    document = draft.document
    if document["Type"] == "Category":
        for name in ("UnitPrice", "PurchaseCost", "TrackQtyOnHand", "Taxable"):
            document.pop(name, None)
        return
    document.setdefault("UnitPrice", ZERO)
    document.setdefault("PurchaseCost", ZERO)
    document.setdefault("TrackQtyOnHand", False)
    document.setdefault("Taxable", False)


def _stock_on_update(draft: Draft) -> None:
    """QtyOnHand after the first day moves only by transactions."""
    if draft.before is None or draft.document["Type"] != "Inventory":
        return
    draft.document["QtyOnHand"] = draft.before["QtyOnHand"]
    stock = draft.books.store.tables.stock.get(draft.id)
    first = stock.first_day_of_others(f"item {draft.id}") if stock is not None else None
    if first is not None and draft.document["InvStartDate"] > first:
        raise before_start_date(draft.document["Name"])


def effects_of_opening(books: Books, item: Json) -> Effects:
    """The stock that an inventory item starts with, at its first purchase cost, against opening equity."""
    effects = Effects(date=item.get("InvStartDate", ""))
    if item["Type"] != "Inventory":
        return effects
    store = books.store
    key = f"item {item['Id']}"
    opening: Movement | None = store.tables.singletons.get(key)
    if opening is None:
        opening = _opening(books, item, key)
        store.put(store.tables.singletons, key, opening)
    if opening.quantity:
        effects.movements.append(replace(opening, date=item["InvStartDate"]))
    return effects


def _opening(books: Books, item: Json, key: str) -> Movement:
    quantity, cost = item["QtyOnHand"], item["PurchaseCost"]
    return Movement(
        item_id=item["Id"],
        date=item["InvStartDate"],
        sequence=0,
        transaction_id=key,
        quantity=quantity,
        value=cents(quantity * cost) if quantity > 0 else None,
        booked=ZERO,
        stock_account_id=item["AssetAccountRef"]["value"],
        offset_account_id=books.account_for("OpeningBalanceEquity"),
        unit_cost=cost,
    )


def quantity_on_hand(books: Books, item_id: str) -> Decimal:
    stock = books.store.tables.stock.get(item_id)
    return stock.held.quantity if stock is not None else ZERO


def _view(books: Books, row: Json) -> Json:
    if row["Type"] != "Inventory":
        return row
    return {**row, "QtyOnHand": quantity_on_hand(books, row["Id"])}


def sellable(books: Books, item_id: str) -> Json:
    """The item of a line.

    Raises:
        QuickBooksFault: 2500 when there is none or it is a category, 610 when it is inactive.
    """
    item = find(books, "Item", item_id)
    if item["Type"] == "Category":
        raise invalid_reference(
            "An item in this transaction is set up as a category instead of a product or service."
        )
    return item


Item = Entity(
    "Item",
    ITEM,
    id_space="item",
    operations=LIST,
    rules=(_type, _inventory, _accounts, _name, _defaults, _stock_on_update),
    effects=effects_of_opening,
    view=_view,
    viewed=frozenset({"QtyOnHand"}),
    name_field="FullyQualifiedName",
)
