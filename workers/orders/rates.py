"""What one unit of a foreign currency is worth in the company's own (A50)."""

from collections.abc import Generator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from schemas.orders import StoreRate
from workers.errors import ExchangeRateMissing
from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.steps import Json, Step, StoreKey, SyncMapping, find, recall, remember

OLDEST_DAYS = 7
"""A rate counts until the next one, but not for ever: no rate is entered on weekends and holidays."""


def rate_fields(
    currency: str, day: str, store_rate: StoreRate | None, frame: Frame
) -> Generator[Step, Any, Json]:
    """ExchangeRate of a document of ``day``; {} in home currency.

    QuickBooks would book one to one where it has no rate, so it is looked up first: once for each currency and day.

    Raises:
        ExchangeRateMissing: QuickBooks has none for that day, and the store's is not wanted or not said.
    """
    company = frame.company
    if not company.multicurrency or currency == company.home_currency:
        return {}
    told = store_rate is not None and store_rate.into == company.home_currency and store_rate.rate > 0
    if told and store_rate is not None and frame.settings.exchange_rate == "settlement":
        return {"ExchangeRate": store_rate.rate}
    return {"ExchangeRate": (yield from _rate_of_day(currency, day, frame))}


def _rate_of_day(currency: str, day: str, frame: Frame) -> Generator[Step, Any, Decimal]:
    key = StoreKey("rate", f"{currency}/{day}")
    known = yield from recall([key])
    if key in known:
        return Decimal(known[key].detail["rate"])
    first = (date.fromisoformat(day) - timedelta(days=OLDEST_DAYS)).isoformat()
    rows = yield from find(
        "ExchangeRate",
        f"SourceCurrencyCode = {quoted(currency)} AND AsOfDate >= {quoted(first)} AND AsOfDate <= {quoted(day)}",
    )
    if not rows:
        raise ExchangeRateMissing(
            f"{frame.subject}: QuickBooks has no exchange rate of {currency} for {day}. "
            "Enter one under Currencies there, then Retry.",
            cause=f"{currency} {day}",
            fix="QuickBooks: Settings, Currencies, Edit currency exchange",
        )
    rate = Decimal(str(max(rows, key=lambda row: str(row["AsOfDate"]))["Rate"]))
    yield from remember(SyncMapping(key, "ExchangeRate", "", detail={"rate": str(rate)}))
    return rate
