"""The whole product on the bench's broker, database and stub: its ledger, its events, its processes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pika
from kombu.connection import Connection as BrokerConnection
from pydantic import SecretStr
from sqlalchemy import func, select

from events import names
from events.broker.topology import declare
from ops.bench.engine.events import CUSTOMERS, PRODUCTS
from ops.bench.engine.place import Place, wait_until
from ops.bench.engine.processes import Running, start
from ops.migrations.migrate import upgrade
from ops.node.ports import LOOPBACK, free_port
from ops.processes.programs import counterfoil, environment
from ops.settings import Settings
from schemas.connection import Connection, ConnectionSettings
from workers.ledger.connections import add_connection, store_company
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.mappings import Remembered, store_mappings
from workers.ledger.tables import entries, failed_messages
from workers.ledger.tokens import put_tokens
from workers.secrets import Secrets
from workers.steps import Company, StoreKey, SyncMapping

KEY = "a key for benches only"
WEBHOOK_SECRET = "bench"
NO_LIMITS = 1000.0
"""A budget so large that it keeps nobody waiting; every call still asks for its permits."""

METRICS_PORT = 9700
START_SECONDS = 60.0
_STATEMENT_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Client:
    """One connection and its company."""

    connection_id: str
    realm_id: str


def companies(count: int) -> list[Client]:
    """The companies of a run."""
    return [Client(f"bench-{number}", str(9_000_000 + number)) for number in range(count)]


class Product:
    """A ledger with connected companies, and the processes over it."""

    def __init__(self, place: Place, *, count: int = 1, database: str = "product", **changes: Any) -> None:
        """``count`` companies in a ledger of their own; ``changes`` are settings that differ from the usual."""
        self.place = place
        self.companies = companies(count)
        template = f"companies_{count}"
        if not place.postgres.run_sql(f"SELECT 1 FROM pg_database WHERE datname = '{template}'"):
            _make_ledger(place.postgres.database(template), self.companies)
        self.settings = Settings(
            broker_url=place.broker_url,
            management_url=place.management_url,
            database_url=place.fresh_database(database, template=template),
            secret_key=SecretStr(KEY),
            quickbooks_url=place.stub.url,
            intuit_discovery_url=f"{place.stub.url}/.well-known/openid_configuration",
            intuit_client_id="bench",
            intuit_client_secret=SecretStr("bench"),
            quickbooks_limits_scale=NO_LIMITS,
        ).model_copy(update=changes)
        self.engine = open_ledger(self.settings.database_url)
        place.fresh_broker()
        with BrokerConnection(place.broker_url) as connection:
            declare(connection)

    @contextmanager
    def running(self, *words: str, count: int = 1) -> Iterator[list[Running]]:
        """``counterfoil WORDS`` so many times; ready when the block begins, ended with it."""
        started: list[Running] = []
        try:
            for number in range(count):
                started.append(self._start(words, number))
            yield started
        finally:
            for one in started:
                one.stop()

    def _start(self, words: Sequence[str], number: int) -> Running:
        port = free_port(METRICS_PORT + number * 10 + (5 if words[0] == "webhooks" else 0), taken=set())
        settings = self.settings.model_copy(update={"metrics_listen": f"{LOOPBACK}:{port}"})
        log = self.place.folder / "logs" / f"{words[0]}-{number}.log"
        return start(counterfoil(*words), environment(settings, {}), log)

    def publish(self, events: Iterable[dict[str, Any]]) -> int:
        """Publish a backlog and wait until all of it lies in the queue."""
        connection = pika.BlockingConnection(pika.URLParameters(self.place.broker_url))
        channel = connection.channel()
        count = 0
        for event in events:
            channel.basic_publish(
                names.EVENTS,
                event["type"],
                orjson.dumps(event),
                pika.BasicProperties(delivery_mode=2, message_id=event["id"]),
            )
            count += 1
        connection.close()
        wait_until(
            lambda: self.place.ready("orders") >= count, what="the backlog lies in the queue", seconds=120
        )
        return count

    def wait_consuming(self, workers: int = 1) -> None:
        """Wait until so many workers take deliveries."""
        wait_until(
            lambda: self.place.consumers("orders") >= workers,
            what=f"{workers} workers consume",
            seconds=START_SECONDS,
            look_every=0.05,
        )

    def settled(self) -> dict[str, datetime]:
        """When each event ended."""
        with reading(self.engine) as database:
            return {
                row.event_id: row.settled_at
                for row in database.execute(select(entries.c.event_id, entries.c.settled_at))
            }

    def count_settled(self) -> int:
        """How many events have ended."""
        with reading(self.engine) as database:
            return int(database.scalar(select(func.count()).select_from(entries)) or 0)

    def count_failed(self) -> int:
        """How many events are failed messages: none, in a bench."""
        with reading(self.engine) as database:
            return int(database.scalar(select(func.count()).select_from(failed_messages)) or 0)

    def close(self) -> None:
        """Let the ledger go."""
        self.engine.dispose()


def _make_ledger(url: str, all_: Sequence[Client]) -> None:
    """Tables, connections, tokens, and what a steady shop has mapped long ago: its customers and products."""
    engine = open_ledger(url)
    upgrade(engine)
    secrets = Secrets(KEY)
    now = datetime.now(UTC)
    sealed = secrets.seal({"webhook_secrets": [WEBHOOK_SECRET]})
    tokens = secrets.seal({"access_token": "a" * 400, "refresh_token": "r" * 50})
    mappings = _mappings(customers=CUSTOMERS if len(all_) <= 10 else 0)
    with writing(engine) as database:
        for one in all_:
            settings = ConnectionSettings.model_validate(_book_settings(by_mapping=len(all_) <= 10))
            connection = Connection(
                connection_id=one.connection_id,
                platform="woocommerce",
                realm_id=one.realm_id,
                settings=settings,
            )
            add_connection(database, connection, secrets=sealed, now=now)
            known = asdict(Company(one.realm_id, tax="us_manual", custom_numbers=True))
            store_company(database, one.connection_id, known, country="US", currency="USD", now=now)
            put_tokens(
                database,
                one.realm_id,
                sealed=tokens,
                access_expires_at=now + timedelta(days=2),
                refresh_expires_at=now + timedelta(days=100),
                now=now,
            )
            for start_at in range(0, len(mappings), _STATEMENT_ROWS):
                store_mappings(
                    database, one.connection_id, mappings[start_at : start_at + _STATEMENT_ROWS], now
                )
    engine.dispose()


def _mappings(customers: int) -> list[Remembered]:
    found = [
        SyncMapping(StoreKey(kind, store_id), "Customer", str(100 + number))
        for number in range(customers)
        for kind, store_id in (("customer", str(number)), ("email", f"buyer{number}@example.com"))
    ]
    found += [SyncMapping(StoreKey("customer", "store"), "Customer", "99")]
    found += [
        SyncMapping(StoreKey("product", str(number)), "Item", str(5000 + number), detail={"type": "Service"})
        for number in range(PRODUCTS)
    ]
    return [Remembered(mapping, "before") for mapping in found]


def _book_settings(*, by_mapping: bool) -> dict[str, Any]:
    """With many companies one customer for each store: a thousand times a thousand mappings would be another bench."""
    return {
        "customers": "per_email" if by_mapping else "per_store",
        "accounts": {"deposit": "35"},
        "items": {"fallback": "1", "shipping": "2", "fee": "3", "refund_adjustment": "4"},
    }
