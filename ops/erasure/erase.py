"""Erasing a contact: failed messages and their copies, edits, commands, sync mappings, settings (rule A67)."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from events import names
from events.outgoing import Outgoing
from ops.desk.publishing import Checkpoint, Publishes, no_checkpoint, publish_or_raise
from ops.erasure.named_buyers import forget_buyers, named_buyers
from ops.erasure.person import Person, personal_words
from ops.erasure.scrub import NOTHING_LEFT, scrubbed_body, scrubbed_text
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.erasure import (
    Names,
    Payload,
    count_customers,
    count_open_writes,
    forget_customers,
    names_of_customers,
    read_payloads,
    replace_edits,
    replace_payload,
    replace_reasons,
)
from workers.ledger.failure_views import read_failed
from workers.ledger.failures import header_values

PAGE = 200
MAPPINGS_AT_ONCE = 1000
PASSES = 3
"""A failed message that changes while it is read is read again; in the third pass nothing is left."""

log = logging.getLogger(__name__)


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
class Eraser:
    """Finds and erases. Safe to run again after a death anywhere; what is erased is no longer found."""

    ledger: Engine
    publisher: Publishes
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    checkpoint: Checkpoint = no_checkpoint

    def find(self, connection_id: str, person: Person) -> Found:
        """What would go; changes nothing."""
        person = self.whole(connection_id, person)
        about = [old for page in self._pages(connection_id, person) for old in page]
        with reading(self.ledger) as connection:
            stored = read_connection(connection, connection_id)
            return Found(
                person,
                failed_messages=tuple(old.event_id for old in about if _scrubbed(old, person) != old),
                edits=replace_edits(connection, connection_id, _edits(person), dry_run=True),
                mappings=count_customers(connection, connection_id, _names(person)),
                settings=len(named_buyers(stored.connection.settings, person)) if stored else 0,
                on_the_way=self._on_the_way(connection, connection_id, person, about),
            )

    def erase(self, connection_id: str, person: Person) -> Found:
        """Erase one person, or everybody, from one connection. Returns what was found and is gone now.

        Raises:
            NotConfirmed, sqlalchemy.exc.DBAPIError: the broker or the database is away; run it again.
        """
        found = self.find(connection_id, person)
        person = found.person
        for _ in range(PASSES):
            if not sum(self._replace(page, person) for page in self._pages(connection_id, person)):
                break
        with writing(self.ledger) as connection:
            replace_edits(connection, connection_id, _edits(person), dry_run=False)
            forget_buyers(connection, connection_id, person, now=self.now())
        self.checkpoint("messages")
        # Last of all: the mappings are how a second run finds the person's other names.
        forgotten = MAPPINGS_AT_ONCE
        while forgotten == MAPPINGS_AT_ONCE:
            with writing(self.ledger) as connection:
                forgotten = forget_customers(
                    connection, connection_id, _names(person), limit=MAPPINGS_AT_ONCE
                )
        facts = {
            "connection_id": connection_id,
            "failed_messages": len(found.failed_messages),
            "mappings": found.mappings,
            "on_the_way": found.on_the_way,
        }
        log.info("contact erased", extra=facts)
        return found

    def whole(self, connection_id: str, person: Person) -> Person:
        """The person with the other names that lead to the same QuickBooks customer."""
        if person.everybody:
            return person
        with reading(self.ledger) as connection:
            stored = read_connection(connection, connection_id)
            by_hand = stored.connection.settings.buyers.values() if stored else ()
            known = names_of_customers(
                connection,
                connection_id,
                Names(person.contact_ids, person.emails),
                chosen_by_hand=set(by_hand),
            )
        return Person(known.contact_ids, known.emails)

    def _pages(self, connection_id: str, person: Person) -> Iterator[list[Payload]]:
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

    def _replace(self, page: Sequence[Payload], person: Person) -> int:
        """Erase these messages; how many changed meanwhile and must be looked at again."""
        missed = 0
        pairs = [(old, new) for old in page if (new := _scrubbed(old, person)) != old]
        if pairs:
            words: dict[str, list[str]] = {}
            for old, _ in pairs:
                for name in {old.event_id, old.command_id} - {""}:
                    words.setdefault(name, []).extend(_words(old.body, person))
            with writing(self.ledger) as connection:
                replace_reasons(connection, words, scrubbed_text)
        for old, new in pairs:
            if old.status == "unresolved":
                new = replace(new, copy_id=self.new_id())
                self._publish_copy(new)
                self.checkpoint("copied")
            with writing(self.ledger) as connection:
                missed += not replace_payload(connection, old, new)
            self.checkpoint("replaced")
        return missed

    def _publish_copy(self, new: Payload) -> None:
        """Before the row names it, as a worker does; the sweep then takes the old copy out of the error queue."""
        with reading(self.ledger) as connection:
            rows = read_failed(connection, new.workflow, [new.event_id])
        for row in rows:
            if row.connection_id == new.connection_id:
                scrubbed = replace(row, message=new.message, fix=new.fix, copy_id=new.copy_id)
                headers = dict(header_values(scrubbed.headers()))
                copy = Outgoing("", names.errors(new.workflow), new.body, new.event_id, headers)
                publish_or_raise(self.publisher, [copy])

    def _on_the_way(
        self, connection: Connection, connection_id: str, person: Person, about: Sequence[Payload]
    ) -> int:
        retried = sum(old.status == "retry_issued" for old in about)
        if person.everybody:
            return retried + count_open_writes(connection, connection_id, lambda _text: True)
        return retried + count_open_writes(connection, connection_id, person.is_named_in)


def _names(person: Person) -> Names | None:
    return None if person.everybody else Names(person.contact_ids, person.emails)


def _words(body: bytes, person: Person) -> list[str]:
    return [*personal_words(body), *sorted(person.emails)]


def _scrubbed(old: Payload, person: Person) -> Payload:
    words = _words(old.body, person)
    body = scrubbed_body(old.body)
    if person.is_named_in(body.decode("utf-8", "replace")):
        body = NOTHING_LEFT  # named where no e-mail belongs: in an attribute, a line, an id
    return replace(
        old,
        body=body,
        cause=scrubbed_text(old.cause, words),
        message=scrubbed_text(old.message, words),
        fix=scrubbed_text(old.fix, words),
        ignore_reason=scrubbed_text(old.ignore_reason, words),
    )


def _edits(person: Person) -> Callable[[bytes], bytes]:
    return lambda body: scrubbed_body(body) if body and person.concerns(body) else body
