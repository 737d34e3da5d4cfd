"""Addresses in answers: each has an Id, and its country is three letters."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.json_values import Json

_ISO3 = {
    "us": "USA",
    "usa": "USA",
    "united states": "USA",
    "united states of america": "USA",
    "ca": "CAN",
    "canada": "CAN",
    "gb": "GBR",
    "uk": "GBR",
    "united kingdom": "GBR",
    "au": "AUS",
    "australia": "AUS",
    "de": "DEU",
    "germany": "DEU",
    "fr": "FRA",
    "france": "FRA",
}
"""Countries answer as ISO-3 codes since August 2025. Source: Intuit's blog, 13 August 2025."""


def complete(books: Books, document: Json, names: tuple[str, ...], before: Json | None) -> None:
    """Give every address that was written an Id and a three-letter country."""
    for name in names:
        address = document.get(name)
        if address is None or (before is not None and before.get(name) == address):
            continue
        address = dict(address)
        if "Id" not in address:
            held = (before or {}).get(name, {}).get("Id")
            address["Id"] = held or str(books.store.next_number("id:address", 1))
        country = address.get("Country")
        if country is not None:
            address["Country"] = _ISO3.get(country.casefold(), country)
        document[name] = address
