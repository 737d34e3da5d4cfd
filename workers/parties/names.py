"""Names to try for a new customer, best first (A61)."""

from collections.abc import Iterator

from workers.mapping.frame import Frame
from workers.mapping.names import display_names
from workers.parties.party import Party


def names_of(party: Party, frame: Frame) -> Iterator[str]:
    """The person's name, then what the setting ``name_clash`` says, then one that nobody else has."""
    return display_names(
        party.name,
        clash=frame.settings.name_clash,
        store_id=party.store_id,
        distinct=party.distinct,
        currency=party.currency,
    )
