"""Tax of a sales form: US automated, US manual, or a code on every line."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import business_rule, invalid_reference, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO, cents
from ops.sandbox.company.money.tax import (
    Rate,
    RatesOf,
    TaxPart,
    add_tax,
    bases_per_code,
    discounted,
    nets_of,
    take_tax_out,
)
from ops.sandbox.company.references import find
from ops.sandbox.company.transactions.sales_lines import SalesLines

US_CODES = ("TAX", "NON")


def rates_of(books: Books, code_id: str, side: str = "SalesTaxRateList") -> tuple[Rate, ...]:
    """The rates of a tax code; TAX and NON have none of their own."""
    code = books.row("TaxCode", code_id)
    if code is None:
        return ()
    rates = books.store.rows("TaxRate")
    found = []
    for detail in (code.get(side) or {}).get("TaxRateDetail", ()):
        rate = rates[detail["TaxRateRef"]["value"]]
        found.append(Rate(rate["Id"], Decimal(rate["RateValue"])))
    return tuple(found)


def tax_sales_form(draft: Draft, lines: SalesLines) -> None:
    """Write TxnTaxDetail, and net amounts into the lines of an inclusive form."""
    if draft.books.country.us_tax:
        _tax_in_the_us(draft, lines)
    else:
        _tax_elsewhere(draft, lines)


def tax_total(document: Json) -> Decimal:
    total: Decimal = (document.get("TxnTaxDetail") or {}).get("TotalTax", ZERO)
    return total


def _tax_in_the_us(draft: Draft, lines: SalesLines) -> None:
    document, books = draft.document, draft.books
    taxed = []
    for line in lines.selling:
        detail = line["SalesItemLineDetail"]
        code = (detail.get("TaxCodeRef") or {}).get("value", "NON")
        if code not in US_CODES:
            raise refusal(
                "6100",
                "Invalid Line TaxCode in the request",
                f"Invalid Line TaxCode in the request : TaxCode has to be either TAX or NON for US. "
                f"Supplied value:{code}",
                "TaxCodeRef",
            )
        detail["TaxCodeRef"] = {"value": code}
        taxed.append((line["Amount"], code))
    document.pop("GlobalTaxCalculation", None)
    base = sum((amount for amount, code in taxed if code == "TAX"), ZERO)
    if lines.discount is not None:
        lines.discount["DiscountLineDetail"].pop("TaxCodeRef", None)
        if document["ApplyTaxAfterDiscount"] and lines.subtotal:
            base = cents(base * (lines.subtotal - lines.discount["Amount"]) / lines.subtotal)
    given = document.get("TxnTaxDetail") or {}
    if books.preference("TaxPrefs", "PartnerTaxEnabled"):
        document["TxnTaxDetail"] = _automated(draft, base, given)
    else:
        document["TxnTaxDetail"] = _manual(books, base, given)


def _manual(books: Books, base: Decimal, given: Json) -> Json:
    """The code of the whole transaction is the client's to choose; without one there is no tax."""
    code = given.get("TxnTaxCodeRef")
    if code is None:
        return {"TotalTax": ZERO}
    if code["value"] in (*US_CODES, "CustomSalesTax"):
        raise refusal(
            "6160",
            "Invalid TaxCodeRef Error",
            f"The specified {code['value']} ID can't be used to create a transaction",
        )
    row = find(books, "TaxCode", code["value"])
    parts = add_tax({row["Id"]: base}, lambda id: rates_of(books, id)) if base else []
    return {"TxnTaxCodeRef": {"value": row["Id"]}, **tax_detail(parts)}


def _automated(draft: Draft, base: Decimal, given: Json) -> Json:
    """The rate follows the ship-to address; a total that the client sends overrides it.

    The override is taken since December 2023. Source: Intuit's release notes.
    """
    books, document = draft.books, draft.document
    customer = document.get("CustomerRef")
    exempt = customer is not None and not books.store.rows("Customer")[customer["value"]]["Taxable"]
    if not base or exempt:
        return {"TotalTax": ZERO}
    code = code_for_address(books, document.get("ShipAddr") or {})
    parts = add_tax({code: base}, lambda id: rates_of(books, id))
    unchanged = draft.before is not None and "Line" not in draft.sent
    stored_override = unchanged and "TxnTaxDetail" not in draft.sent
    total = given.get("TotalTax")
    if total is not None and ("TxnTaxDetail" in draft.sent or stored_override):
        if total < 0:
            raise business_rule("Tax cannot be negative.")
        parts = overridden(parts, cents(total))
    return {"TxnTaxCodeRef": {"value": code}, **tax_detail(parts)}


