"""How Shopify writes times and money."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

SHOP_ZONE = timezone(timedelta(hours=-8))


def stamp(at: datetime) -> str:
    """Shop time with its offset."""
    return at.astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def money(amount: Decimal) -> dict[str, object]:
    """The same sum in the shop's and the buyer's currency."""
    one = {"amount": str(amount), "currency_code": "USD"}
    return {"shop_money": one, "presentment_money": dict(one)}
