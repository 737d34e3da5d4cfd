"""Carrying an undo out, as a workflow function does: step by step, safe to run again."""

from ops.undo.plan import Undo
from workers.answers import Change, changed
from workers.context import Context
from workers.mapping.frame import Frame
from workers.orders.record import SaleRecord
from workers.outcomes import Booked
from workers.steps import Steps, recall, remember
from workers.stock import NoteStock


def undo_steps(undo: Undo, context: Context) -> Steps:
    """Void or delete each document that still stands, and remember that it is gone.

    Raises:
        RemovedInQuickBooks, ChangedInQuickBooks: a person was at a document (A10, A11).
        PeriodClosed, QuickBooksRejected: QuickBooks does not let it go.
    """
    frame = Frame.of(context, f"Undo of {undo.event.subject}")
    keys = [part.mapping.key for part in undo.reversals] + ([undo.sale] if undo.sale else [])
    known = yield from recall(keys)
    for part in undo.reversals:
        now = known.get(part.mapping.key)
        if now is None or now.removed or now.quickbooks_id != part.document.quickbooks_id:
            continue  # an undo that was killed has done it
        change = Change(
            f"undo-{part.document.entity}-{part.document.quickbooks_id}"[:60],
            part.document.entity,
            part.operation,
            part.document.quickbooks_id,
            now.sync_token,
            str(now.detail.get("expected", "")),
            frame.subject,
            key=now.key,
            version=now.version,
            detail=part.after,
        )
        yield from changed(change)
    if undo.sale is not None and undo.sale in known:
        record = SaleRecord.of(known[undo.sale])
        for part in undo.reversals:
            record = record.without_refund(part.mapping.key.store_id)
        yield from remember(record.mapping)
    version = undo.event.version
    yield NoteStock(undo.event.subject, undo.object_key, "removed", version, version)
    return Booked(tuple(part.document for part in undo.reversals))
