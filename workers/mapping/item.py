"""A product as a QuickBooks item (rules A70 to A73)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from schemas.inventory import Product, Variant
from workers.errors import AccountUnmapped, DoesNotFit, SkuMissing
from workers.mapping.frame import Frame
from workers.mapping.names import clean
from workers.steps import Json

LONGEST_NAME = 100
LONGEST_SKU = 100
LONGEST_DESCRIPTION = 4000
"""Source: Intuit's API reference, Item."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to create. ``stock`` None: its quantity is not tracked."""

    name: str
    sku: str = ""
    price: Decimal | None = None
    description: str = ""
    stock: Decimal | None = None
    start_date: str = ""


def item_name(product: Product, variant: Variant) -> str:
    """``Parent - Colour / Size`` in 100 characters; of a longer one the variant's part is kept (A70)."""
    parent = clean(product.name, LONGEST_NAME)
    own = clean(variant.name, LONGEST_NAME)
    if not own or own == parent or (len(product.variants) == 1 and own == "Default Title"):
        return parent
    tail = f" - {own}"[:LONGEST_NAME]
    return parent[: LONGEST_NAME - len(tail)].rstrip() + tail


def item_document(new: NewItem, frame: Frame) -> Json:
    """A new item: with stock where the store tracks it and the accounts for that are chosen, else without.

    Raises:
        DoesNotFit: its SKU is longer than QuickBooks takes; two that are cut could look like one (A64).
        AccountUnmapped: the income account is not chosen.
    """
    if len(new.sku) > LONGEST_SKU:
        raise DoesNotFit(
            f'{frame.subject}: the SKU of "{new.name}" is {len(new.sku)} characters long; QuickBooks takes '
            f"{LONGEST_SKU}. Shorten it in the store, or say which item it is, then Retry.",
            cause=f"SKU {new.sku[:LONGEST_SKU]}",
            fix=frame.fix("products", new.sku),
        )
    accounts = frame.settings.accounts
    if not accounts.income:
        raise AccountUnmapped(
            f'{frame.subject}: there is no income account for new items such as "{new.name}". '
            "Choose it, then Retry.",
            cause="income",
            fix=frame.fix("accounts", "income"),
        )
    document: Json = {"Name": new.name, "IncomeAccountRef": {"value": accounts.income}, **item_fields(new)}
    if new.stock is None or not (accounts.asset and accounts.expense):
        return {**document, "Type": "NonInventory"}
    return {
        **document,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": new.stock,
        "InvStartDate": new.start_date,
        "AssetAccountRef": {"value": accounts.asset},
        "ExpenseAccountRef": {"value": accounts.expense},
    }


def item_fields(new: NewItem) -> Json:
    """What the store owns of an item besides its name."""
    fields: Json = {}
    if new.sku and len(new.sku) <= LONGEST_SKU:
        fields["Sku"] = new.sku
    if new.price is not None:
        fields["UnitPrice"] = new.price
    if new.description:
        fields["Description"] = new.description[:LONGEST_DESCRIPTION]
    return fields


def item_marks(new: NewItem) -> dict[str, str]:
    """A short hash of each owned field, to see later which changed."""
    return {name: _mark(value) for name, value in {"Name": new.name, **item_fields(new)}.items()}


def changed_item_fields(new: NewItem, marks: Mapping[str, str]) -> Json:
    """Fields that are not what they were when the marks were kept."""
    fields = {"Name": new.name, **item_fields(new)}
    return {name: value for name, value in fields.items() if marks.get(name) != _mark(value)}


def check_skus(product: Product, frame: Frame) -> None:
    """SKUs are never invented: a product without one, or with one twice, stops (A71).

    Raises:
        SkuMissing
    """
    skus = [variant.sku.strip() for variant in product.variants]
    for sku in skus:
        if not sku or skus.count(sku) > 1:
            what = "has no SKU" if not sku else f'has the SKU "{sku}" more than once'
            raise SkuMissing(
                f'{frame.subject}: a variant of "{product.name}" {what}. '
                "Give each variant its own SKU in the store, then Retry.",
                cause=product.product_id,
                fix=frame.fix("products", sku or "SKU"),
            )


def _mark(value: Any) -> str:
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    return sha256(text.encode()).hexdigest()[:12]
