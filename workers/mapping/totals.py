"""What QuickBooks will make of a document's lines, and whether that is what the store says (rules A29, A44)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.money import to_cents
from workers.errors import ItemUnmapped, TotalsDiffer
from workers.mapping.lines import DocLine
from workers.mapping.taxes import TaxRules
from workers.steps import TaxRate

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The document's lines, its tax and its total, to the cent. ``code`` is the US document's tax code."""

    lines: tuple[DocLine, ...]
    tax: Decimal
    code: str = ""
    inclusive: bool = False
    out_of_scope: bool = False

    @property
    def net(self) -> Decimal:
        """Sum of the lines, discounts off."""
        return sum((line.signed for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        """What QuickBooks answers as TotalAmt."""
        return self.net + self.tax


def reckon(lines: Sequence[DocLine], store_tax: Decimal, rules: TaxRules, *, inclusive: bool) -> Reckoning:
    """Compute tax the way this company's QuickBooks does.

    Automated US tax takes the store's amount. Manual US tax and tax elsewhere are computed per rate on the sum of its
    lines, half up (A44). Source: Intuit's sample invoices. With tax-inclusive prices the lines say their tax.
    """
    code = rules.document_code()
    match rules.frame.company.tax:
        case "none":
            tax = ZERO
        case "us_automated":
            tax = to_cents(store_tax)
        case "us_manual":
            taxed = [line for line in lines if line.tax_code == rules.frame.settings.taxed_code]
            rates = rules.rates(code)
            tax = to_cents(store_tax) if rates is None else _per_rate([(_sum(taxed), rates)])
            tax = tax if code else ZERO
        case "elsewhere" if inclusive:
            tax = sum((line.tax if not line.account_id else -line.tax for line in lines), ZERO)
        case "elsewhere":
            tax = _tax_by_code(lines, rules)
    return Reckoning(tuple(lines), tax, code, inclusive, rules.out_of_scope)


def _tax_by_code(lines: Sequence[DocLine], rules: TaxRules) -> Decimal:
    """A rate that several codes have is rounded once; a code whose rates nobody knows bears what the store says."""
    known: list[tuple[Decimal, tuple[TaxRate, ...]]] = []
    said = ZERO
    for code in dict.fromkeys(line.tax_code for line in lines):
        of_code = [line for line in lines if line.tax_code == code]
        rates = rules.rates(code)
        if rates is None:
            said += to_cents(sum((line.tax for line in of_code), ZERO))
        else:
            known.append((_sum(of_code), rates))
    return said + _per_rate(known)


def _per_rate(bases: Iterable[tuple[Decimal, tuple[TaxRate, ...]]]) -> Decimal:
    sums: dict[TaxRate, Decimal] = {}
    for base, rates in bases:
        for rate in rates:
            sums[rate] = sums.get(rate, ZERO) + base
    return sum((to_cents(base * rate.percent / HUNDRED) for rate, base in sums.items()), ZERO)


def _sum(lines: Iterable[DocLine]) -> Decimal:
    return sum((line.signed for line in lines), ZERO)


def matched(reckoning: Reckoning, store_total: Decimal, rules: TaxRules, rounding_item: str) -> Reckoning:
    """Add a rounding line for leftover cents.

    Raises:
        TotalsDiffer: more is left over than the limit allows.
        ItemUnmapped: there are leftover cents and no item for them.
    """
    leftover = to_cents(store_total) - reckoning.total
    if not leftover:
        return reckoning
    if abs(leftover) > rules.frame.settings.rounding_limit:
        raise TotalsDiffer(
            f"{rules.frame.subject}: the store's total is {to_cents(store_total)}, the document's would be "
            f"{reckoning.total} (lines {reckoning.net}, tax {reckoning.tax}). Correct the order in the store, "
            "or the tax map, then Retry; Ignore it if you book it by hand.",
            cause="store total",
            fix=rules.frame.fix("rounding_limit", value="0.05"),
        )
    if not rounding_item:
        raise ItemUnmapped(
            f"{rules.frame.subject}: {leftover} is left over from rounding and has no QuickBooks item. "
            "Choose the item for rounding, then Retry.",
            cause="rounding",
            fix=rules.frame.fix("items", "rounding"),
        )
    line = DocLine(leftover, rounding_item, description="Rounding", tax_code=rules.untaxed_code())
    return replace(reckoning, lines=(*reckoning.lines, line))
