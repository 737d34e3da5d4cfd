"""The desk's part: what stores ask to be erased is carried out, and asked again until nothing is on its way."""

import time
from dataclasses import dataclass, field

from sqlalchemy import Engine

from ops.erasure.erase import Eraser
from ops.erasure.person import Person
from workers.erasure_requests import EVERYBODY
from workers.ledger.connections import read_connections
from workers.ledger.engine import reading, writing
from workers.ledger.erasure_requests import Request, close_request, open_requests

AGAIN_SECONDS = 60.0
"""A message that is being retried, or a write of unknown outcome, has ended by then, or is asked about again."""


@dataclass(slots=True)
class ErasureRequests:
    """Looks for open requests and carries them out."""

    ledger: Engine
    eraser: Eraser
    again_seconds: float = AGAIN_SECONDS
    _tried: dict[Request, float] = field(default_factory=dict)

    def look(self) -> None:
        """One look.

        Raises:
            NotConfirmed, sqlalchemy.exc.DBAPIError: the broker or the database is away; the request stays open.
        """
        wanted = self.open_now()
        at = time.monotonic()
        self._tried = {one: tried for one, tried in self._tried.items() if one in wanted}
        for request in wanted:
            if at - self._tried.get(request, float("-inf")) < self.again_seconds:
                continue
            self._tried[request] = at
            found = self.eraser.erase(request.connection_id, _person(request))
            if not found.on_the_way:
                with writing(self.ledger) as database:
                    close_request(database, request, self.eraser.now())

    def open_now(self) -> list[Request]:
        """What is not carried out yet."""
        with reading(self.ledger) as database:
            known = [one.connection.connection_id for one in read_connections(database)]
            return open_requests(database, known)


def _person(request: Request) -> Person:
    if request.contact_id == EVERYBODY:
        return Person(everybody=True)
    return Person.of(contact_id=request.contact_id, email=request.email)
