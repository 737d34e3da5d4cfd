"""What the ledger knows of a failure group, as the ways need it."""

from dataclasses import replace

from pydantic import ValidationError
from sqlalchemy import Connection as Database

from ops.fixes.way import setting_fix
from ops.fixes.ways import Case
from schemas.contacts import Contact
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.orders import Buyer, Order, OrderRemoved, Refund, RefundRemoved
from schemas.shape import Shape
from workers.ledger.connections import StoredConnection
from workers.ledger.failure_views import FailureGroup, list_failed
from workers.mapping.as_booked import order_as_booked, refund_as_booked
from workers.mapping.frame import Frame
from workers.parties.party import Party, party_of
from workers.runtime.company import known_company
from workers.steps import Company


def read_case(database: Database, group: FailureGroup, stored: StoredConnection) -> Case:
    """The case of a group. Where its events tell of one buyer, that buyer is the case's too."""
    case = Case(group.reason, group.cause, group.fix, stored.connection.settings)
    first = list_failed(database, workflow=group.workflow, group=group.group, limit=1)
    payload = _payload(first[0].body) if first else None
    case = replace(case, ended=_ends(payload))
    buyer = _buyer(payload)
    if buyer is None:
        return case
    party = party_for(buyer, _currency(payload, stored), stored)
    known = setting_fix(party.fix(frame_of(stored)))
    return replace(case, buyer=buyer, who=known.path if known is not None else ())


def party_for(buyer: Buyer, currency: str, stored: StoredConnection) -> Party:
    """Whom the workers look for. ``currency`` "": the company's own."""
    frame = frame_of(stored)
    return party_of(buyer, currency or frame.company.home_currency, frame)


def frame_of(stored: StoredConnection) -> Frame:
    """The workers' frame, with the company as far as it is known."""
    connection = stored.connection
    company = known_company(stored) or Company(connection.realm_id)
    return Frame(connection.connection_id, connection.settings, company, "")


def _payload(body: bytes) -> Shape | None:
    """The event's payload; None where it is not one that we know."""
    try:
        envelope = Envelope.model_validate_json(body)
        return EVENT_TYPES[envelope.type].model_validate(envelope.data)
    except (ValidationError, KeyError):
        return None


def _ends(payload: Shape | None) -> bool:
    if isinstance(payload, Order):
        return payload.lifecycle in ("cancelled", "trashed")
    return isinstance(payload, OrderRemoved | RefundRemoved)


def _buyer(payload: Shape | None) -> Buyer | None:
    match payload:
        case Order() | Refund():
            return payload.buyer
        case Contact():
            facts = payload.model_dump(exclude={"contact_id", "updated_at"})
            return Buyer(customer_id=payload.contact_id, **facts)
        case _:
            return None


def _currency(payload: Shape | None, stored: StoredConnection) -> str:
    frame = frame_of(stored)
    match payload:
        case Order():
            return order_as_booked(payload, frame).currency
        case Refund():
            return refund_as_booked(payload, frame).currency
        case _:
            return ""
