"""Splitting amounts so that the parts add up, and naming taxes as the tax map knows them."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from events.stores.reading import ZERO
from schemas.orders import TaxShare, TaxTotal

CENT = Decimal("0.01")


def tax_key(name: str, percent: Decimal | None) -> str:
    """The key of a store tax: its name with its percentage, for example ``GST 5%``.

    Two rates of one name need two QuickBooks codes; a name that holds its percentage stays as it is.
    """
    if percent is None or "%" in name:
        return name
    return f"{name} {plain(percent)}%".strip()


def plain(number: Decimal) -> str:
    """Without exponent and needless zeros: ``7.50`` is ``7.5``, ``20`` is ``20``."""
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``total`` by ``weights``, to its own decimals; what rounding leaves goes to the last weight above 0."""
    sum_of_weights = sum(weights, ZERO)
    if not sum_of_weights:
        return [ZERO] * len(weights)
    unit = total if total.as_tuple().exponent == 0 else min(total, CENT, key=_places)
    shares = [
        (total * weight / sum_of_weights).quantize(unit, rounding=ROUND_HALF_UP) if weight else ZERO
        for weight in weights
    ]
    last = max(index for index, weight in enumerate(weights) if weight)
    shares[last] += total - sum(shares, ZERO)
    return shares


def _places(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def merged_shares(shares: Iterable[TaxShare]) -> tuple[TaxShare, ...]:
    """One share for each tax, in order of appearance; the same tax owed by a marketplace stays apart."""
    sums: dict[tuple[str, bool], Decimal] = {}
    for share in shares:
        key = (share.tax, share.marketplace_liable)
        sums[key] = sums.get(key, ZERO) + share.amount
    return tuple(
        TaxShare(tax=tax, amount=amount, marketplace_liable=liable) for (tax, liable), amount in sums.items()
    )


def totals_of(shares: Iterable[TaxShare]) -> tuple[TaxTotal, ...]:
    """The totals that follow from the lines' shares, where the store gives none."""
    return tuple(
        TaxTotal(tax=share.tax, amount=share.amount, marketplace_liable=share.marketplace_liable)
        for share in merged_shares(shares)
    )
