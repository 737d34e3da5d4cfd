"""What differs between the countries a company can be in."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Country:
    code: str
    iso3: str
    """Addresses answer with three letters. Source: Intuit's blog, 13 August 2025."""
    currency: str
    zone: ZoneInfo
    us_tax: bool
    """True: TAX and NON on the lines, one code per transaction. False: a tax code on every line."""
    missing_tax_code: str
    """Detail of the 6000 fault for a line without a tax code."""


COUNTRIES = {
    "US": Country("US", "USA", "USD", ZoneInfo("America/Los_Angeles"), True, ""),
    "CA": Country(
        "CA",
        "CAN",
        "CAD",
        ZoneInfo("America/Toronto"),
        False,
        "Make sure all your transactions have a GST/HST rate before you save.",
    ),
    "GB": Country(
        "GB",
        "GBR",
        "GBP",
        ZoneInfo("Europe/London"),
        False,
        "Make sure all your transactions have a VAT rate before you save.",
    ),
    "AU": Country(
        "AU",
        "AUS",
        "AUD",
        ZoneInfo("Australia/Sydney"),
        False,
        "Make sure all your transactions have a GST rate before you save.",
    ),
}

CURRENCY_NAMES = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar",
    "EUR": "Euro",
    "JPY": "Japanese Yen",
    "CHF": "Swiss Franc",
    "NZD": "New Zealand Dollar",
    "SEK": "Swedish Krona",
    "MXN": "Mexican Peso",
    "INR": "Indian Rupee",
    "BRL": "Brazilian Real",
}
