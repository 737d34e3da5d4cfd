"""The lines of an order as lines of a sales document: products, discounts, shipping, fees, tips, gift cards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from schemas.money import to_cents
from schemas.orders import ChargeLine, Order, OrderLine, TaxTotal
from workers.errors import OrderTooLong
from workers.mapping.accounts import purpose_item
from workers.mapping.as_booked import marketplace_tax
from workers.mapping.frame import Frame
from workers.mapping.lines import DocLine
from workers.mapping.taxes import TaxRules

SHIPPING = "SHIPPING_ITEM_ID"
"""QuickBooks' own item for shipping, where the company has shipping on. Source: Intuit's API reference."""
MOST_TAXABLE_LINES = 749
"""QuickBooks refuses a sales receipt of 750 or more taxable lines. Source: Intuit's API reference."""


def sale_lines(
    order: Order, items: Mapping[str, str], rules: TaxRules, *, one_discount: bool = True
) -> list[DocLine]:
    """Every line of the order; ``items`` gives the item of each order line by its line id.

    ``one_discount`` False: never one line for all discounts, whatever the setting says.

    Raises:
        TaxCodeUnmapped, ItemUnmapped: something has no counterpart in QuickBooks.
        OrderTooLong: more taxable lines than QuickBooks takes (A30).
    """
    products = [_product(line, items, rules) for line in order.lines]
    rest = [
        *charge_lines(order.shipping, shipping_item, "Shipping", rules),
        *charge_lines(order.fees, fee_item, "Fee", rules),
        *_extras(order, rules),
        *marketplace_lines(order.taxes, rules),
    ]
    discount = _discount(order, [*products, *rest], rules) if one_discount else None
    lines = (
        [*products, *rest, discount]
        if discount is not None
        else _with_discounts(products, order, rules) + rest
    )
    _check_length(lines, rules.frame)
    return lines


def shipping_item(frame: Frame) -> str:
    """QuickBooks' own shipping line, or the mapped item where the company has shipping off (A22)."""
    return SHIPPING if frame.company.shipping_on else purpose_item("shipping", frame)


def fee_item(frame: Frame) -> str:
    """The item of fees charged to the buyer (A23)."""
    return purpose_item("fee", frame)


def charge_lines(
    charges: Iterable[ChargeLine], item: Callable[[Frame], str], word: str, rules: TaxRules
) -> list[DocLine]:
    """Shipping or fees; a free one leaves no line."""
    return [
        DocLine(
            to_cents(charge.total),
            item(rules.frame),
            description=charge.name or word,
            tax_code=rules.line_code(charge.taxes, charge.tax),
            tax=rules.line_tax(charge.total, charge.tax),
        )
        for charge in charges
        if charge.total or charge.tax
    ]


def _product(line: OrderLine, items: Mapping[str, str], rules: TaxRules) -> DocLine:
    """The line at its price before discounts."""
    if line.gift_card:  # sold value is a debt to the buyer, not income, and bears no tax (A26)
        item, code, tax = purpose_item("gift_card", rules.frame), rules.untaxed_code(), Decimal(0)
    else:
        item, code = items[line.line_id], rules.line_code(line.taxes, line.tax)
        tax = rules.line_tax(line.total, line.tax)
    name = line.name or line.sku
    return DocLine(to_cents(line.subtotal), item, "", line.quantity, name, code, tax)


def _with_discounts(products: Sequence[DocLine], order: Order, rules: TaxRules) -> list[DocLine]:
    """Each product with its own discount (A21): as a line after it where that is wanted, or where one line for all
    would change the tax and there is an item for it; else inside the product's line.
    """
    settings = rules.frame.settings
    as_line = settings.discounts == "own_lines" or (
        settings.discounts == "one_line" and bool(settings.accounts.discounts and settings.items.discount)
    )
    found: list[DocLine] = []
    for line, of in zip(products, order.lines, strict=True):
        found += _gross_and_discount(line, of, rules) if as_line else [_net(line, of)]
    return found


