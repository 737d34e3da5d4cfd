"""From the store's taxes to QuickBooks tax codes. A tax that nobody mapped is an error, never a guess."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from schemas.money import to_cents
from schemas.orders import TaxShare, TaxTotal
from workers.errors import TaxCodeUnmapped
from workers.mapping.frame import Frame
from workers.steps import TaxRate

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxRules:
    """How one document's lines get their codes. ``out_of_scope``: none does, the whole document bears no tax.

    ``inclusive``: QuickBooks is told what each line costs with its tax.
    """

    frame: Frame
    document_taxes: tuple[TaxTotal, ...] = ()
    out_of_scope: bool = False
    inclusive: bool = False

    @classmethod
    def of(cls, frame: Frame, taxes: Iterable[TaxTotal], amount: Decimal) -> "TaxRules":
        """The rules of a document that bears ``amount`` of tax; what a marketplace owes is nobody's here (A45)."""
        settings = frame.settings
        untaxed = (
            frame.company.tax == "elsewhere" and settings.untaxed_orders == "out_of_scope" and not amount
        )
        return cls(frame, tuple(tax for tax in taxes if not tax.marketplace_liable), untaxed)

    def line_code(self, taxes: Iterable[TaxShare], amount: Decimal) -> str:
        """The code of a line that bears ``amount`` of tax; "" where the company charges no tax.

        Raises:
            TaxCodeUnmapped: the line's tax has no code, or the company has sales tax switched off.
        """
        if self.out_of_scope:
            return ""
        match self.frame.company.tax:
            case "none":
                return self._without_sales_tax(amount)
            case "us_automated" | "us_manual":
                return self.frame.settings.taxed_code if amount else self.frame.settings.untaxed_code
            case "elsewhere":
                return self._code_elsewhere(tuple(taxes), amount)

    def line_tax(self, net: Decimal, tax: Decimal) -> Decimal:
        """A line's tax in cents. With prices that include it, line and tax come to what the buyer paid (A43): of
        stores that keep six places, each rounded by itself would miss that by a cent.
        """
        return to_cents(net + tax) - to_cents(net) if self.inclusive else to_cents(tax)

    def document_code(self) -> str:
        """The code of the whole document in a US company with manual tax; "" when nothing is taxed (A41)."""
        if self.frame.company.tax != "us_manual":
            return ""
        names = _names((total.tax, total.amount) for total in self.document_taxes)
        return self._mapped(names) if names else ""

    def rates(self, code: str) -> tuple[TaxRate, ...] | None:
        """What QuickBooks will charge under this code; None when we do not know."""
        company = self.frame.company
        if code in company.tax_rates:
            return company.tax_rates[code]
        percent = company.tax_percent.get(code)
        return None if percent is None else (TaxRate(code, percent),)

    def untaxed_code(self) -> str:
        """The code of a line without tax.

        Raises:
            TaxCodeUnmapped: outside the US the code must be chosen, ``NON`` exists only there.
        """
        if self.frame.company.tax == "none" or self.out_of_scope:
            return ""
        code = self.frame.settings.untaxed_code
        if self.frame.company.tax == "elsewhere" and code in ("", "NON"):
            raise TaxCodeUnmapped(
                f"{self.frame.subject}: a line without tax needs a QuickBooks tax code in this country. "
                "Choose the code for untaxed lines, then Retry.",
                cause="untaxed",
                fix=self.frame.fix("untaxed_code"),
            )
        return code

    def _without_sales_tax(self, amount: Decimal) -> str:
        if amount:
            raise TaxCodeUnmapped(
                f"{self.frame.subject}: the store charged tax, but sales tax is off in QuickBooks. "
                "Switch it on there, then Retry.",
                cause="sales tax is off",
                fix="QuickBooks: Taxes, Set up sales tax",
            )
        return ""

    def _code_elsewhere(self, taxes: tuple[TaxShare, ...], amount: Decimal) -> str:
        if not amount:
            # a zero rate has a code of its own where somebody mapped it
            zero_rated = [self.frame.settings.taxes.get(share.tax, "") for share in taxes if not share.amount]
            return zero_rated[0] if len(zero_rated) == 1 and zero_rated[0] else self.untaxed_code()
        names = _names((share.tax, share.amount) for share in taxes)
        if not names:
            names = _names((total.tax, total.amount) for total in self.document_taxes)
        return self._mapped(names or ("unnamed tax",))

    def _mapped(self, names: tuple[str, ...]) -> str:
        """One code for one tax, or for several that fall on the same line (``GST 5% + PST 7%``)."""
        together = " + ".join(names)
        code = self.frame.settings.taxes.get(together, "")
        if code:
            return code
        codes = {self.frame.settings.taxes.get(name, "") for name in names}
        if len(codes) == 1 and "" not in codes:
            return codes.pop()
        raise TaxCodeUnmapped(
            f'{self.frame.subject}: store tax "{together}" has no QuickBooks tax code. Map it, then Retry.',
            cause=together,
            fix=self.frame.fix("taxes", together),
        )


def _names(taxes: Iterable[tuple[str, Decimal]]) -> tuple[str, ...]:
    return tuple(sorted({name for name, amount in taxes if amount}))
