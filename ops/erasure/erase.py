"""Erasing a contact: failed messages and their copies, edits, commands, sync mappings, settings (rule A67)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from ops.desk.publishing import Checkpoint, Publishes, no_checkpoint, publish_or_raise
from ops.erasure.find import Finder, Found, names_of
from ops.erasure.named_buyers import forget_buyers
from ops.erasure.person import Person
from ops.erasure.scrub import scrubbed_edit, scrubbed_payload, scrubbed_text, words_about
from workers.error_copies import error_copy
from workers.ledger.engine import reading, writing
from workers.ledger.erasure import (
    Payload,
    forget_customers,
    replace_edits,
    replace_payload,
    replace_reasons,
)
from workers.ledger.failure_views import read_failed

MAPPINGS_AT_ONCE = 1000
PASSES = 3
"""A failed message that changes while it is read is read again; in the third pass nothing is left."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Eraser:
    """Safe to run again after a death anywhere; what is erased is no longer found."""

    ledger: Engine
    publisher: Publishes
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    checkpoint: Checkpoint = no_checkpoint

    def erase(self, connection_id: str, person: Person) -> Found:
        """Erase one person, or everybody, from one connection. Returns what was found and is gone now.

        Raises:
            NotConfirmed, sqlalchemy.exc.DBAPIError: the broker or the database is away; run it again.
        """
        finder = Finder(self.ledger)
        found = finder.find(connection_id, person)
        person = found.person
        for _ in range(PASSES):
            if not sum(self._replace(page, person) for page in finder.pages(connection_id, person)):
                break
        with writing(self.ledger) as connection:
            replace_edits(connection, connection_id, lambda body: scrubbed_edit(body, person), dry_run=False)
            forget_buyers(connection, connection_id, person, now=self.now())
        self.checkpoint("messages")
        # Last of all: the mappings are how a second run finds the person's other names.
        forgotten = MAPPINGS_AT_ONCE
        while forgotten == MAPPINGS_AT_ONCE:
            with writing(self.ledger) as connection:
                forgotten = forget_customers(
                    connection, connection_id, names_of(person), limit=MAPPINGS_AT_ONCE
                )
        facts = {
            "connection_id": connection_id,
            "failed_messages": len(found.failed_messages),
            "mappings": found.mappings,
            "on_the_way": found.on_the_way,
        }
        log.info("contact erased", extra=facts)
        return found

    def _replace(self, page: Sequence[Payload], person: Person) -> int:
        """Erase these messages; how many changed meanwhile and must be looked at again."""
        missed = 0
        pairs = [(old, new) for old in page if (new := scrubbed_payload(old, person)) != old]
        if pairs:
            words: dict[str, list[str]] = {}
            for old, _ in pairs:
                for name in {old.event_id, old.command_id} - {""}:
                    words.setdefault(name, []).extend(words_about(old.body, person))
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
                copy = error_copy(new.workflow, new.event_id, new.body, scrubbed.headers())
                publish_or_raise(self.publisher, [copy])
