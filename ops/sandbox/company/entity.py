"""An entity as data: its fields, the rules that complete and check it, and what it does to the books."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.shapes import Shape


@dataclass(slots=True)
class Draft:
    """A document on its way into the books; rules change ``document`` or raise."""

    books: Books
    entity: "Entity"
    document: Json
    before: Json | None
    """The stored document, on an update."""
    sent: Json
    """What the client wrote; a cleared property is None."""
    include: frozenset[str]
    id: str
    """Id of the document; a new one has it already."""
    sparse: bool = False


Rule = Callable[[Draft], None]


Operation = Literal["create", "update", "delete", "void", "read", "query", "cdc"]
ALL = frozenset[Operation]({"create", "update", "delete", "read", "query", "cdc"})
VOIDABLE = frozenset[Operation](ALL | {"void"})
LIST = frozenset[Operation]({"create", "update", "read", "query", "cdc"})
"""Lists cannot be deleted, only made inactive."""
READ_ONLY = frozenset[Operation]({"read", "query"})
SINGLE = frozenset[Operation]({"update", "read", "query"})


@dataclass(frozen=True)
class Entity:
    """One kind of object."""

    name: str
    shape: Shape
    id_space: str
    """Entities of one space share their numbers, as all transactions do."""
    operations: frozenset[Operation]
    rules: tuple[Rule, ...] = ()
    effects: Callable[[Books, Json], Effects] | None = None
    view: Callable[[Books, Json], Json] | None = None
    """Adds what is computed at the time of reading, such as balances."""
    viewed: frozenset[str] = frozenset()
    """First names of the properties that ``view`` adds or changes."""
    saved: Callable[[Draft], None] | None = None
    """Runs after the row is stored, for indexes."""
    name_field: str = ""
    """The property that names it in references, and sorts it."""
    make: Callable[[Books, Json], Json] | None = None
    """Takes the place of create and update, for what is not stored as it is sent."""
    void: Callable[[Books, Json], Json] | None = None
    """The document after it was voided."""
    kept_on_full_update: frozenset[str] = frozenset()
    """Properties that the company writes itself and a full update does not clear."""
    check_removal: Callable[[Books, Json], None] | None = None
    removed: Callable[[Books, Json], None] | None = None
