"""Names and contact data within QuickBooks' limits (rules A61, A64)."""

import re
from collections.abc import Iterator

from schemas.orders import Buyer

LONGEST_DISPLAY_NAME = 500
LONGEST_NAME = 100
LONGEST_EMAIL = 100
LONGEST_PHONE = 30
"""Source: Intuit's API reference, Customer."""

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
    good = re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) and len(email) <= LONGEST_EMAIL
    return email if good else ""


def person_name(buyer: Buyer) -> str:
    """What the buyer is called: name, else company, else e-mail."""
    name = clean(f"{buyer.first_name} {buyer.last_name}", LONGEST_DISPLAY_NAME)
    return name or clean(buyer.company, LONGEST_DISPLAY_NAME) or clean(buyer.email, LONGEST_DISPLAY_NAME)


def display_names(name: str, *, distinct: str, currency: str = "") -> Iterator[str]:
    """Names to try, best first: the person's, ``(Web)``, then one that nobody else has.

    ``currency`` marks a person's second account (``Jane Doe (CAD)``, rule A50).
    """
    base = f"{name} ({currency})" if currency else name
    for suffix in ("", " (Web)", f" ({clean(distinct, LONGEST_NAME)})"):
        yield base[: LONGEST_DISPLAY_NAME - len(suffix)].rstrip() + suffix


def quoted(text: str) -> str:
    """Text inside a query; an apostrophe is escaped by a backslash. Source: Intuit's "Data queries"."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
