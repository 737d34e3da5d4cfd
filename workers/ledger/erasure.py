"""Personal data in the ledger: where it lies, and how it leaves. Ids, amounts and hashes of documents stay."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, delete, or_, select, tuple_, update

from schemas.envelope import Workflow
from schemas.failure import FailureStatus
from workers.ledger.failed_bodies import KEY, with_body
from workers.ledger.failures import batched_ids
from workers.ledger.tables import (
    commands,
    edited_messages,
    failed_bodies,
    failed_messages,
    intents,
    sync_mappings,
)

WORDS = ("body", "cause", "message", "fix", "ignore_reason")
_CURRENCY = re.compile(r"/[A-Z]{3}$")
"""Another currency's account has the currency behind the key: ``7/EUR``."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a failed message holds in words, and what names its row."""

    event_id: str
    workflow: Workflow
    connection_id: str
    status: FailureStatus
    copy_id: str
    command_id: str
    body: bytes
    cause: str
    message: str
    fix: str
    ignore_reason: str

    @property
    def place(self) -> tuple[str, str]:
        """Where the next page begins."""
        return self.event_id, self.workflow


@dataclass(frozen=True, slots=True)
class Names:
    """What leads to one customer: ids of accounts in the store, and e-mail addresses."""

    contact_ids: frozenset[str]
    emails: frozenset[str]


def read_payloads(
    connection: Connection, connection_id: str, *, after: tuple[str, str] = ("", ""), limit: int = 200
) -> list[Payload]:
    """A connection's failed messages of every status, a page at a time."""
    rows = failed_messages.c
    wanted = (
        with_body(*(rows[name] for name in Payload.__dataclass_fields__ if name != "body"))
        .where(rows.connection_id == connection_id, tuple_(rows.event_id, rows.workflow) > after)
        .order_by(rows.event_id, rows.workflow)
        .limit(limit)
    )
    return [Payload(**dict(row._mapping) | {"body": row.body or b""}) for row in connection.execute(wanted)]


def replace_payload(connection: Connection, old: Payload, new: Payload) -> bool:
    """Overwrite a failed message's words; False when it has changed since it was read."""
    rows = failed_messages.c
    is_old = [
        rows[name] == getattr(old, name)
        for name in ("event_id", "workflow", "connection_id", "copy_id", "status", "command_id")
    ]
    changed = {name: getattr(new, name) for name in ("copy_id", *WORDS) if name != "body"}
    if connection.execute(update(failed_messages).where(*is_old).values(**changed)).rowcount == 0:
        return False
    here = [failed_bodies.c[name] == getattr(old, name) for name in KEY]
    connection.execute(update(failed_bodies).where(*here).values(body=new.body))
    return True


def names_of_customers(
    connection: Connection, connection_id: str, names: Names, *, chosen_by_hand: Collection[str]
) -> Names:
    """The same person's other names: a QuickBooks customer that stands for one account only is one person.

    ``chosen_by_hand``: customers that a person chose for buyers, who may be several people.
    """
    rows = sync_mappings.c
    of = (rows.connection_id == connection_id, rows.kind.in_(("customer", "email")), rows.removed == 0)
    known = or_(
        (rows.kind == "customer") & _any(rows.store_id, names.contact_ids),
        (rows.kind == "email") & _any(rows.store_id, names.emails),
    )
    found = set(connection.scalars(select(rows.quickbooks_id).where(*of, known)))
    ids, emails = set(names.contact_ids), set(names.emails)
    for customer in sorted(found - set(chosen_by_hand) - {""}):
        wanted = select(rows.kind, rows.store_id).where(
            *of, rows.entity == "Customer", rows.quickbooks_id == customer
        )
        keys = {(row.kind, _CURRENCY.sub("", row.store_id)) for row in connection.execute(wanted)}
        accounts = {store_id for kind, store_id in keys if kind == "customer"}
        if len(accounts) <= 1:
            ids |= accounts
            emails |= {store_id for kind, store_id in keys if kind == "email"}
    return Names(frozenset(ids), frozenset(emails))


def count_customers(connection: Connection, connection_id: str, names: Names | None) -> int:
    """How many sync mappings ``forget_customers`` would still change."""
    return len(connection.execute(_personal_mappings(connection_id, names)).all())


