"""Order lines, shipping, fees and taxes. WooCommerce's line totals are net of tax and after discounts.

Source: WooCommerce REST API v3, "Orders"; line totals are net also where ``prices_include_tax`` is true.
"""

from collections.abc import Mapping
from decimal import Decimal

from events.stores.reading import ZERO, Row, amount, amount_or_none, need_id, rows, store_id, text
from events.stores.shares import merged_shares, tax_key, totals_of
from schemas.orders import ChargeLine, OrderLine, TaxShare, TaxTotal

TaxNames = Mapping[str, str]
"""From the store's rate id to the key of the tax map."""

UNNAMED_TAX = "tax"


def tax_names(order: Row) -> TaxNames:
    """How the tax map knows each rate of this order."""
    return {
        store_id(line, "rate_id") or str(index): _name(line)
        for index, line in enumerate(rows(order, "tax_lines"))
    }


def _name(tax_line: Row) -> str:
    name = text(tax_line, "label") or text(tax_line, "rate_code") or UNNAMED_TAX
    return tax_key(name, _percent(tax_line))


def _percent(tax_line: Row) -> Decimal | None:
    written = tax_line.get("rate_percent")
    return amount_or_none(
        {"rate_percent": written.rstrip("% ")} if isinstance(written, str) else tax_line, "rate_percent"
    )


def product_line(line: Row, names: TaxNames) -> OrderLine:
    """A line of products. ``quantity`` may be fractional, ``price`` is unrounded and never used."""
    tax, taxes = _taxes(line, names)
    return OrderLine(
        line_id=need_id(line, "id", "A line item"),
        product_id=store_id(line, "product_id"),
        variant_id=store_id(line, "variation_id") or store_id(line, "product_id"),
        sku=text(line, "sku"),
        name=text(line, "name"),
        quantity=amount(line, "quantity"),
        subtotal=amount(line, "subtotal"),
        total=amount(line, "total"),
        tax=tax,
        taxes=taxes,
    )


def charge_line(line: Row, names: TaxNames, *, title: str, owner: str) -> ChargeLine:
    """Shipping (``method_title``) or a fee (``name``)."""
    tax, taxes = _taxes(line, names)
    return ChargeLine(
        line_id=need_id(line, "id", owner),
        name=text(line, title),
        total=amount(line, "total"),
        tax=tax,
        taxes=taxes,
    )


def _taxes(line: Row, names: TaxNames) -> tuple[Decimal, tuple[TaxShare, ...]]:
    """The line's tax and which taxes it is made of; "" stands for a rate that does not apply."""
    tax = amount(line, "total_tax")
    shares = [
        TaxShare(tax=_named(share, names), amount=part_of_tax)
        for share in rows(line, "taxes")
        if (part_of_tax := amount_or_none(share, "total")) is not None
    ]
    if not shares and tax:
        shares = [TaxShare(tax=_only(names), amount=tax)]
    return tax, merged_shares(shares)


def _named(share: Row, names: TaxNames) -> str:
    return names.get(store_id(share, "id") or "") or _only(names)


def _only(names: TaxNames) -> str:
    known = set(names.values())
    return known.pop() if len(known) == 1 else UNNAMED_TAX


def tax_totals(order: Row, charged: list[TaxShare]) -> tuple[TaxTotal, ...]:
    """Each tax over the whole order, from ``tax_lines``; from the lines where the store gives none."""
    totals: dict[str, TaxTotal] = {}
    for line in rows(order, "tax_lines"):
        name = _name(line)
        before = totals[name].amount if name in totals else ZERO
        total = before + amount(line, "tax_total") + amount(line, "shipping_tax_total")
        totals[name] = TaxTotal(tax=name, amount=total, percent=_percent(line))
    return tuple(totals.values()) or totals_of(charged)
