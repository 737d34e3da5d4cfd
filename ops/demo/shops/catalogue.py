"""What a shop sells and to whom. Ids and prices follow from the shop's random numbers."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

FIRST_NAMES = (
    "Ada", "Bruno", "Carla", "Deniz", "Elif", "Farid", "Greta", "Hugo", "Inès", "Jonas", "Kaya", "Lena",
    "Mateo", "Nora", "Odile", "Pavel", "Quinn", "Rosa", "Sven", "Tomás", "Uma", "Victor", "Wanda", "Ximena",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Berg", "Castillo", "Dursun", "Eriksen", "Fontaine", "Grant", "Hoffmann", "Ivanov", "Jansen",
    "Kowalski", "Lopez", "Moreau", "Nakamura", "O'Brien", "Petrov", "Quist", "Rossi", "Schäfer", "Turner",
)  # fmt: skip
STREETS = ("Oak Street", "Mill Road", "Harbour Lane", "Second Avenue", "Church Hill", "Station Square")
THINGS = (
    "Mug", "Kettle", "Teapot", "Tray", "Candle", "Blanket", "Cushion", "Lamp", "Vase", "Clock", "Basket",
    "Apron", "Notebook", "Pencil case", "Umbrella", "Scarf",
)  # fmt: skip
LOOKS = ("Blue", "Green", "Sand", "Plum")


@dataclass(frozen=True, slots=True)
class Ware:
    """A thing for sale. ``item_id`` is the id that stock levels name (Shopify)."""

    product_id: int
    variant_id: int
    item_id: int
    sku: str
    name: str
    price: Decimal
    stock: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody lives."""

    street: str
    city: str
    state: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Person:
    """A customer; ``customer_id`` None: a guest."""

    customer_id: int | None
    first_name: str
    last_name: str
    email: str
    phone: str
    place: Place


def wares(random: Random, *, prefix: str, first_id: int, count: int) -> tuple[Ware, ...]:
    """``count`` products; prices end in odd cents, so that taxes need rounding."""
    made = []
    for index in range(count):
        look = LOOKS[index // len(THINGS) % len(LOOKS)]
        number = first_id + 10 * index
        made.append(
            Ware(
                product_id=number,
                variant_id=number + 1,
                item_id=number + 2,
                sku=f"{prefix}-{index + 1:03}",
                name=f"{THINGS[index % len(THINGS)]} {look} {prefix}",
                price=Decimal(random.randrange(350, 12900)) / 100,
                stock=random.randrange(80, 160),
            )
        )
    return tuple(made)


def people(random: Random, *, domain: str, home: Place, first_id: int, count: int) -> tuple[Person, ...]:
    """``count`` customers with an e-mail and a name each of their own."""
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    return tuple(
        person(random, first, last, customer_id=first_id + index, domain=domain, home=home)
        for index, (first, last) in enumerate(random.sample(names, count))
    )


def person(
    random: Random, first: str, last: str, *, customer_id: int | None, domain: str, home: Place
) -> Person:
    """One person who lives near ``home``."""
    place = Place(
        street=f"{random.randrange(1, 400)} {random.choice(STREETS)}",
        city=home.city,
        state=home.state,
        postal_code=home.postal_code,
        country=home.country,
    )
    mailbox = f"{first}.{last}".lower().replace("'", "").encode("ascii", "ignore").decode()
    return Person(
        customer_id=customer_id,
        first_name=first,
        last_name=last,
        email=f"{mailbox}@{domain}",
        phone=f"+1 555 {random.randrange(1000000, 9999999)}",
        place=place,
    )
