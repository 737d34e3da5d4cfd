"""Refunds that the store deleted: told alone, or seen by their absence from their order's list."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from workers.answers import Change, changed
from workers.mapping.frame import Frame
from workers.orders.record import SaleRecord
from workers.steps import Step, StoreKey, SyncMapping, recall, remember

Known = Mapping[StoreKey, SyncMapping]


def refund_keys(refund_id: str, order_id: str) -> tuple[StoreKey, StoreKey]:
    """Under which a refund's document is remembered, and the payment that applied it to an invoice."""
    return StoreKey("refund", refund_id), StoreKey("payment", f"refund-{refund_id}/{order_id}")


def delete_refund(
    refund_id: str, order_id: str, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, None]:
    """Delete the documents that are booked for a refund; QuickBooks has no void for them.

    Raises:
        ChangedInQuickBooks, RemovedInQuickBooks: a person was at the document.
    """
    own, applied = refund_keys(refund_id, order_id)
    for mapping in (known.get(applied), known.get(own)):
        if mapping is not None and mapping.quickbooks_id and not mapping.removed:
            yield from _delete(mapping, version, frame)


def drop_unlisted(
    record: SaleRecord, listed: tuple[str, ...] | None, version: datetime, frame: Frame
) -> Generator[Step, Any, SaleRecord]:
    """Take back what is booked for refunds that the order does not list any more.

    One that is told by an event newer than this list may be news to it, so it stays.
    """
    if listed is None:
        return record
    for refund_id in [one for one in record.refunds if one not in listed]:
        known: Known = yield from recall(refund_keys(refund_id, record.order_id))
        own = known.get(StoreKey("refund", refund_id))
        if own is not None and own.version is not None and own.version >= version:
            continue
        yield from delete_refund(refund_id, record.order_id, known, version, frame)
        record = record.without_refund(refund_id)
        yield from remember(record.mapping)
    return replace(record, listed=listed)


def _delete(mapping: SyncMapping, version: datetime, frame: Frame) -> Generator[Step, Any, None]:
    yield from changed(
        Change(
            f"delete-{mapping.entity}-{mapping.quickbooks_id}",
            mapping.entity,
            "delete",
            mapping.quickbooks_id,
            mapping.sync_token,
            str(mapping.detail.get("expected", "")),
            frame.subject,
            key=mapping.key,
            version=version,
            detail=dict(mapping.detail),
        )
    )
