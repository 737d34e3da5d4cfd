"""A product's variants as QuickBooks items (rules A70 to A73)."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from schemas.inventory import Product, ProductRemoved, Variant
from workers.answers import GONE, STALE, carried_out
from workers.context import Context
from workers.errors import ProductUnknown, QuickBooksRejected, RemovedInQuickBooks, StaleObject
from workers.items.bundles import GROUP
from workers.items.lookup import Item, Wanted, create_item, found_items, known_item, wanted_item
from workers.items.stock import item_now
from workers.mapping.frame import Frame
from workers.mapping.item import NewItem, changed_item_fields, check_skus, item_marks, item_name
from workers.mapping.marks import book_date
from workers.outcomes import Booked, Document, Skipped, Superseded
from workers.steps import Json, Step, Steps, StoreKey, SyncMapping, Write, recall, remember

Known = Mapping[StoreKey, SyncMapping]


def sync_product(product: Product, context: Context) -> Steps:
    """Match each variant with an item, create what the settings allow, update what the store changed since."""
    frame = Frame.of(context, f"Product {product.product_id}")
    version = context.envelope.time
    key = StoreKey("product", f"{product.product_id}/all")
    wanted = {variant.variant_id: _wanted(product, variant) for variant in product.variants}
    known = yield from recall([key, *_keys(product, wanted)])
    seen = known[key].version if key in known else None
    if seen is not None and version < seen:
        return Superseded()
    if frame.settings.unknown_product == "fallback" and not any(
        known_item(w, known, frame) for w in wanted.values()
    ):
        return Skipped("fallback_item")
    check_skus(product, frame)
    missing = [one for one in wanted.values() if known_item(one, known, frame) is None]
    found = yield from found_items(missing, frame)
    _check_creatable([one for one in missing if one not in found], frame)
    documents = []
    for variant in product.variants:
        new = _new_item(product, variant, context, frame)
        one = wanted[variant.variant_id]
        item_id = yield from _synced(one, new, known, found, frame)
        yield from _alias(variant, item_id, known)
        documents.append(Document("Item", item_id))
    yield from remember(SyncMapping(key, "", "", version=version))
    return Booked(tuple(documents))


def remove_product(product: ProductRemoved, context: Context) -> Steps:  # noqa: ARG001
    """The books keep the item: it stands in past documents and may have stock."""
    return Skipped("books_keep_the_item")
    yield  # a workflow function is a generator


def _wanted(product: Product, variant: Variant) -> Wanted:
    own = variant.variant_id if variant.variant_id != product.product_id else None
    return wanted_item(product.product_id, own, variant.sku, item_name(product, variant))


def _keys(product: Product, wanted: Mapping[str, Wanted]) -> list[StoreKey]:
    stock = [
        StoreKey("inventory_item", one.inventory_item_id) for one in product.variants if one.inventory_item_id
    ]
    return [*(one.key for one in wanted.values() if one.key), *stock]


def _check_creatable(unknown: list[Wanted], frame: Frame) -> None:
    """Items are only created where the settings say so."""
    if unknown and frame.settings.unknown_product != "create":
        first = unknown[0]
        raise ProductUnknown(
            f'{frame.subject}: "{first.name}" (SKU {first.sku}) has no QuickBooks item. '
            "Say which item it is, or let Counterfoil create items, then Retry.",
            cause=first.sku,
            fix=frame.fix("products", first.sku),
        )


def _new_item(product: Product, variant: Variant, context: Context, frame: Frame) -> NewItem:
    """Stock starts on the connection's first day, so that no booked order lies before it (A73)."""
    settings = frame.settings
    first_day = settings.start_date.isoformat() if settings.start_date else None
    return NewItem(
        name=item_name(product, variant),
        sku=variant.sku.strip(),
        price=variant.price,
        description=product.description or product.name,
        stock=variant.stock,
        start_date=first_day or book_date(context.envelope.time, settings.time_zone),
    )


def _synced(
    one: Wanted, new: NewItem, known: Known, found: Mapping[Wanted, Item], frame: Frame
) -> Generator[Step, Any, str]:
    item = found.get(one) or known_item(one, known, frame)
    if item is None:
        created = yield from create_item(one, new, frame)
        return created.quickbooks_id
    if item.kind == GROUP:  # the API cannot change bundles, and they have no stock
        return item.quickbooks_id
    mapping = known.get(one.key) if one.key else None
    if mapping is not None and mapping.quickbooks_id == item.quickbooks_id and "fields" in mapping.detail:
        yield from _updated(mapping, new, frame)
    elif one.key is not None:
        # an item that was only found keeps its own words until the store changes its own
        detail = {"type": item.kind, "fields": item_marks(new)}
        token = mapping.sync_token if mapping is not None and one not in found else item.sync_token
        yield from remember(SyncMapping(one.key, "Item", item.quickbooks_id, token, detail=detail))
    return item.quickbooks_id


def _updated(mapping: SyncMapping, new: NewItem, frame: Frame) -> Generator[Step, Any, None]:
    """A sparse update of what changed in the store; an item that was only found keeps its own words."""
    changes = changed_item_fields(new, mapping.detail["fields"])
    if not changes:
        return
    token = mapping.sync_token
    for attempt in (1, 2):
        try:
            step = _step(changes, mapping, token)
            answer = yield from carried_out(step, frame.subject)
            break
        except QuickBooksRejected as error:
            if error.fault_code == GONE:
                raise _gone(mapping, frame) from error
            if error.fault_code != STALE:
                raise
            if attempt == 2:
                raise StaleObject(f"{frame.subject}: its item changed while we worked on it.") from error
            current = yield from item_now(mapping.quickbooks_id)
            if current is None:
                raise _gone(mapping, frame) from error
            token = str(current["SyncToken"])
    detail = {**mapping.detail, "fields": item_marks(new)}
    yield from remember(replace(mapping, sync_token=str(answer["SyncToken"]), detail=detail))


def _step(changes: Json, mapping: SyncMapping, token: str) -> Write:
    body = {**changes, "Id": mapping.quickbooks_id, "SyncToken": token, "sparse": True}
    return Write(f"item-{mapping.quickbooks_id}", "Item", "update", body)


def _gone(mapping: SyncMapping, frame: Frame) -> RemovedInQuickBooks:
    return RemovedInQuickBooks(
        f"{frame.subject}: QuickBooks item {mapping.quickbooks_id} was removed or made inactive. "
        "Make it active there, then Retry; or Ignore it.",
        cause=f"item {mapping.quickbooks_id}",
        fix="QuickBooks: Products and services, Include inactive, Make active",
    )


def _alias(variant: Variant, item_id: str, known: Known) -> Generator[Step, Any, None]:
    """Stock levels name the variant by another id where the store has one."""
    if variant.inventory_item_id is None:
        return
    key = StoreKey("inventory_item", variant.inventory_item_id)
    if key not in known or known[key].quickbooks_id != item_id:
        yield from remember(SyncMapping(key, "Item", item_id))
