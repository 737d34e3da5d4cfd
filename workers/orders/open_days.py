"""Documents of a closed period (A90): held as an error, or dated on the first open day with a note."""

from collections.abc import Generator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from workers.answers import carried_out
from workers.errors import PeriodClosed
from workers.mapping.fingerprint import fingerprint
from workers.mapping.frame import Frame
from workers.mapping.marks import LONGEST_NOTE
from workers.steps import Json, Step, Write, find

FIRST_OPEN_DAY = "first_open_day"


def created(step: Write, frame: Frame) -> Generator[Step, Any, tuple[Write, Json]]:
    """Create a document; in a closed period as the setting ``closed_period`` says. Also gives the step as it went out.

    Raises:
        PeriodClosed: it is held, or QuickBooks does not say until when its books are closed.
        QuickBooksRejected and its kin, as ``carried_out`` does.
    """
    try:
        return step, (yield from carried_out(step, frame.subject))
    except PeriodClosed as error:
        if frame.settings.closed_period != FIRST_OPEN_DAY:
            raise _held(error, frame) from error
        closed_until = yield from _closed_until()
        if closed_until is None:
            raise
    moved = _moved(step, (closed_until + timedelta(days=1)).isoformat())
    return moved, (yield from carried_out(moved, frame.subject))


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


def _moved(step: Write, day: str) -> Write:
    """The same document of another day, which says so."""
    document = step.document
    remark = f"Dated {day}: the books of {document.get('TxnDate', 'its own day')} are closed."
    note = f"{document.get('PrivateNote', '')}\n{remark}"[:LONGEST_NOTE]
    document = {**document, "TxnDate": day, "PrivateNote": note}
    detail = dict(step.detail)
    if "expected" in detail:
        detail["expected"] = fingerprint(document)
    return replace(step, name=f"{step.name}-{day}", document=document, detail=detail)
