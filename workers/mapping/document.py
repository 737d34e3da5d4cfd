"""What all sales documents share: lines, tax, currency, marker."""

from workers.mapping.accounts import currency_fields
from workers.mapping.frame import Frame
from workers.mapping.lines import render
from workers.mapping.totals import Reckoning
from workers.steps import Json


def body_of(reckoning: Reckoning, currency: str, frame: Frame) -> Json:
    """Line, TxnTaxDetail, GlobalTaxCalculation and CurrencyRef."""
    document: Json = {"Line": [render(line, inclusive=reckoning.inclusive) for line in reckoning.lines]}
    document.update(currency_fields(currency, frame))
    if any(line.account_id for line in reckoning.lines):
        document["ApplyTaxAfterDiscount"] = True  # the store charges tax on what the buyer pays
    match frame.company.tax:
        case "us_automated":
            document["TxnTaxDetail"] = {"TotalTax": reckoning.tax}
        case "us_manual" if reckoning.code:
            document["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": reckoning.code}}
        case "elsewhere" if not reckoning.out_of_scope:
            document["GlobalTaxCalculation"] = "TaxInclusive" if reckoning.inclusive else "TaxExcluded"
        case "elsewhere" | "none" if frame.company.country != "US":
            document["GlobalTaxCalculation"] = "NotApplicable"
        case _:
            pass
    return document
