"""Updates: what a full and a sparse one leave of the stored document."""

from ops.sandbox.company.entity import Entity
from ops.sandbox.company.json_values import Json

_OWN = frozenset({"domain", "status", "sparse", "Id", "SyncToken", "MetaData"})


def merge(definition: Entity, before: Json, sent: Json, *, sparse: bool) -> Json:
    """The next document, without the company's own properties.

    Sparse leaves what was not sent alone; a full update clears it, except what the client cannot write.
    A list is replaced as a whole either way. Source: Intuit's pages on full and sparse update.
    """
    if sparse:
        merged = {name: value for name, value in before.items() if name not in _OWN}
        merged.update(sent)
    else:
        kept = definition.shape.read_only | definition.kept_on_full_update
        merged = {name: before[name] for name in kept if name in before and name not in _OWN}
        merged.update(sent)
    return {name: value for name, value in merged.items() if value is not None}
