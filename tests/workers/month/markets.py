"""The four kinds of company that the month is played in, and how each one's books round tax."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from tests.workers.month.facts import HUNDRED, ZERO, Tax, added, rounded

FIRST_MONDAY = date(2026, 9, 28)
TaxRule = Literal["as charged", "on top", "inside"]


@dataclass(frozen=True)
class Market:
    """A company and where its buyers live. ``codes`` is its tax map, from the store's names to QuickBooks' codes.

    ``rates``: what one unit of a foreign currency is worth, from each day on.
    """

    name: str
    country: Literal["US", "GB", "CA"]
    tax: Literal["us_automated", "us_manual", "elsewhere"]
    rule: TaxRule
    home: str
    regions: Mapping[str, tuple[Tax, ...]]
    codes: Mapping[str, str]
    untaxed_code: str
    rates: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)

    @property
    def inclusive(self) -> bool:
        return self.rule == "inside"

    def rate(self, currency: str, day: date) -> Decimal:
        """What one unit is worth in the company's own currency on a day."""
        if currency == self.home:
            return Decimal(1)
        known = self.rates[currency]
        return known[max(start for start in known if start <= day)]

    def tax_in_the_books(
        self, bases: Mapping[tuple[Tax, ...], Decimal], charged: Decimal
    ) -> dict[str, Decimal]:
        """By account, of one document; ``bases`` is what each set of taxes lies on.

        A44: each rate is rounded once, on the sum of its lines, half up. Where the books take the store's tax (A40),
        that is ``charged``.
        """
        found: dict[str, Decimal] = {}
        if self.rule == "as charged":
            accounts = {tax.account for taxes in bases for tax in taxes}
            assert len(accounts) <= 1, "one state's tax goes to one agency"
            return {account: rounded(charged) for account in accounts}
        if self.rule == "on top":
            per_rate: dict[Tax, Decimal] = {}
            for taxes, base in bases.items():
                for tax in taxes:
                    per_rate[tax] = per_rate.get(tax, ZERO) + base
            for tax, base in per_rate.items():
                owed = rounded(base * tax.percent / HUNDRED)
                found[tax.account] = found.get(tax.account, ZERO) + owed
            return found
        for taxes, base in bases.items():
            together = HUNDRED + added([tax.percent for tax in taxes])
            for tax in taxes:
                owed = rounded(base * tax.percent / together)
                found[tax.account] = found.get(tax.account, ZERO) + owed
        return found


_STATE, _CITY, _ARIZONA = (
    Tax("State Tax", Decimal(6), "tax 2"),
    Tax("City Tax", Decimal(2), "tax 2"),
    Tax("AZ Tax", Decimal("7.1"), "tax 1"),
)
_SALES_TAX = Tax("Sales Tax", Decimal(8), "tax 2")
STANDARD_VAT, REDUCED_VAT = Tax("VAT", Decimal(20), "tax 1"), Tax("VAT", Decimal(5), "tax 1")
_GST, _HST = Tax("GST", Decimal(5), "tax 1"), Tax("HST", Decimal(13), "tax 1")
_PST, _QST = Tax("PST", Decimal(7), "tax 3"), Tax("QST", Decimal("9.975"), "tax 2")

MARKETS = (
    Market(
        "us-automated",
        "US",
        "us_automated",
        "as charged",
        "USD",
        {"CA": (_STATE, _CITY), "AZ": (_ARIZONA,), "OR": ()},
        {},
        "NON",
    ),
    Market(
        "uk-inclusive",
        "GB",
        "elsewhere",
        "inside",
        "GBP",
        {"": (STANDARD_VAT,), "Reduced": (REDUCED_VAT,)},
        {"VAT 20%": "3", "VAT 5%": "4"},
        "1",
    ),
    Market(
        "canada",
        "CA",
        "elsewhere",
        "on top",
        "CAD",
        {"ON": (_HST,), "BC": (_GST, _PST), "QC": (_GST, _QST), "AB": (_GST,)},
        {"HST 13%": "4", "GST 5% + PST 7%": "6", "GST 5% + QST 9.975%": "7", "GST 5%": "3"},
        "1",
    ),
    Market(
        "us-multicurrency",
        "US",
        "us_manual",
        "on top",
        "USD",
        {"CA": (_SALES_TAX,), "NV": ()},
        {"Sales Tax 8%": "2"},
        "NON",
        {
            code: {FIRST_MONDAY + timedelta(weeks=week): start + step * week for week in range(6)}
            for code, start, step in (
                ("CAD", Decimal("0.7123"), Decimal("0.0071")),
                ("EUR", Decimal("1.0817"), Decimal("-0.0052")),
            )
        },
    ),
)
