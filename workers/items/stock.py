"""Reading what QuickBooks has on hand."""

from collections.abc import Generator
from typing import Any

from workers.mapping.names import quoted
from workers.steps import Json, Step, find


def item_now(quickbooks_id: str) -> Generator[Step, Any, Json | None]:
    """The item with its type and quantity; None when it is gone or inactive."""
    rows = yield from find("Item", f"Id = {quoted(quickbooks_id)}")
    return rows[0] if rows else None
