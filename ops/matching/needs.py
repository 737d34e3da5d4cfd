"""What a store's events need in QuickBooks: buyers, products, taxes, gateways, items for charges, currencies. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import ValidationError

from schemas.contacts import Contact
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.inventory import Product
from schemas.orders import Buyer, Order, PaymentMethod, Refund, TaxShare, TaxTotal
from workers.items.lookup import Wanted, wanted_item
from workers.mapping.accounts import Purpose
from workers.mapping.as_booked import order_as_booked, refund_as_booked
from workers.mapping.frame import Frame
from workers.mapping.item import item_name
from workers.parties.party import Party, party_of
from workers.steps import StoreKey


@dataclass(slots=True)
class Needs:
    """All of it, each with how many orders use it."""

    parties: dict[StoreKey, Party] = field(default_factory=dict)
    products: dict[str, Wanted] = field(default_factory=dict)
    """By ``product_key``: the store's catalogue first, then what only orders name."""
    skus: dict[str, set[str]] = field(default_factory=dict)
    """Which products have a SKU: several are one too many (A71)."""
    gateways: dict[tuple[str, str], PaymentMethod] = field(default_factory=dict)
    """By gateway and currency."""
    taxes: dict[str, Decimal | None] = field(default_factory=dict)
    """By name as the tax map has it, with its percentage where the store says it."""
    purposes: set[Purpose] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    used: Counter[object] = field(default_factory=Counter)
    orders: int = 0

    def take(self, events: Iterable[Envelope], frame: Frame) -> None:
        """Add what these events need; what is no valid event is for ``connections preview`` to say."""
        for event in events:
            shape = EVENT_TYPES.get(event.type)
            try:
                payload = shape.model_validate(event.data) if shape is not None else None
            except ValidationError:
                continue
            match payload:
                case Order() if not payload.test and payload.lifecycle != "draft":
                    self._take_order(order_as_booked(payload, frame), frame)
                case Refund() if not payload.test:
                    self._take_refund(refund_as_booked(payload, frame))
                case Contact():
                    self._take_buyer(payload.buyer, frame.company.home_currency, frame)
                case Product():
                    self._take_product(payload)
                case _:
                    pass

    def _take_order(self, order: Order, frame: Frame) -> None:
        self.orders += 1
        self.currencies.add(order.currency)
        self._take_buyer(order.buyer, order.currency, frame, used=1)
        sold = [one for one in order.lines if not one.gift_card]
        needed = [wanted_item(one.product_id, one.variant_id, one.sku, one.name) for one in sold]
        for key in dict.fromkeys(self._take_wanted(wanted) for wanted in needed):
            self.used["product", key] += 1
        self._take_gateway(order.payment_method, order.currency)
        for name in dict.fromkeys(_taxes_of(order, frame)):
            self.taxes.setdefault(name, _percent(name, order.taxes))
            self.used["tax", name] += 1
        self._take_purposes(order)

    def _take_refund(self, refund: Refund) -> None:
        self._take_gateway(refund.payment_method, refund.currency)
        if not refund.lines:
            self.purposes.add("refund_adjustment")

    def _take_buyer(self, buyer: Buyer, currency: str, frame: Frame, *, used: int = 0) -> None:
        party = party_of(buyer, currency, frame)
        self.parties.setdefault(party.key, party)
        self.used[party.key] += used

    def _take_product(self, product: Product) -> None:
        for variant in product.variants:
            own = variant.variant_id if variant.variant_id != product.product_id else None
            wanted = wanted_item(product.product_id, own, variant.sku, item_name(product, variant))
            self._take_wanted(wanted)

    def _take_wanted(self, wanted: Wanted) -> str:
        key = product_key(wanted)
        self.products.setdefault(key, wanted)
        if wanted.sku:
            self.skus.setdefault(wanted.sku, set()).add(key)
        return key

    def has_twice(self, sku: str) -> bool:
        """Whether the store gives a SKU to several products."""
        return len(self.skus.get(sku, ())) > 1

    def _take_gateway(self, method: PaymentMethod, currency: str) -> None:
        if method.gateway:
            self.gateways.setdefault((method.gateway, currency), method)
            self.used["gateway", method.gateway, currency] += 1

    def _take_purposes(self, order: Order) -> None:
        wanted: dict[Purpose, bool] = {
            "shipping": any(line.total for line in order.shipping),
            "fee": any(line.total for line in order.fees),
            "tip": bool(order.tip),
            "gift_card": bool(order.gift_cards_redeemed) or any(line.gift_card for line in order.lines),
        }
        self.purposes |= {purpose for purpose, needed in wanted.items() if needed}


def product_key(wanted: Wanted) -> str:
    """``product/77``; ``product/sku/A-1`` or ``name/Mug`` for one that the store has no id for."""
    return f"product/{wanted.key.store_id}" if wanted.key is not None else f"name/{wanted.name}"


def _taxes_of(order: Order, frame: Frame) -> list[str]:
    """The keys that the tax map is asked for: of the document in the US, of each line elsewhere (A41, A42)."""
    own = [total for total in order.taxes if not total.marketplace_liable]
    whole = _together((total.tax, total.amount) for total in own)
    match frame.company.tax:
        case "us_manual":
            return [whole] if whole else []
        case "elsewhere":
            charged = [(line.tax, line.taxes) for line in order.lines]
            charged += [(line.tax, line.taxes) for line in (*order.shipping, *order.fees)]
            return [key for tax, shares in charged if tax and (key := _of_shares(shares) or whole)]
        case _:
            return []


def _of_shares(shares: Iterable[TaxShare]) -> str:
    return _together((share.tax, share.amount) for share in shares)


def _together(taxes: Iterable[tuple[str, Decimal]]) -> str:
    return " + ".join(sorted({name for name, amount in taxes if amount}))


def _percent(name: str, totals: Iterable[TaxTotal]) -> Decimal | None:
    known = {total.tax: total.percent for total in totals}
    parts = [known.get(one) for one in name.split(" + ")]
    said = [one for one in parts if one is not None]
    return sum(said, Decimal(0)) if said and len(said) == len(parts) else None
