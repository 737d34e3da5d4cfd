"""Finding what the ledger holds of a person; changes nothing and needs no broker."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from ops.erasure.named_buyers import named_buyers
from ops.erasure.person import Person
from ops.erasure.scrub import scrubbed_edit, scrubbed_payload
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading
from workers.ledger.erasure import (
    Names,
    Payload,
    count_customers,
    count_open_writes,
    names_of_customers,
    read_payloads,
    replace_edits,
)

PAGE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What the ledger holds of a person: event ids of failed messages, and numbers of the rest.

    ``on_the_way``: messages that are being retried and writes of unknown outcome. They end by themselves; erase again
    then.
    """

    person: Person
    failed_messages: tuple[str, ...] = ()
    edits: int = 0
    mappings: int = 0
    settings: int = 0
    on_the_way: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is something to erase."""
        return bool(self.failed_messages or self.edits or self.mappings or self.settings)


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks through the tables. Raises sqlalchemy.exc.DBAPIError when the database is away."""

    ledger: Engine

    def find(self, connection_id: str, person: Person) -> Found:
        """What would go."""
        person = self.whole(connection_id, person)
        event_ids, retried = self._failed(connection_id, person)
        with reading(self.ledger) as connection:
            stored = read_connection(connection, connection_id)
            edits = replace_edits(
                connection, connection_id, lambda body: scrubbed_edit(body, person), dry_run=True
            )
            is_about = (lambda _text: True) if person.everybody else person.is_named_in
            writes = count_open_writes(connection, connection_id, is_about)
            return Found(
                person,
                failed_messages=tuple(event_ids),
                edits=edits,
                mappings=count_customers(connection, connection_id, names_of(person)),
                settings=len(named_buyers(stored.connection.settings, person)) if stored else 0,
                on_the_way=retried + writes,
            )

    def whole(self, connection_id: str, person: Person) -> Person:
        """The person with the other names that lead to the same QuickBooks customer."""
        if person.everybody:
            return person
        with reading(self.ledger) as connection:
            stored = read_connection(connection, connection_id)
            by_hand = set(stored.connection.settings.buyers.values()) if stored else set()
            given = Names(person.contact_ids, person.emails)
            known = names_of_customers(connection, connection_id, given, chosen_by_hand=by_hand)
        return Person(known.contact_ids, known.emails)

    def pages(self, connection_id: str, person: Person) -> Iterator[list[Payload]]:
        """The failed messages that are about this person, every status; those that are no events too."""
        for one in (connection_id,) if person.everybody else (connection_id, ""):
            after = ("", "")
            while True:
                with reading(self.ledger) as connection:
                    page = read_payloads(connection, one, after=after, limit=PAGE)
                yield [old for old in page if old.body and person.concerns(old.body)]
                if len(page) < PAGE:
                    break
                after = page[-1].place

    def _failed(self, connection_id: str, person: Person) -> tuple[list[str], int]:
        event_ids: list[str] = []
        retried = 0
        for page in self.pages(connection_id, person):
            event_ids += [old.event_id for old in page if scrubbed_payload(old, person) != old]
            retried += sum(old.status == "retry_issued" for old in page)
        return event_ids, retried


def names_of(person: Person) -> Names | None:
    """As the ledger is asked; None: everybody."""
    return None if person.everybody else Names(person.contact_ids, person.emails)
