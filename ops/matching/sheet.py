"""A matching report as a spreadsheet: written with an empty column to choose in, read back with a person's choices.

Pure.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from ops.matching.match import Match
from ops.preview.spreadsheet import safe, unsafe

COLUMNS = (
    "kind", "key", "store", "status", "quickbooks_id", "quickbooks", "how", "suggestions", "used", "note", "choose",
)  # fmt: skip
NEEDED = ("kind", "key", "choose")
NOTHING = "-"
"""Chosen: no longer what was chosen by hand."""


class SheetRefused(Exception):
    """It is no such sheet; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One edited line: ``chosen`` is a QuickBooks id, or NOTHING. ``line`` is its number in the file."""

    line: int
    kind: str
    key: str
    chosen: str


def written(matches: Iterable[Match]) -> str:
    """One line for each match."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for one in matches:
        row = {
            "kind": one.kind,
            "key": one.key,
            "store": one.name,
            "status": one.status,
            "quickbooks_id": one.found.quickbooks_id if one.found is not None else "",
            "quickbooks": one.found.name if one.found is not None else "",
            "how": one.how,
            "suggestions": "; ".join(f"{found.quickbooks_id} = {found.name}" for found in one.candidates),
            "used": str(one.used),
            "note": one.note,
            "choose": "",
        }
        table.writerow({name: safe(value) for name, value in row.items()})
    return text.getvalue()


def read(text: str) -> list[Choice]:
    """The lines in which something was chosen. Columns may be in any order, and others may be there.

    Raises:
        SheetRefused: a needed column is missing, or one line is chosen for twice.
    """
    text = text.removeprefix("\ufeff")  # a spreadsheet program writes it before the first column's name
    head = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=head.count)  # and separates by what is usual where it runs
    table = csv.DictReader(StringIO(text), delimiter=delimiter)
    missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
    if missing:
        raise SheetRefused(
            f"The file has no column {' and no column '.join(missing)}. Begin with the file that --csv writes."
        )
    choices: dict[tuple[str, str], Choice] = {}
    for row in table:
        kind, key, chosen = (unsafe((row[name] or "").strip()) for name in NEEDED)
        if not chosen:
            continue
        if (kind, key) in choices:
            raise SheetRefused(f"Line {table.line_num}: {kind} {key} is chosen for twice.")
        choices[kind, key] = Choice(table.line_num, kind, key, chosen)
    return list(choices.values())
