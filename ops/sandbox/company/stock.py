"""Stock of one inventory item: first in, first out, by date, with back-dated movements.

The value of each layer is kept in cents, so that the stock account always equals the sum of the layers.
Stock may fall below zero; a later receipt then corrects the cost that was assumed.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ops.sandbox.company.money.rounding import ZERO, cents


@dataclass(frozen=True, slots=True)
class Holding:
    """What is in stock after a movement."""

    layers: tuple[tuple[Decimal, Decimal], ...] = ()
    """Quantity and value of each layer, oldest first; stock that is owed is one negative layer alone."""
    quantity: Decimal = ZERO
    value: Decimal = ZERO

    def unit_cost(self, fallback: Decimal) -> Decimal:
        """Cost per piece of the newest layer."""
        if not self.layers:
            return fallback
        quantity, value = self.layers[-1]
        return value / quantity


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of one transaction that moves stock."""

    item_id: str
    date: str
    sequence: int
    transaction_id: str
    quantity: Decimal
    """Positive comes in, negative goes out."""
    value: Decimal | None
    """What came in is worth, when the transaction says so; otherwise the current cost."""
    booked: Decimal
    """What the transaction itself has posted to the stock account."""
    stock_account_id: str
    offset_account_id: str
    unit_cost: Decimal
    """Cost per piece when nothing better is known."""


def _received(held: Holding, quantity: Decimal, value: Decimal) -> Holding:
    """After ``quantity`` worth ``value`` has come in; what was owed is filled first."""
    left_quantity, left_value = quantity, value
    layers, base = held.layers, held.value
    if layers and layers[0][0] < 0:
        owed, owed_value = layers[0]
        if quantity < -owed:
            kept = cents(owed_value * (owed + quantity) / owed)
            return Holding(((owed + quantity, kept),), held.quantity + quantity, kept)
        left_quantity = quantity + owed
        left_value = value - cents(value * -owed / quantity)
        layers, base = (), ZERO
    if left_quantity > 0:
        if layers and layers[-1][1] * left_quantity == left_value * layers[-1][0]:
            last = layers[-1]
            layers = (*layers[:-1], (last[0] + left_quantity, last[1] + left_value))
        else:
            layers = (*layers, (left_quantity, left_value))
    return Holding(layers, held.quantity + quantity, base + left_value)


def _issued(held: Holding, quantity: Decimal, fallback: Decimal) -> Holding:
    """After ``quantity`` has gone out, oldest first; what is not there is owed at the last known cost."""
    last_cost = held.unit_cost(fallback)
    layers, at, left, value = held.layers, 0, quantity, held.value
    while left > 0 and at < len(layers) and layers[at][0] > 0:
        in_layer, layer_value = layers[at]
        if in_layer > left:
            taken = cents(layer_value * left / in_layer)
            rest = ((in_layer - left, layer_value - taken), *layers[at + 1 :])
            return Holding(rest, held.quantity - quantity, value - taken)
        left -= in_layer
        value -= layer_value
        at += 1
    if left > 0:
        value -= cents(left * last_cost)
        return Holding(((held.quantity - quantity, value),), held.quantity - quantity, value)
    return Holding(layers[at:], held.quantity - quantity, value)


class ItemStock:
    """All movements of one item in order of date, and the layers after each."""

    __slots__ = ("_held", "_movements", "_posted")

    def __init__(self) -> None:
        self._movements: list[Movement] = []
        self._held: list[Holding] = []
        self._posted: list[Decimal] = []

    def copy(self) -> "ItemStock":
        other = ItemStock()
        other._movements = list(self._movements)
        other._held = list(self._held)
        other._posted = list(self._posted)
        return other

    @property
    def held(self) -> Holding:
        """What is in stock now."""
        return self._held[-1] if self._held else Holding()

    def first_day_of_others(self, transaction_id: str) -> str | None:
        """The earliest day of a movement that is not of this transaction."""
        return next((one.date for one in self._movements if one.transaction_id != transaction_id), None)

    def posted(self) -> list[tuple[Movement, Decimal]]:
        """Each movement with what it posts to the stock account, against its offset account."""
        return list(zip(self._movements, self._posted, strict=True))

    def add(self, movement: Movement) -> tuple[list[tuple[Movement, Decimal]], Callable[[], None]]:
        """Put a movement in its place.

        Returns the postings that changed, as movement and difference, and a call that undoes it all.
        """
        key = (movement.date, movement.sequence)
        place = bisect_right(self._movements, key, key=lambda one: (one.date, one.sequence))
        return self._replace(place, place, [movement])

    def remove(self, transaction_id: str) -> tuple[list[tuple[Movement, Decimal]], Callable[[], None]]:
        """Take all movements of a transaction out."""
        places = [at for at, one in enumerate(self._movements) if one.transaction_id == transaction_id]
        if not places:
            return [], lambda: None
        first, last = places[0], places[-1] + 1
        kept = [one for one in self._movements[first:last] if one.transaction_id != transaction_id]
        return self._replace(first, last, kept)

    def _replace(
        self, first: int, last: int, movements: list[Movement]
    ) -> tuple[list[tuple[Movement, Decimal]], Callable[[], None]]:
        tail = self._movements[first:]
        old = (tail, self._held[first:], self._posted[first:])
        removed = tail[: last - first]
        changes = [(one, -posted) for one, posted in zip(removed, old[2], strict=False)]
        later = tail[last - first :]
        later_posted = old[2][last - first :]
        del self._movements[first:], self._held[first:], self._posted[first:]
        for one in movements:
            changes.append((one, self._append(one)))
        for one, before in zip(later, later_posted, strict=True):
            difference = self._append(one) - before
            if difference:
                changes.append((one, difference))

        def undo() -> None:
            del self._movements[first:], self._held[first:], self._posted[first:]
            self._movements.extend(old[0])
            self._held.extend(old[1])
            self._posted.extend(old[2])

        return changes, undo

    def _append(self, movement: Movement) -> Decimal:
        """Add at the end; returns what it posts to the stock account."""
        held = self.held
        if movement.quantity > 0:
            value = movement.value
            if value is None:
                value = cents(movement.quantity * held.unit_cost(movement.unit_cost))
            after = _received(held, movement.quantity, value)
        else:
            after = _issued(held, -movement.quantity, movement.unit_cost)
        posted = after.value - held.value - movement.booked
        self._movements.append(movement)
        self._held.append(after)
        self._posted.append(posted)
        return posted
