"""Documents of a closed period (A90): held as an error, or dated on the first open day with a note."""

from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

from workers.answers import carried_out
from workers.errors import BeforeStockStart, NeedsAttention, PeriodClosed
from workers.mapping.frame import Frame
from workers.orders.dating import dated_on
from workers.orders.stock_start import with_stock_begun
from workers.steps import Json, Step, Write, find

FIRST_OPEN_DAY = "first_open_day"


def created(step: Write, frame: Frame) -> Generator[Step, Any, tuple[Write, Json]]:
    """Create a document; of a closed period, or before the stock of an item begins (A77), as the settings say.

    Also gives the step as it went out.

    Raises:
        PeriodClosed: it is held, or QuickBooks does not say until when its books are closed.
        BeforeStockStart: it is held.
        QuickBooksRejected and its kin, as ``carried_out`` does.
    """
    moved: set[type[NeedsAttention]] = set()
    while True:
        try:
            return step, (yield from carried_out(step, frame.subject))
        except (PeriodClosed, BeforeStockStart) as error:
            if type(error) in moved:
                raise
            moved.add(type(error))
            if isinstance(error, BeforeStockStart):
                step = yield from with_stock_begun(step, error, frame)
            else:
                step = yield from _on_open_day(step, error, frame)


def dates_on_open_day(frame: Frame) -> bool:
    """True where what cannot be changed in a closed period is taken back on an open day."""
    return frame.settings.closed_period == FIRST_OPEN_DAY


def _held(error: PeriodClosed, frame: Frame) -> PeriodClosed:
    return PeriodClosed(
        str(error),
        cause=error.cause,
        fix=frame.fix("closed_period", value=FIRST_OPEN_DAY),
        fault_code=error.fault_code,
    )


def _closed_until() -> Generator[Step, Any, date | None]:
    """The last closed day. Source: Intuit's API reference, Preferences, AccountingInfoPrefs.BookCloseDate."""
    rows = yield from find("Preferences", "Id = '1'")
    said = (rows[0].get("AccountingInfoPrefs") or {}).get("BookCloseDate") if rows else None
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None


def _on_open_day(step: Write, error: PeriodClosed, frame: Frame) -> Generator[Step, Any, Write]:
    if frame.settings.closed_period != FIRST_OPEN_DAY:
        raise _held(error, frame) from error
    closed_until = yield from _closed_until()
    if closed_until is None:
        raise error
    why = f"the books of {step.document.get('TxnDate', 'its own day')} are closed."
    return dated_on(step, (closed_until + timedelta(days=1)).isoformat(), why)
