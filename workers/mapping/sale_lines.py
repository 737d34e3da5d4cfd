"""The lines of an order as lines of a sales document: products, discounts, shipping, fees, tips, gift cards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from schemas.money import to_cents
from schemas.orders import ChargeLine, Order, OrderLine
from workers.errors import OrderTooLong
from workers.mapping.accounts import purpose_item
from workers.mapping.frame import Frame
from workers.mapping.lines import DocLine
from workers.mapping.taxes import TaxRules

SHIPPING = "SHIPPING_ITEM_ID"
"""QuickBooks' own item for shipping, where the company has shipping on. Source: Intuit's API reference."""
MOST_TAXABLE_LINES = 749
"""QuickBooks refuses a sales receipt of 750 or more taxable lines. Source: Intuit's API reference."""


def sale_lines(order: Order, items: Mapping[str, str], rules: TaxRules) -> list[DocLine]:
    """Every line of the order; ``items`` gives the item of each order line by its line id.

    Raises:
        TaxCodeUnmapped, ItemUnmapped: something has no counterpart in QuickBooks.
        OrderTooLong: more taxable lines than QuickBooks takes (A30).
    """
    products = [_product(line, items, rules) for line in order.lines]
    rest = [
        *charge_lines(order.shipping, shipping_item, "Shipping", rules),
        *charge_lines(order.fees, fee_item, "Fee", rules),
        *_extras(order, rules),
    ]
    discount = _discount(order, [*products, *rest], rules)
    if discount is None:
        lines = [_net(line, of) for line, of in zip(products, order.lines, strict=True)] + rest
    else:
        lines = [*products, *rest, discount]
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
            tax=to_cents(charge.tax),
        )
        for charge in charges
        if charge.total or charge.tax
    ]


def _product(line: OrderLine, items: Mapping[str, str], rules: TaxRules) -> DocLine:
    """The line at its price before discounts."""
    if line.gift_card:  # sold value is a debt to the buyer, not income, and bears no tax (A26)
        item, code, tax = purpose_item("gift_card", rules.frame), rules.untaxed_code(), Decimal(0)
    else:
        item, code, tax = items[line.line_id], rules.line_code(line.taxes, line.tax), to_cents(line.tax)
    name = line.name or line.sku
    return DocLine(to_cents(line.subtotal), item, "", line.quantity, name, code, tax)


def _net(line: DocLine, of: OrderLine) -> DocLine:
    """The line at its price after discounts, with the discount in words (A21)."""
    amount = to_cents(of.total)
    if amount == line.amount:
        return line
    words = f"{line.description} (discount {line.amount - amount} off {line.amount})"
    return DocLine(amount, line.item_id, "", line.quantity, words, line.tax_code, line.tax)


def _discount(order: Order, lines: Sequence[DocLine], rules: TaxRules) -> DocLine | None:
    """One discount line for the whole order, None where it would change the tax or no account is chosen.

    QuickBooks spreads a discount over all lines, so it fits only when they all bear the same code, or when
    QuickBooks takes the store's tax as it is (automated US tax).
    """
    account = rules.frame.settings.accounts.discounts
    amount = sum((to_cents(line.subtotal) - to_cents(line.total) for line in order.lines), Decimal(0))
    codes = {line.tax_code for line in lines if line.amount}
    if not account or amount <= 0 or (order.prices_include_tax and rules.frame.company.tax == "elsewhere"):
        return None
    if len(codes) != 1 and rules.frame.company.tax != "us_automated":
        return None
    code = codes.pop() if len(codes) == 1 else ""
    return DocLine(amount, account_id=account, description="Discount", tax_code=code)


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
