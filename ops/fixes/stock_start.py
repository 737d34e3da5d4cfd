"""Ways out for a sale that is older than the stock of its item (A77)."""

from ops.fixes.way import ByHand, SetTo, Way

PATH = ("sale_before_stock",)


def stock_start_ways(_case: object) -> list[Way]:
    """The item's day moves, or the sale's; or somebody moves the item's by hand."""
    return [
        Way(
            "move-item",
            "Move an item's first day of stock to the oldest sale of it.",
            SetTo(PATH, "move_item"),
        ),
        Way(
            "move-sale",
            "Date such sales on the item's first day of stock, with a note.",
            SetTo(PATH, "move_sale"),
        ),
        Way(
            "retry",
            "You moved the item's first day in QuickBooks (Products and services, the item, As of date): retry.",
            ByHand(),
        ),
    ]
