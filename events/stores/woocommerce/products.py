"""WooCommerce products and variations, which both come under ``product.updated``.

Source: WooCommerce REST API v3, "Products" and "Product variations".
"""

import html
from datetime import datetime
from decimal import Decimal

from events.stores.reading import Row, amount_or_none, flag, moment, need_id, rows_or_nothing, text
from schemas.inventory import Product, StockLevel, Variant

NOT_SOLD_THEMSELVES = frozenset({"variable", "grouped", "external", "variable-subscription"})
"""Types whose variations or members are what is sold."""

DRAFTS = frozenset({"draft", "auto-draft", "importing", "trash"})


def is_draft(body: Row) -> bool:
    """True for a product that is not in the shop yet, or no longer."""
    return text(body, "status") in DRAFTS


def changed_at(body: Row) -> datetime | None:
    """The product's version. A stock movement alone need not change it."""
    return moment(body, "date_modified_gmt") or moment(body, "date_modified")


def read_product(body: Row, *, received_at: datetime) -> Product:
    """A product with its one variant (its own id and name), or none where its variations are sold instead."""
    product_id = need_id(body, "id", "The product")
    name = html.unescape(text(body, "name")) or _options(body) or text(body, "sku") or product_id
    variant = Variant(
        variant_id=product_id,
        sku=text(body, "sku"),
        price=amount_or_none(body, "price"),
        stock=_own_stock(body),
    )
    return Product(
        product_id=product_id,
        name=name,
        description=text(body, "short_description"),
        variants=() if text(body, "type") in NOT_SOLD_THEMSELVES else (variant,),
        updated_at=changed_at(body) or received_at,
    )


def _options(body: Row) -> str:
    """A variation has no name of its own: its options are all it says."""
    return ", ".join(option for row in rows_or_nothing(body, "attributes") if (option := text(row, "option")))


def _own_stock(body: Row) -> Decimal | None:
    return amount_or_none(body, "stock_quantity") if flag(body, "manage_stock") else None


def read_level(product: Product, body: Row) -> StockLevel | None:
    """The quantity, if the store counts this very thing (``manage_stock`` "parent": the parent's counts)."""
    quantity = _own_stock(body)
    if quantity is None:
        return None
    return StockLevel(
        item_id=product.product_id, sku=text(body, "sku"), quantity=quantity, updated_at=product.updated_at
    )
