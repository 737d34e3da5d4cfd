"""Names and contact data within QuickBooks' limits (rules A61, A64)."""

import re
from collections.abc import Iterator
from typing import Literal

from schemas.orders import Buyer

LONGEST_DISPLAY_NAME = 500
LONGEST_NAME = 100
LONGEST_EMAIL = 100
LONGEST_PHONE = 30
"""Source: Intuit's API reference, Customer."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FORBIDDEN = re.compile(r"[:\t\n\r]+")


def clean(text: str, longest: int) -> str:
    """Without colon, tab and newline, which QuickBooks refuses in names; cut to ``longest``."""
    return " ".join(_FORBIDDEN.sub(" ", text).split())[:longest].rstrip()


def folded(email: str) -> str:
    """An e-mail address as it is compared."""
    return email.strip().casefold()


def usable_email(email: str) -> str:
    """The address if QuickBooks would take it, else "": it must hold @ and a dot, and fit (A64)."""
    email = email.strip()
    good = _EMAIL.fullmatch(email) and len(email) <= LONGEST_EMAIL
    return email if good else ""


def person_name(buyer: Buyer) -> str:
    """What the buyer is called: name, else company, else e-mail."""
    name = clean(f"{buyer.first_name} {buyer.last_name}", LONGEST_DISPLAY_NAME)
    return name or clean(buyer.company, LONGEST_DISPLAY_NAME) or clean(buyer.email, LONGEST_DISPLAY_NAME)


def is_too_long(email: str) -> bool:
    """True for an address that is one, but longer than QuickBooks takes: it is not cut, it tells who somebody is."""
    email = email.strip()
    return len(email) > LONGEST_EMAIL and bool(_EMAIL.fullmatch(email))


def display_names(
    name: str,
    *,
    distinct: str,
    clash: Literal["web", "store_id", "number"] = "web",
    store_id: str = "",
    currency: str = "",
) -> Iterator[str]:
    """Names to try, best first: the person's, then by ``clash`` with ``(Web)``, ``(77)`` or ``(2)`` to ``(9)``, then
    with what nobody else has.

    ``currency`` marks a person's second account (``Jane Doe (CAD)``, rule A50).
    """
    base = f"{name} ({currency})" if currency else name
    suffixes = {
        "web": [" (Web)"],
        "store_id": [f" ({clean(store_id, LONGEST_NAME)})"] if store_id else [],
        "number": [f" ({number})" for number in range(2, 10)],
    }[clash]
    for suffix in dict.fromkeys(("", *suffixes, f" ({clean(distinct, LONGEST_NAME)})")):
        yield base[: LONGEST_DISPLAY_NAME - len(suffix)].rstrip() + suffix


def quoted(text: str) -> str:
    """Text inside a query; an apostrophe is escaped by a backslash. Source: Intuit's "Data queries"."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