def _net(line: DocLine, of: OrderLine) -> DocLine:
    """The line at its price after discounts, with the discount in words."""
    amount = to_cents(of.total)
    if amount == line.amount:
        return line
    words = f"{line.description} (discount {line.amount - amount} off {line.amount})"
    return DocLine(amount, line.item_id, "", line.quantity, words, line.tax_code, line.tax)


def _gross_and_discount(line: DocLine, of: OrderLine, rules: TaxRules) -> list[DocLine]:
    """The line at its full price, and what was taken off it under the same tax code, so that the tax stays right."""
    discount = line.amount - to_cents(of.total)
    if not discount:
        return [line]
    full_tax = to_cents(of.tax * of.subtotal / of.total) if of.total else line.tax
    item = purpose_item("discount", rules.frame)
    words = f"Discount on {line.description}"
    off = DocLine(-discount, item, description=words, tax_code=line.tax_code, tax=line.tax - full_tax)
    return [replace(line, tax=full_tax), off]


def _discount(order: Order, lines: Sequence[DocLine], rules: TaxRules) -> DocLine | None:
    """One discount line for the whole order, None where it would change the tax, or nobody wants or can have one.

    QuickBooks spreads a discount over all lines, so it fits only when they all bear the same code, or when
    QuickBooks takes the store's tax as it is (automated US tax).
    """
    settings = rules.frame.settings
    account = settings.accounts.discounts
    amount = sum((to_cents(line.subtotal) - to_cents(line.total) for line in order.lines), Decimal(0))
    codes = {line.tax_code for line in lines if line.amount}
    if settings.discounts != "one_line" or not account or amount <= 0:
        return None
    if order.prices_include_tax and rules.frame.company.tax == "elsewhere" and not rules.out_of_scope:
        return None
    if len(codes) != 1 and rules.frame.company.tax != "us_automated":
        return None
    code = codes.pop() if len(codes) == 1 else ""
    return DocLine(amount, account_id=account, description="Discount", tax_code=code)


def marketplace_lines(taxes: Iterable[TaxTotal], rules: TaxRules) -> list[DocLine]:
    """Tax that a marketplace remits, shown and taken off again where the setting says so (A45)."""
    amount = to_cents(marketplace_tax(taxes))
    if not amount or rules.frame.settings.marketplace_tax == "leave_out":
        return []
    item, code = purpose_item("marketplace_tax", rules.frame), rules.untaxed_code()
    return [
        DocLine(amount, item, description="Tax collected by the marketplace", tax_code=code),
        DocLine(-amount, item, description="Tax remitted by the marketplace", tax_code=code),
    ]


def _extras(order: Order, rules: TaxRules) -> list[DocLine]:
    """Tip, cash rounding, and gift cards that paid a part (A25, A27): none of them bears tax."""
    found = []
    for amount, purpose, words in (
        (order.tip, "tip", "Tip"),
        (order.cash_rounding, "rounding", "Cash rounding"),
        (-order.gift_cards_redeemed, "gift_card", "Paid by gift card"),
    ):
        if amount:
            item = purpose_item(purpose, rules.frame)  # type: ignore[arg-type]
            code = rules.untaxed_code()
            found.append(DocLine(to_cents(amount), item, description=words, tax_code=code))
    return found


def _check_length(lines: Sequence[DocLine], frame: Frame) -> None:
    code = frame.settings.untaxed_code
    taxable = sum(1 for line in lines if line.tax_code and line.tax_code != code)
    if taxable > MOST_TAXABLE_LINES:
        raise OrderTooLong(
            f"{frame.subject} has {taxable} taxable lines; QuickBooks takes {MOST_TAXABLE_LINES} in one document. "
            "Book it by hand in parts, then Ignore it.",
            cause="taxable lines",
            fix="counterfoil errors ignore EVENT",
        )
