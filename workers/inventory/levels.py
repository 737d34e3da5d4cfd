"""What the ledger remembers of the stock of one thing: the store's quantity at each place, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from workers.steps import Json, StoreKey, SyncMapping

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Place:
    """The quantity at one place, and the store's own time of it."""

    quantity: Decimal
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level's sync mapping in words. ``item_id`` "": nobody has asked yet which QuickBooks item it is.

    ``waited`` is the event that has waited for its orders already.
    """

    store_id: str
    places: Mapping[str, Place] = field(default_factory=dict)
    sku: str = ""
    item_id: str = ""
    waited: str = ""

    @classmethod
    def of(cls, store_id: str, mapping: SyncMapping | None) -> "LevelRecord":
        """Read the mapping."""
        if mapping is None:
            return cls(store_id)
        detail = mapping.detail
        return cls(
            store_id=store_id,
            places={
                name: Place(Decimal(place["quantity"]), datetime.fromisoformat(place["time"]))
                for name, place in detail.get("places", {}).items()
            },
            sku=str(detail.get("sku", "")),
            item_id=mapping.quickbooks_id,
            waited=str(detail.get("waited", "")),
        )

    @property
    def counted_at(self) -> datetime | None:
        """The newest time of any place. A place that moved since tells it by an event of its own."""
        return max((place.counted_at for place in self.places.values()), default=None)

    @property
    def mapping(self) -> SyncMapping:
        """The mapping to remember."""
        detail: Json = {
            "places": {
                name: {"quantity": str(place.quantity), "time": place.counted_at.isoformat()}
                for name, place in self.places.items()
            },
            "sku": self.sku,
        }
        if self.waited:
            detail["waited"] = self.waited
        entity = "Item" if self.item_id else ""
        return SyncMapping(
            level_key(self.store_id), entity, self.item_id, version=self.counted_at, detail=detail
        )

    def with_place(self, name: str, place: Place, sku: str) -> "LevelRecord":
        """The record after a level event."""
        return replace(self, places={**self.places, name: place}, sku=sku or self.sku)

    def total(self, chosen: Sequence[str]) -> Decimal:
        """The store's quantity over the places that count (A76)."""
        counted = (place.quantity for name, place in self.places.items() if not chosen or name in chosen)
        return sum(counted, ZERO)


def level_key(store_id: str) -> StoreKey:
    """Under which the places of one thing are remembered."""
    return StoreKey("level", store_id)
