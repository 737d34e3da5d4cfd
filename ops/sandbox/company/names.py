"""Names: which characters, who holds them, and the suffix of what was made inactive."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import duplicate_name, refusal
from ops.sandbox.company.json_values import Json

SUFFIX = " (deleted)"
"""Seen in recorded customers, accounts and employees that were made inactive."""

LEVELS = 5
"""Depth of sub-customers and sub-accounts. Source: Intuit's page "Error codes", 6180."""


def check_characters(name: str, element: str, forbidden: str = ":\t\n\r") -> None:
    """Raises 2040 when a name holds a character that the server does not take."""
    for character in forbidden:
        if character in name:
            raise refusal("2040", "Invalid String", f"Element contains invalid characters: {name}", element)


def fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def without_suffix(name: str) -> str:
    cut = name.rfind(" (deleted")
    return name[:cut] if cut > 0 and name.endswith(")") else name


def _free_suffixed(books: Books, space: str, name: str, own_id: str) -> str:
    candidate, count = name + SUFFIX, 0
    while books.store.tables.names.get((space, fold(candidate)), own_id) != own_id:
        count += 1
        candidate = f"{name} (deleted-{count})"
    return candidate


def mark_inactive(draft: Draft, name_field: str, space: str) -> None:
    """Give an object that becomes inactive the suffix; what stays inactive keeps its name."""
    document, before = draft.document, draft.before
    if document.get("Active") is not False:
        return
    name: str = document[name_field]
    was_active = before is None or before.get("Active") is not False
    if was_active and without_suffix(name) == name:
        document[name_field] = _free_suffixed(draft.books, space, name, draft.id)


def qualify(draft: Draft, entity: str, name_field: str, flag: str) -> None:
    """FullyQualifiedName from the parents, and Level.

    Raises:
        QuickBooksFault: 6150 when ParentRef and its flag disagree, 6180 past five levels, 900 for a cycle.
    """
    document = draft.document
    parent_reference = document.get("ParentRef")
    if parent_reference is None:
        if document.get(flag):
            raise refusal(
                "6150", "ParentRef Required Validation Error", f"A ParentRef is required if {flag} is true"
            )
        document["FullyQualifiedName"] = document[name_field]
        return
    rows = draft.books.store.rows(entity)
    chain, at = [document[name_field]], parent_reference["value"]
    while at is not None:
        if at == draft.id:
            raise refusal("900", "Parent cannot be child", "The same object can't be its own parent")
        parent = rows[at]
        chain.append(parent[name_field])
        at = (parent.get("ParentRef") or {}).get("value")
    if len(chain) > LEVELS:
        raise refusal("6180", "Sub Level Limit", f"You can nest up to {LEVELS} levels.")
    document["FullyQualifiedName"] = ":".join(reversed(chain))
    if entity != "Customer":
        document["Level"] = len(chain) - 1


def _held(books: Books, document: Json, name_field: str) -> list[str]:
    name = document[name_field]
    held = [fold(name)]
    if document.get("Active") is False and books.settings.uncertain.inactive_name_blocks_reuse:
        held.append(fold(without_suffix(name)))
    return held


def claim(draft: Draft, space: str, name_field: str, detail: str | None = None) -> None:
    """Hold the document's name in its name space.

    Raises:
        QuickBooksFault: 6240 when another object holds it.
    """
    books, store = draft.books, draft.books.store
    names = store.tables.names
    new = _held(books, draft.document, name_field)
    old = _held(books, draft.before, name_field) if draft.before is not None else []
    if new == old:
        return
    for name in new:
        if names.get((space, name), draft.id) != draft.id:
            raise duplicate_name(detail)
    for name in old:
        store.remove(names, (space, name))
    for name in new:
        store.put(names, (space, name), draft.id)
