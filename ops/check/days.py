"""The days that are checked, in the company's time zone. Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTH = re.compile(r"(?P<year>20[0-9]{2})-(?P<month>0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Days:
    """From ``first`` to ``last``, both included. ``last`` None: to now; ``month`` False: the whole of the books."""

    first: date
    last: date | None
    zone: str
    month: bool = False

    @property
    def begins(self) -> datetime:
        """The moment at which the first day begins."""
        return datetime.combine(self.first, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def has(self, day: str) -> bool:
        """Whether a document's day is among them. The whole of the books has no borders but today."""
        return not self.month or self.first.isoformat() <= day <= (self.last or self.first).isoformat()

    def day_of(self, moment: datetime) -> str:
        """A moment's day in the company's time zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date().isoformat()

    @property
    def condition(self) -> str:
        """For a query of transactions; "" for all of them."""
        if not self.month or self.last is None:
            return ""
        return f"TxnDate >= '{self.first}' and TxnDate <= '{self.last}'"


def month_of(text: str, zone: str) -> Days:
    """The days of a month such as ``2026-10``.

    Raises:
        ValueError: it is none.
    """
    match = _MONTH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no month such as 2026-10.")
    year, month = int(match["year"]), int(match["month"])
    first = date(year, month, 1)
    return Days(first, first + timedelta(days=monthrange(year, month)[1] - 1), zone, month=True)


def since(moment: datetime, zone: str) -> Days:
    """All days from a moment's on."""
    return Days(moment.astimezone(ZoneInfo(zone)).date(), None, zone)
