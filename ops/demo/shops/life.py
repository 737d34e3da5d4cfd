"""Everything that happens in one shop, by its clock: stocking it, selling, and counting the shelf at the end."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ops.demo.shops.catalogue import Person
from ops.demo.shops.happening import CustomerChanged, Happening, StockCounted, WareChanged
from ops.demo.shops.story import COUNTED, DAYS, Cast, Track


def life_of(
    cast: Cast, tracks: Iterable[Track], registered: Iterable[Person], opened_at: datetime
) -> list[Happening]:
    """Everything that happens, by the shop's clock: stocking the shop, selling, and counting at the end."""
    tracks = list(tracks)
    found: list[Happening] = []
    for index, ware in enumerate(cast.wares):
        found.append(WareChanged(opened_at + timedelta(minutes=index), ware, new=True))
    for index, person in enumerate(registered):
        found.append(CustomerChanged(opened_at + timedelta(hours=2, minutes=index), person, new=True))
        if index % 4 == 0:
            moved = replace(person, place=replace(person.place, street=f"{index + 1} New Street"))
            found.append(CustomerChanged(opened_at + timedelta(days=9, minutes=index), moved, new=False))
    found.extend(step for track in tracks for step in track.steps)
    closing = opened_at + timedelta(days=DAYS + 14)
    sold = _sold(tracks)
    for index, ware in enumerate(cast.wares[:COUNTED]):
        left = ware.stock - sold.get(ware.sku, 0)
        found.append(StockCounted(closing + timedelta(minutes=index), ware, left))
    return sorted(found, key=lambda one: one.at)


def _sold(tracks: Iterable[Track]) -> dict[str, int]:
    """Pieces that left the shelf: what was cancelled never did, what came back broken is not put back on it."""
    pieces: dict[str, int] = {}
    for track in tracks:
        if track.last.cancelled:
            continue
        for line in track.last.order.lines:
            pieces[line.ware.sku] = pieces.get(line.ware.sku, 0) + line.quantity
    return pieces
