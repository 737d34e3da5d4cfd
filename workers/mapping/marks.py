"""How our documents are recognised and dated: marker, number, day."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

LONGEST_NUMBER = 21
"""Characters of DocNumber and PaymentRefNum. Source: Intuit's API reference, fault 2050."""
LONGEST_NOTE = 4000
"""Characters of PrivateNote. Source: Intuit's API reference."""


_OURS = "counterfoil:"


def marker(connection_id: str, kind: str, store_id: str) -> str:
    """The machine-readable mark that says which store object a document stands for (rule A1)."""
    return f"{_OURS}{connection_id}:{kind}:{store_id}"


def mark_of(document: Mapping[str, Any]) -> str:
    """The mark of a document in QuickBooks, "" where it has none."""
    first = str(document.get("PrivateNote", "")).partition("\n")[0]
    return first if first.startswith(_OURS) else ""


def private_note(mark: str, *remarks: str) -> str:
    """The marker on the first line, remarks for a person below it."""
    return "\n".join((mark, *(remark for remark in remarks if remark)))[:LONGEST_NOTE]


def doc_number(prefix: str, number: str, suffix: str = "") -> str:
    """Prefix, order number and suffix in 21 characters; of a longer number the end is kept, it tells orders apart."""
    room = LONGEST_NUMBER - len(suffix)
    return (prefix + number)[-room:] + suffix


def book_date(moment: datetime, time_zone: str) -> str:
    """The day of a moment in the company's time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date().isoformat()
