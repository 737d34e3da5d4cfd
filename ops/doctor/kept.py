"""What must not be kept for ever: old payloads, requests to erase, tokens of closed connections."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine

from ops.doctor.finding import Finding, bad, good, soon
from workers.ledger.connections import StoredConnection, read_connections
from workers.ledger.engine import reading
from workers.ledger.erasure_requests import open_requests
from workers.ledger.retention import count_payloads
from workers.ledger.tokens import read_tokens

GRACE = timedelta(days=1)
"""The desk makes several passes a day."""


def check_kept(engine: Engine, payload_days: int, now: datetime) -> Iterator[Finding]:
    """Needs tables that are current."""
    with reading(engine) as database:
        stored = read_connections(database)
        old = (
            count_payloads(database, before=now - timedelta(days=payload_days) - GRACE) if payload_days else 0
        )
        asked = open_requests(database, [one.connection.connection_id for one in stored])
        closed = [one for one in _all_closed(stored) if read_tokens(database, one.connection.realm_id)]
    if not payload_days:
        yield good("payloads", "Those of resolved and ignored messages are kept for ever.")
    elif old:
        text = f"{old} of resolved and ignored messages are older than {payload_days} days."
        yield soon("payloads", text, "run counterfoil desk: it empties them")
    else:
        yield good("payloads", f"Those of resolved and ignored messages are kept for {payload_days} days.")
    if asked:
        text = f"{len(asked)} requests to erase personal data wait."
        yield soon("erasure", text, "run counterfoil desk: it carries them out")
    for one in closed:
        name, realm_id = one.connection.connection_id, one.connection.realm_id
        text = f"Its connections are closed, but the tokens of company {realm_id} are not revoked."
        yield bad(f"company {realm_id}", text, f"counterfoil connections close {name}")


def _all_closed(stored: list[StoredConnection]) -> list[StoredConnection]:
    """One connection for each company that has none open."""
    open_realms = {one.connection.realm_id for one in stored if one.connection.status != "closed"}
    found = {one.connection.realm_id: one for one in stored if one.connection.realm_id not in open_realms}
    return [one for realm_id, one in found.items() if realm_id]
