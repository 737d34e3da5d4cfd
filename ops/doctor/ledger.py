"""The database, the secret key, and each connection's way into QuickBooks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ops.doctor.finding import Finding, bad, good, short, soon
from ops.doctor.kept import check_kept
from ops.migrations.migrate import is_current
from workers.ledger.connections import StoredConnection, read_connections
from workers.ledger.engine import reading
from workers.ledger.tokens import StoredTokens, read_tokens
from workers.secrets import SecretKeyError, Secrets

ENDS_SOON = timedelta(days=14)
"""Time enough to ask the person who must agree again."""


def check_ledger(engine: Engine, secret_key: str, payload_days: int, now: datetime) -> Iterator[Finding]:
    """The database, and what hangs on it."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():  # opening it would make it
        yield bad("database", f"There is no {file} yet.", "counterfoil setup")
        return
    try:
        if not is_current(engine):
            yield bad("database", "The tables are missing or of another version.", "counterfoil setup")
            return
        with reading(engine) as database:
            stored = [one for one in read_connections(database) if one.connection.status != "closed"]
            realms = {one.connection.realm_id for one in stored} - {""}
            tokens = {realm_id: read_tokens(database, realm_id) for realm_id in realms}
    except SQLAlchemyError as error:
        text = f"The database does not answer ({short(error)})."
        yield bad("database", text, "check COUNTERFOIL_DATABASE_URL, and run counterfoil setup")
        return
    yield good("database", "The tables are current.")
    yield _secret_key(secret_key, stored, tokens)
    if not stored:
        yield soon("connections", "There are none yet.", "counterfoil connections add")
    for one in stored:
        yield _connection(one, tokens.get(one.connection.realm_id), now)
    yield from check_kept(engine, payload_days, now)


def _secret_key(
    secret_key: str, stored: list[StoredConnection], tokens: dict[str, StoredTokens | None]
) -> Finding:
    try:
        secrets = Secrets(secret_key)
    except SecretKeyError:
        return bad(
            "secret key",
            "COUNTERFOIL_SECRET_KEY is not set.",
            "set it to a long random text, and keep a copy",
        )
    sealed = {one.connection.connection_id: one.secrets for one in stored}
    sealed |= {f"company {realm_id}": pair.sealed for realm_id, pair in tokens.items() if pair is not None}
    for whose, value in sealed.items():
        try:
            secrets.open(value)
        except SecretKeyError:
            text = f"COUNTERFOIL_SECRET_KEY does not open the credentials of {whose}."
            return bad("secret key", text, "set the key they were stored with (new key, comma, old key)")
    return good("secret key", f"It opens all {len(sealed)} stored credentials.")


def _connection(stored: StoredConnection, tokens: StoredTokens | None, now: datetime) -> Finding:
    name = stored.connection.connection_id
    check, connect = f"connection {name}", f"counterfoil connections connect {name}"
    if not stored.connection.realm_id:
        return bad(check, "It is not linked to a QuickBooks company.", connect)
    if tokens is None:
        return bad(check, f"There are no tokens of company {stored.connection.realm_id}.", connect)
    if tokens.revoked:
        return bad(check, f"QuickBooks no longer lets us in: {tokens.revoked.rstrip('.')}.", connect)
    ends, age = tokens.refresh_expires_at, _age(now - tokens.stored_at)
    if ends <= now:
        return bad(check, f"The consent ended {ends:%Y-%m-%d}.", connect)
    if stored.connection.status == "paused":
        why = stored.connection.pause_reason.rstrip(".") or "no reason given"
        return soon(check, f"It is paused: {why}.", f"counterfoil connections resume {name}")
    if ends - now < ENDS_SOON:
        return soon(check, f"The consent ends {ends:%Y-%m-%d}.", connect)
    return good(check, f"Tokens are {age} old; the consent lasts until {ends:%Y-%m-%d}.")


def _age(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
