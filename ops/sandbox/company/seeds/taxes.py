"""Tax agencies, rates and codes of each country."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.tax import make_tax_code, open_tax_account
from ops.sandbox.company.names import fold
from ops.sandbox.company.sync_tokens import as_created

_AGENCIES = {
    "US": ("Arizona Dept. of Revenue", "Board of Equalization"),
    "CA": ("Canada Revenue Agency", "Ministère du Revenu Québec", "BC Ministry of Finance"),
    "GB": ("HM Revenue & Customs (VAT)",),
    "AU": ("Australian Taxation Office",),
}
_CODES: dict[str, tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...]] = {
    # Name of the code, then name, percent and agency of its rates; ids follow the order.
    "US": (
        ("Out of scope", (("Out of scope", "0", 1),)),
        ("California", (("California", "8", 2),)),
        ("Tucson", (("AZ State tax", "7.1", 1), ("Tucson City", "2", 1))),
    ),
    "CA": (
        ("Exempt", (("Exempt", "0", 1),)),
        ("Zero-rated", (("Zero-rated", "0", 1),)),
        ("GST", (("GST", "5", 1),)),
        ("HST ON", (("HST (ON)", "13", 1),)),
        ("HST NS", (("HST (NS)", "15", 1),)),
        ("GST/PST BC", (("GST (BC)", "5", 1), ("PST (BC)", "7", 3))),
        ("GST/QST QC", (("GST (QC)", "5", 1), ("QST", "9.975", 2))),
        ("Out of Scope", (("Out of Scope", "0", 1),)),
    ),
    "GB": (
        ("No VAT", (("No VAT", "0", 1),)),
        ("Exempt", (("Exempt", "0", 1),)),
        ("20.0% S", (("20.0% S", "20", 1),)),
        ("5.0% R", (("5.0% R", "5", 1),)),
        ("0.0% Z", (("0.0% Z", "0", 1),)),
        ("0.0% EC", (("0.0% EC", "0", 1),)),
    ),
    "AU": (
        ("GST", (("GST", "10", 1),)),
        ("GST free", (("GST free", "0", 1),)),
        ("Out of Scope", (("Out of Scope", "0", 1),)),
    ),
}
STATES = {"US": {"": "2", "CA": "2", "AZ": "3", "OR": "1", "MT": "1", "NH": "1", "DE": "1"}}
"""Which code automated sales tax takes for a state; "" is the company's own."""


def fill_taxes(books: Books) -> None:
    """Store agencies, rates and codes."""
    store, code = books.store, books.country.code
    for name in _AGENCIES[code]:
        id = str(store.next_number("id:tax agency"))
        agency = {
            "DisplayName": name,
            "TaxTrackedOnSales": True,
            "TaxTrackedOnPurchases": not books.country.us_tax,
            "TaxAgencyConfig": "USER_DEFINED",
        }
        stored = as_created(books, agency, id)
        store.put(store.rows("TaxAgency"), id, stored)
        store.put(store.tables.names, ("tax agency", fold(name)), id)
        open_tax_account(books, stored)
    for code_name, rates in _CODES[code]:
        details: list[Json] = []
        for rate_name, percent, agency_number in rates:
            detail = {
                "TaxRateName": rate_name,
                "RateValue": Decimal(percent),
                "TaxAgencyId": str(agency_number),
                "TaxApplicableOn": "Sales",
            }
            details.append(detail)
            if not books.country.us_tax:
                bought = {**detail, "TaxRateName": f"{rate_name} (Purchases)", "TaxApplicableOn": "Purchase"}
                details.append(bought)
        make_tax_code(books, code_name, details)
    store.put(store.tables.singletons, "automated tax", STATES.get(code, {"": "1"}))
