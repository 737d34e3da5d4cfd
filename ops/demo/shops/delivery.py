"""One HTTP request of a store, exactly as its platform sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """POST ``body`` to ``path``. ``kind`` says in plain words what happened, ``expect`` is the status to come back.

    ``at`` is the store's own clock, ``about`` the number of its order. ``books_nothing`` True: duplicates, pings
    and noise, whose loss would harm nothing.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    kind: str
    at: datetime
    expect: int = 200
    books_nothing: bool = False
    about: str = ""