def forget_customers(connection: Connection, connection_id: str, names: Names | None, *, limit: int) -> int:
    """Remove e-mail addresses, and the hashes of fields, from the sync mappings; None: of everybody. Returns how many.

    Which QuickBooks customer a contact's id stands for stays: the books keep that customer.
    """
    table = sync_mappings
    found = connection.execute(_personal_mappings(connection_id, names).limit(limit)).all()
    of = table.c.connection_id == connection_id
    for ids in batched_ids([row.store_id for row in found if row.kind == "email"]):
        connection.execute(delete(table).where(of, table.c.kind == "email", table.c.store_id.in_(ids)))
    for ids in batched_ids([row.store_id for row in found if row.kind == "customer"]):
        accounts = (of, table.c.kind == "customer", table.c.store_id.in_(ids))
        connection.execute(update(table).where(*accounts).values(detail={}))
    return len(found)


def _personal_mappings(connection_id: str, names: Names | None) -> Select[tuple[str, str]]:
    rows = sync_mappings.c
    by_email = rows.kind == "email"
    by_id = (rows.kind == "customer") & (cast(rows.detail, Text) != "{}")
    if names is not None:
        by_email &= _any(rows.store_id, names.emails)
        by_id &= _any(rows.store_id, names.contact_ids)
    return select(rows.kind, rows.store_id).where(rows.connection_id == connection_id, or_(by_email, by_id))


def replace_edits(
    connection: Connection, connection_id: str, scrub: Callable[[bytes], bytes], *, dry_run: bool
) -> int:
    """Messages that were edited before their retry, as they were and as they became. Returns how many change."""
    rows = edited_messages.c
    wanted = select(rows.workflow, rows.command_id, rows.original, rows.edited)
    changed = 0
    for row in connection.execute(wanted.where(rows.connection_id == connection_id)).all():
        before = {"original": row.original, "edited": row.edited}
        after = {name: scrub(body) for name, body in before.items()}
        if after != before:
            changed += 1
            of = (rows.workflow == row.workflow, rows.command_id == row.command_id)
            if not dry_run:
                connection.execute(update(edited_messages).where(*of).values(**after))
    return changed


def replace_reasons(
    connection: Connection, about: Mapping[str, Sequence[str]], scrub: Callable[[str, Sequence[str]], str]
) -> None:
    """What operators wrote in commands about these events. ``about``: event ids and ids of commands, with the words
    that must not stay.
    """
    rows = commands.c
    event = rows.arguments["event_id"].as_string()
    for ids in batched_ids(about):
        wanted = select(rows.workflow, rows.command_id, rows.arguments).where(
            or_(rows.command_id.in_(ids), event.in_(ids))
        )
        for row in connection.execute(wanted).all():
            words = [*about.get(row.arguments.get("event_id", ""), ()), *about.get(row.command_id, ())]
            reason = row.arguments.get("reason")
            if reason and (clean := scrub(reason, words)) != reason:
                of = (rows.workflow == row.workflow, rows.command_id == row.command_id)
                arguments = {**row.arguments, "reason": clean}
                connection.execute(update(commands).where(*of).values(arguments=arguments))


def count_open_writes(connection: Connection, connection_id: str, is_about: Callable[[str], bool]) -> int:
    """Writes of unknown outcome that name the person: they must not change, and end by themselves."""
    rows = intents.c
    found = connection.execute(
        select(rows.document, rows.mapping_id).where(rows.connection_id == connection_id)
    )
    return sum(is_about(row.document) or is_about(row.mapping_id) for row in found)


def forget_open_writes(connection: Connection, connection_id: str) -> None:
    """Of a closed connection nothing is repeated any more: that a write was open stays, what it said goes."""
    said = {"document": "", "mapping_kind": "", "mapping_id": "", "detail": {}}
    of = (intents.c.connection_id == connection_id, intents.c.document != "")
    connection.execute(update(intents).where(*of).values(**said))


def _any(column: ColumnElement[str], ids: Collection[str]) -> ColumnElement[bool]:
    exact: ColumnElement[bool] = column.in_(sorted(ids))
    return or_(exact, *(column.like(f"{_escaped(one)}/___", escape="\\") for one in sorted(ids)))


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
