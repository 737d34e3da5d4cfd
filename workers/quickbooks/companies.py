"""What the workflows need to know of a company, out of what QuickBooks tells of it. Pure.

Source: Intuit's reference of CompanyInfo, Preferences, TaxCode and TaxRate.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from workers.steps import Company, Json, TaxRate

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def company_from(
    realm_id: str, *, info: Json, preferences: Json, tax_codes: Iterable[Json], tax_rates: Iterable[Json]
) -> Company:
    """Put a company together; ``tax_rates`` has the sales tax of every tax code by its id."""
    sales = _part(preferences, "SalesFormsPrefs")
    currency = _part(preferences, "CurrencyPrefs")
    country = str(info.get("Country") or "US").upper()[:2]
    percents = {str(rate.get("Id")): _percent(rate) for rate in tax_rates}
    rates = {str(code.get("Id")): _sales_rates(code, percents) for code in tax_codes}
    return Company(
        realm_id=realm_id,
        country=country,
        home_currency=str(_part(currency, "HomeCurrency").get("value") or "USD"),
        multicurrency=currency.get("MultiCurrencyEnabled") is True,
        tax=_tax_regime(country, _part(preferences, "TaxPrefs")),
        shipping_on=sales.get("AllowShipping") is True,
        custom_numbers=sales.get("CustomTxnNumbers") is True,
        tax_percent={code: sum((one.percent for one in of_code), ZERO) for code, of_code in rates.items()},
        tax_rates=rates,
    )


def _tax_regime(
    country: str, preferences: Mapping[str, Any]
) -> Literal["us_automated", "us_manual", "elsewhere", "none"]:
    if preferences.get("UsingSalesTax") is not True:
        return "none"
    if country != "US":
        return "elsewhere"
    return "us_automated" if preferences.get("PartnerTaxEnabled") is True else "us_manual"


def _sales_rates(code: Json, percents: Mapping[str, Decimal]) -> tuple[TaxRate, ...]:
    """A code's rates in order; a rate may also be charged on the earlier taxes (``TaxTypeApplicable``)."""
    details = _part(code, "SalesTaxRateList").get("TaxRateDetail") or []
    rates: list[TaxRate] = []
    before = ZERO
    for detail in sorted(details, key=lambda one: int(one.get("TaxOrder") or 0)):
        rate_id = str(_part(detail, "TaxRateRef").get("value"))
        percent = percents.get(rate_id, ZERO)
        match detail.get("TaxTypeApplicable"):
            case "TaxOnAmountPlusTax":
                percent = percent * (HUNDRED + before) / HUNDRED
            case "TaxOnTax":
                percent = percent * before / HUNDRED
            case _:
                pass
        before += percent
        rates.append(TaxRate(rate_id, percent))
    return tuple(rates)


def _percent(rate: Json) -> Decimal:
    """``RateValue``, or the last of the rate's history where it stands instead."""
    if rate.get("RateValue") is not None:
        return Decimal(rate["RateValue"])
    history = rate.get("EffectiveTaxRate") or []
    return Decimal(history[-1].get("RateValue") or 0) if history else Decimal(0)


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part that is an object; absent, or "" as QuickBooks writes empty lists at times, counts as empty."""
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}
