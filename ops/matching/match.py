"""One line of a matching report: something of the store, and what it is in QuickBooks. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workers.steps import Json

Kind = Literal[
    "customer", "product", "tax", "payment_method", "clearing_account", "item", "setting", "currency"
]
KINDS: tuple[Kind, ...] = (
    "customer", "product", "tax", "payment_method", "clearing_account", "item", "setting", "currency",
)  # fmt: skip
Status = Literal["found", "ambiguous", "missing"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An object of a QuickBooks list. ``name`` as a person sees it there."""

    quickbooks_id: str
    name: str
    active: bool = True

    @classmethod
    def of(cls, row: Json) -> "Listed":
        """Read one row."""
        name = row.get("DisplayName") or row.get("FullyQualifiedName") or row.get("Name") or ""
        return cls(str(row.get("Id", "")), str(name), active=row.get("Active") is not False)


@dataclass(frozen=True, slots=True)
class Match:
    """One line. ``key`` tells it from others of its kind, ``name`` is the store's word for a person.

    ``found`` is what is used now and ``how`` why; ``candidates`` are suggestions, never used by themselves (A70).
    ``used``: in how many of the orders that were looked at. ``note``: what happens if nobody does anything.
    """

    kind: Kind
    key: str
    name: str
    status: Status
    found: Listed | None = None
    how: str = ""
    candidates: tuple[Listed, ...] = ()
    used: int = 0
    note: str = ""


def without_spaces(text: str) -> str:
    """Two names that differ in case and spaces only are the same here; good for a suggestion, for no more."""
    return "".join(text.casefold().split())


def unsettled(suggestions: Iterable[Listed]) -> tuple[Status, tuple[Listed, ...]]:
    """Nothing is used: missing, or ambiguous where several could be meant."""
    listed = tuple({one.quickbooks_id: one for one in suggestions}.values())
    return ("ambiguous" if len(listed) > 1 else "missing"), listed


def counts(matches: Iterable[Match]) -> dict[str, dict[str, int]]:
    """How many of each kind and status."""
    counted: dict[str, dict[str, int]] = {}
    for one in matches:
        of_kind = counted.setdefault(one.kind, {"found": 0, "ambiguous": 0, "missing": 0})
        of_kind[one.status] += 1
    return counted
