"""What the headers of Shopify's answers say: where the next page is, and what time it is there."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

from events.stores.api import Answer

NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


def next_page(answer: Answer) -> str:
    """The page_info of the next page, "" after the last. Source: shopify.dev, "Paginate"."""
    found = NEXT.search(answer.headers.get("link", ""))
    return parse_qs(urlsplit(found[1]).query).get("page_info", [""])[0] if found else ""


def store_clock(answer: Answer) -> datetime:
    """The store's own clock, so that ours is not needed here; the beginning of time where it says nothing."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return datetime.min.replace(tzinfo=UTC)
