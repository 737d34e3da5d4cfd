"""Products that QuickBooks did not know when it was asked: on that day it is not asked again (A72)."""

from collections.abc import Generator, Iterable, Sequence
from typing import Any

from workers.mapping.frame import Frame
from workers.steps import Step, StoreKey, SyncMapping, recall, remember

LONGEST_NAME = 120


def unknown_key(product: StoreKey | None, name: str) -> StoreKey:
    """Under which the answer is remembered: of a kind of its own, so that nobody takes it for an item."""
    return StoreKey("unknown", product.store_id if product is not None else f"name/{name[:LONGEST_NAME]}")


def asked_today(keys: Sequence[StoreKey], frame: Frame) -> Generator[Step, Any, set[StoreKey]]:
    """Those of which QuickBooks said on the event's day that it has no item."""
    known = yield from recall(keys)
    return {key for key, mapping in known.items() if mapping.detail.get("day") == frame.day}


def note_unknown(keys: Iterable[StoreKey], frame: Frame) -> Generator[Step, Any, None]:
    """QuickBooks was asked for these, and has none of them."""
    for key in keys:
        yield from remember(SyncMapping(key, "", "", detail={"day": frame.day}))
