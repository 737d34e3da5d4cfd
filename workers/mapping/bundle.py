"""A bundle's line as a group of its parts and what its price differs from theirs (A78)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.money import to_cents
from workers.mapping.accounts import purpose_item
from workers.mapping.frame import Frame
from workers.steps import Json

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a bundle. ``quantity`` in one bundle, ``price`` for one piece, ``stocked``: QuickBooks counts it."""

    item_id: str
    name: str
    quantity: Decimal
    price: Decimal
    stocked: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle of QuickBooks."""

    item_id: str
    parts: tuple[Part, ...]

    @property
    def stocked(self) -> bool:
        """True where selling it moves stock."""
        return any(part.stocked for part in self.parts)


def with_bundles(body: Json, bundles: Mapping[str, Bundle], frame: Frame) -> Json:
    """The document with its bundles taken apart; its sums stay.

    The parts stand at their own prices, so that their income and stock are right. What the order charged more or less
    is a line of its own, under the same tax code.

    Raises:
        ItemUnmapped: there is a difference and no item for it.
    """
    if not bundles:
        return body
    return {**body, "Line": [one for line in body["Line"] for one in _apart(line, bundles, frame)]}


def flat_lines(document: Json) -> Iterator[Json]:
    """The lines of a document, those of a bundle's parts instead of the bundle."""
    for line in document.get("Line", ()):
        parts = (line.get("GroupLineDetail") or {}).get("Line")
        yield from parts or (line,)


def _apart(line: Json, bundles: Mapping[str, Bundle], frame: Frame) -> Iterator[Json]:
    detail = line.get("SalesItemLineDetail") or {}
    bundle = bundles.get(str((detail.get("ItemRef") or {}).get("value", "")))
    if bundle is None:
        yield line
        return
    quantity: Decimal = detail["Qty"]
    amount: Decimal = line["Amount"]
    gross: Decimal | None = detail.get("TaxInclusiveAmt")
    tax = gross - amount if gross is not None else ZERO
    parts = [_part(part, quantity, detail, tax, amount) for part in bundle.parts]
    whole = sum((part["Amount"] for part in parts), ZERO)
    yield {
        "DetailType": "GroupLineDetail",
        "Amount": whole,
        "Description": line["Description"],
        "GroupLineDetail": {
            "GroupItemRef": {"value": bundle.item_id},
            "Quantity": quantity,
            "Line": parts,
        },
    }
    left_tax = tax - sum((_tax(part) for part in parts), ZERO)
    if amount != whole or left_tax:
        item = purpose_item("bundle", frame)
        words = f"{line['Description']}: difference to the price of its parts"
        yield _line(item, words, Decimal(1), amount - whole, detail, left_tax)


def _part(part: Part, quantity: Decimal, of: Json, tax: Decimal, amount: Decimal) -> Json:
    pieces = part.quantity * quantity
    own = to_cents(pieces * part.price)
    share = to_cents(tax * own / amount) if amount else ZERO
    return _line(part.item_id, part.name, pieces, part.price, of, share)


def _line(item: str, words: str, quantity: Decimal, price: Decimal, of: Json, tax: Decimal) -> Json:
    """``of``: the detail of the bundle's line, whose tax code counts."""
    amount = to_cents(quantity * price)
    detail: Json = {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": price}
    if "TaxCodeRef" in of:
        detail["TaxCodeRef"] = of["TaxCodeRef"]
    if "TaxInclusiveAmt" in of:
        detail["TaxInclusiveAmt"] = amount + tax
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": amount,
        "Description": words,
        "SalesItemLineDetail": detail,
    }


def _tax(line: Json) -> Decimal:
    gross = line["SalesItemLineDetail"].get("TaxInclusiveAmt")
    return gross - line["Amount"] if gross is not None else ZERO
