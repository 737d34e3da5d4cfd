"""``counterfoil ledger …``: what is booked for an event or a store object, and taking an event back."""

import os
import socket
import uuid
from collections.abc import Iterable
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from ops.cli.ledger_export import export
from ops.cli.showing import JSON_OPTION, printed
from ops.cli.showing import ledger as open_database
from ops.company_reader import CompanyReader
from ops.connections import require_open
from ops.metrics import Metrics
from ops.quickbooks import open_quickbooks
from ops.settings import Settings
from ops.undo.carry_out import Carrier
from ops.undo.gather import booked_event, known_around
from ops.undo.look import Shown, look
from ops.undo.plan import Undo, UndoRefused, plan_undo, undo_id_of
from workers.ledger.bookings import BookedEvent, Standing, find_documents, find_entries, under_way
from workers.ledger.claims import claim_owner
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailedMessage, find_failed
from workers.ledger.failures import ignored_objects
from workers.outcomes import Document
from workers.runtime.requests import object_keys
from workers.runtime.settle import Policy
from workers.secrets import Secrets

CONNECTION = click.option("--connection", "connection_id", help="Whose, where two have the same.")


@click.group()
def ledger() -> None:
    """Show what is booked for an event or a store object, take an event back, write all of it to a file."""


ledger.add_command(export)


@ledger.command("show")
@click.argument("subject_or_event", metavar="SUBJECT|EVENT")
@CONNECTION
@JSON_OPTION
@click.pass_obj
def show(settings: Settings, subject_or_event: str, connection_id: str | None, *, as_json: bool) -> None:
    """Show what was booked for a store object (order/1001) or an event, and what became of it."""
    with open_database(settings) as engine, reading(engine) as database:
        found = find_entries(database, subject_or_event, connection_id)
        failed = [
            one
            for one in find_failed(database, subject_or_event)
            if connection_id in (None, one.connection_id)
        ]
        standing = [find_documents(database, one.connection_id, one.documents) for one in found]
    if not found and not failed:
        raise click.ClickException(
            f"The ledger has nothing under {subject_or_event}. Subjects look like order/1001 or refund/9."
        )
    undone = {one.event_id for one in found if one.status == "booked" and one.type.endswith(".undone")}
    if as_json:
        events = [_facts(one, stands, undone) for one, stands in zip(found, standing, strict=True)]
        printed({"events": events, "failed": [_failure(one) for one in failed]})
        return
    table = Table("Event", "About", "Type", "Store's time", "Result", "Documents")
    for one, stands in zip(found, standing, strict=True):
        result = one.status + (f" ({one.why})" if one.why else "")
        if undo_id_of(one.event_id) in undone:
            result += ", undone"
        documents = "\n".join(_sentence(document, stands.get(document)) for document in one.documents)
        when = f"{one.version:%Y-%m-%d %H:%M:%S}"
        table.add_row(one.event_id, one.subject, one.type, when, result, documents)
    if found:
        Console().print(table)
    for message in failed:
        click.echo(f"{message.event_id} is {message.status} among the failed messages: {message.message}")


@ledger.command("undo")
@click.argument("event_id", metavar="EVENT")
@CONNECTION
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON_OPTION
@click.pass_obj
def undo(settings: Settings, event_id: str, connection_id: str | None, *, yes: bool, as_json: bool) -> None:
    """Take back what was booked for one EVENT: it is shown, then voided or deleted in QuickBooks.

    Sales and payments are voided and keep their numbers, refunds and deposits are deleted. The ledger keeps both, the
    event and its undo. Killed in between, run it again.
    """
    with open_database(settings) as engine:
        try:
            with reading(engine) as database:
                event = booked_event(database, event_id, connection_id)
                stored = require_open(database, event.connection_id)
                plan = plan_undo(event, known_around(database, event))
                begun = under_way(database, event.connection_id, plan.undo_id)
                objects = object_keys(event.connection_id, {event.subject, plan.object_key})
                ignored = ignored_objects(database, objects)
            if ignored:
                raise UndoRefused(
                    f"{' and '.join(sorted(key for _, key in ignored))} is ignored, so nothing is done about it. "
                    "Restore it first: counterfoil errors restore EVENT."
                )
            secrets = Secrets(settings.secret_key.get_secret_value())
            online = open_quickbooks(settings, engine, secrets, Metrics())
            reader = CompanyReader(online, stored.connection.realm_id)
            goes = [] if begun else look(plan, reader)
            _ask(plan, goes, begun=begun, yes=yes, as_json=as_json)
            policy = Policy(request_id_trust_seconds=settings.request_id_trust_seconds)
            owner = claim_owner(socket.gethostname(), os.getpid(), uuid.uuid4().hex)
            Carrier(engine, online, owner=owner, policy=policy).carry_out(plan)
            online.reads.flush()
        except UndoRefused as refusal:
            raise click.ClickException(str(refusal)) from refusal
    if as_json:
        documents = [{"operation": part.operation, **asdict(part.document)} for part in plan.reversals]
        printed({"event_id": event_id, "undo_id": plan.undo_id, "undone": documents})
        return
    click.echo(
        f"Undone. The ledger keeps it as {plan.undo_id}. If the store sends {event.subject} again, it is booked again."
    )


def _ask(plan: Undo, goes: Iterable[Shown], *, begun: bool, yes: bool, as_json: bool) -> None:
    if begun:
        click.echo("An undo of this event was killed in between; it goes on where it was.", err=as_json)
    for one in goes:
        click.echo(
            " ".join(
                part
                for part in (one.operation, one.entity, one.number or one.quickbooks_id, one.date, one.total)
                if part
            )
            + (f" {one.currency}" if one.currency else ""),
            err=as_json,
        )
    if not yes:
        click.confirm(f"Take event {plan.event.event_id} back?", abort=True, err=as_json)


def _facts(one: BookedEvent, stands: dict[Document, Standing], undone: set[str]) -> dict[str, object]:
    return {
        "connection": one.connection_id,
        "event_id": one.event_id,
        "subject": one.subject,
        "type": one.type,
        "time": one.version.isoformat(),
        "settled_at": one.settled_at.isoformat(),
        "status": one.status,
        "why": one.why,
        "undone": undo_id_of(one.event_id) in undone,
        "documents": [{**asdict(document), **_document(stands.get(document))} for document in one.documents],
    }


def _document(standing: Standing | None) -> dict[str, object]:
    if standing is None:
        return {"standing": None}
    detail = standing.mapping.detail
    facts = {name: detail[name] for name in ("number", "total", "amount", "currency") if detail.get(name)}
    return {"standing": not standing.mapping.removed, "last_event": standing.event_id, **facts}


def _sentence(document: Document, standing: Standing | None) -> str:
    facts = _document(standing)
    words = [document.entity, document.quickbooks_id]
    if facts.get("number"):
        words.append(f"number {facts['number']}")
    amount = facts.get("total") or facts.get("amount")
    if amount:
        words.append(f"{amount} {facts.get('currency', '')}".strip())
    if facts["standing"] is False:
        words.append("(taken back)")
    if facts["standing"] is None:
        words.append("(replaced since)")
    return " ".join(words)


def _failure(one: FailedMessage) -> dict[str, str]:
    return {
        "connection": one.connection_id,
        "event_id": one.event_id,
        "subject": one.subject,
        "status": one.status,
        "reason": one.reason,
        "message": one.message,
    }