def overridden(parts: list[TaxPart], total: Decimal) -> list[TaxPart]:
    """The parts scaled so that they add up to the client's total."""
    computed = sum((part.amount for part in parts), ZERO)
    result, left = [], total
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        share = left if last or not computed else cents(total * part.amount / computed)
        left -= share
        result.append(TaxPart(part.rate, part.base, share))
    return result


def code_for_address(books: Books, address: Json) -> str:
    """The tax code of a state, else that of the company's own state."""
    codes: dict[str, str] = books.store.tables.singletons["automated tax"]
    return codes.get(address.get("CountrySubDivisionCode", ""), codes[""])


def tax_detail(parts: list[TaxPart]) -> Json:
    detail: Json = {"TotalTax": sum((part.amount for part in parts), ZERO)}
    if parts:
        detail["TaxLine"] = [
            {
                "Amount": part.amount,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": part.rate.id},
                    "PercentBased": True,
                    "TaxPercent": part.rate.percent,
                    "NetAmountTaxable": part.base,
                },
            }
            for part in parts
        ]
    return detail


def line_code(books: Books, detail: Json) -> str:
    """Id of a line's tax code: 6000 when there is none, 2500 when the company does not have it."""
    code = detail.get("TaxCodeRef")
    if code is None:
        raise business_rule(books.country.missing_tax_code)
    row = books.row("TaxCode", code["value"])
    if row is None:
        raise invalid_reference(f"TaxCodes element id {code['value']} not found")
    detail["TaxCodeRef"] = {"value": row["Id"]}
    return str(row["Id"])


def _tax_elsewhere(draft: Draft, lines: SalesLines) -> None:
    document, books = draft.document, draft.books
    mode = document.setdefault("GlobalTaxCalculation", "TaxExcluded")
    if mode == "NotApplicable":
        _untaxed(draft, lines)
        return
    coded = [(line["Amount"], line_code(books, line["SalesItemLineDetail"])) for line in lines.selling]

    def rates(code: str) -> tuple[Rate, ...]:
        return rates_of(books, code)

    if mode == "TaxInclusive":
        gross = _gross_amounts(lines, coded, rates)
        for line, net in zip(lines.selling, nets_of(gross, rates), strict=True):
            line["Amount"] = net
        coded = [(line["Amount"], code) for line, (_, code) in zip(lines.selling, gross, strict=True)]
    discount = lines.discount["Amount"] if lines.discount is not None else ZERO
    if mode == "TaxInclusive" and not discount:
        parts = take_tax_out(bases_per_code(gross), rates)
    else:
        parts = add_tax(discounted(bases_per_code(coded), discount), rates)
    document["TxnTaxDetail"] = _sent_tax(draft, parts)


def _gross_amounts(
    lines: SalesLines, coded: list[tuple[Decimal, str]], rates: RatesOf
) -> list[tuple[Decimal, str]]:
    """TaxInclusiveAmt of each line; without one, tax is put on top of Amount, which is always net.

    Source: answers of an Australian company; client authors report the same.
    """
    gross = []
    for line, (amount, code) in zip(lines.selling, coded, strict=True):
        detail = line["SalesItemLineDetail"]
        inclusive = detail.get("TaxInclusiveAmt")
        if not inclusive:
            parts = add_tax({code: amount}, rates)
            inclusive = amount + sum((part.amount for part in parts), ZERO)
        detail["TaxInclusiveAmt"] = cents(inclusive)
        gross.append((detail["TaxInclusiveAmt"], code))
    return gross


def _untaxed(draft: Draft, lines: SalesLines) -> None:
    """Raises 6170 when tax is sent for a form that has none."""
    sent = draft.sent.get("TxnTaxDetail") or {}
    if sent.get("TotalTax") or sent.get("TaxLine"):
        raise refusal(
            "6170",
            "Invalid TxnTaxDetail Error",
            "TxnTaxDetail is not allowed when GlobalTaxCalculation is set to NotApplicable",
        )
    for line in lines.selling:
        line["SalesItemLineDetail"].pop("TaxCodeRef", None)
        line["SalesItemLineDetail"].pop("TaxInclusiveAmt", None)
    draft.document["TxnTaxDetail"] = {"TotalTax": ZERO}


def _sent_tax(draft: Draft, parts: list[TaxPart]) -> Json:
    """Tax lines that the client sends win over what would be computed, rate by rate."""
    sent = (draft.sent.get("TxnTaxDetail") or {}).get("TaxLine") or ()
    amounts = {}
    for line in sent:
        rate = (line.get("TaxLineDetail") or {}).get("TaxRateRef")
        if rate is not None and line.get("Amount") is not None:
            amounts[rate["value"]] = cents(line["Amount"])
    return tax_detail(
        [TaxPart(part.rate, part.base, amounts.get(part.rate.id, part.amount)) for part in parts]
    )
