"""Sales tax: per rate on the sum of its taxable amounts, half-up to cents. Pure.

Source: re-adding the invoices of Intuit's US sample company gives this rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ops.sandbox.company.money.rounding import PERCENT, ZERO, cents


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of a tax code."""

    id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxPart:
    """What one rate adds."""

    rate: Rate
    base: Decimal
    amount: Decimal


RatesOf = Callable[[str], tuple[Rate, ...]]
"""Tax code id to its rates."""


def bases_per_code(lines: list[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """Sum of the amounts of each tax code, in order of first use."""
    bases: dict[str, Decimal] = {}
    for amount, code in lines:
        bases[code] = bases.get(code, ZERO) + amount
    return bases


def discounted(bases: dict[str, Decimal], discount: Decimal) -> dict[str, Decimal]:
    """The bases after a discount that is spread over all of them in proportion."""
    total = sum(bases.values(), ZERO)
    if not total or not discount:
        return bases
    return {code: cents(base * (total - discount) / total) for code, base in bases.items()}


def add_tax(bases: dict[str, Decimal], rates_of: RatesOf) -> list[TaxPart]:
    """Tax on top of net bases."""
    per_rate: dict[Rate, Decimal] = {}
    for code, base in bases.items():
        for rate in rates_of(code):
            per_rate[rate] = per_rate.get(rate, ZERO) + base
    return [TaxPart(rate, base, cents(base * rate.percent / PERCENT)) for rate, base in per_rate.items()]


def take_tax_out(gross: dict[str, Decimal], rates_of: RatesOf) -> list[TaxPart]:
    """Tax inside gross sums; base and tax of a code with one rate add up to its gross sum."""
    parts: dict[Rate, tuple[Decimal, Decimal]] = {}
    for code, amount in gross.items():
        rates = rates_of(code)
        together = sum((rate.percent for rate in rates), ZERO)
        taxes = [cents(amount * rate.percent / (PERCENT + together)) for rate in rates]
        net = amount - sum(taxes, ZERO)
        for rate, tax in zip(rates, taxes, strict=True):
            base, so_far = parts.get(rate, (ZERO, ZERO))
            parts[rate] = (base + net, so_far + tax)
    return [TaxPart(rate, base, tax) for rate, (base, tax) in parts.items()]


def nets_of(gross: list[tuple[Decimal, str]], rates_of: RatesOf) -> list[Decimal]:
    """Net amount of each gross line; the last line of a code takes the cent that rounding leaves."""
    nets: list[Decimal] = []
    left: dict[str, Decimal] = {}
    last: dict[str, int] = {}
    for code, amount in bases_per_code(gross).items():
        rates = rates_of(code)
        together = sum((rate.percent for rate in rates), ZERO)
        taxes = (cents(amount * rate.percent / (PERCENT + together)) for rate in rates)
        left[code] = amount - sum(taxes, ZERO)
    for position, (amount, code) in enumerate(gross):
        together = sum((rate.percent for rate in rates_of(code)), ZERO)
        net = cents(amount * PERCENT / (PERCENT + together))
        nets.append(net)
        left[code] -= net
        last[code] = position
    for code, position in last.items():
        nets[position] += left[code]
    return nets
