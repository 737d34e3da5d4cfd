"""Everything that runs in a soak: servers, a sandbox with companies, and workers and a desk that come back.

Each worker has one of its ways (to the broker, to QuickBooks, to PostgreSQL) through a proxy that faults turn bad.
"""

import contextlib
import os
import secrets as random_secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kombu.connection import Connection as BrokerConnection
from pydantic import SecretStr
from sqlalchemy import Engine

from events.broker.publisher import Publisher
from events.broker.topology import declare
from ops.bench.soak.shelf import stock_shelf
from ops.migrations.migrate import upgrade
from ops.node.node import PrivateNode
from ops.node.ports import free_ports
from ops.node.postgres import PrivatePostgres
from ops.node.proxy import TcpProxy
from ops.node.server import Server
from ops.processes.programs import counterfoil, environment
from ops.processes.supervisor import Program, Supervisor
from ops.quickbooks import open_oauth
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from schemas.connection import Connection, ConnectionSettings
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.quickbooks.http import Http
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

LIMITS_SCALE = 200.0
"""The sandbox has no limits here: the faults are to be felt, not the budget."""

METRICS_PORT = 9600
PORTS = {"amqp": 7680, "management": 17680, "prometheus": 17690, "distribution": 27680, "epmd": 6380}
POSTGRES_PORT = 7480

Kind = Literal["sqlite", "postgres"]


@dataclass(slots=True)
class Stage:
    """What faults strike and the verdict looks at. ``realms``: the company of each connection."""

    node: PrivateNode
    settings: Settings
    sandbox: SandboxServer
    engine: Engine
    realms: dict[str, str]
    workers: list[str]
    ways: list[TcpProxy]
    supervisor: Supervisor
    publisher: Publisher

    def grant(self, connection_id: str) -> None:
        """Connect a company to QuickBooks, as a person does in the browser."""
        realm_id = self.realms[connection_id]
        pair = open_oauth(self.settings, Http()).refresh(self.sandbox.mint_token(realm_id))
        sealer = Secrets(self.settings.secret_key.get_secret_value())
        save_tokens(self.engine, sealer, realm_id, pair, now=datetime.now(UTC))


@contextlib.contextmanager
def open_stage(
    folder: Path, *, database: Kind, server: Server | None, companies: int, workers: int
) -> Iterator[Stage]:
    """Start everything; whatever happens, end it again. ``server`` None: this machine's own RabbitMQ."""
    with contextlib.ExitStack() as stack:
        node = PrivateNode(folder / "rabbitmq", server=server, preferred_ports=PORTS)
        stack.callback(node.remove)
        node.start()
        sandbox = stack.enter_context(SandboxServer(limits=False))
        settings = _settings(node, sandbox, _database_url(folder, database, stack))
        engine = open_ledger(settings.database_url)
        stack.callback(engine.dispose)
        upgrade(engine)
        with BrokerConnection(settings.broker_url) as connection:
            declare(connection)
        node.write_down()
        publisher = Publisher(settings.broker_url, connection_name="soak")
        publisher.start()
        stack.callback(publisher.close, 5.0)
        names = [f"worker-{number}" for number in range(1, workers + 1)]
        log = stack.enter_context((folder / "log").open("w", encoding="utf-8", buffering=1))
        metrics = free_ports({name: METRICS_PORT + place for place, name in enumerate([*names, "desk"])})
        programs = {"desk": _program(settings, metrics["desk"], "desk")}
        ways = []
        for place, name in enumerate(names):
            way, own = _one_way_bad(settings, place)
            stack.callback(way.close)
            ways.append(way)
            programs[name] = _program(own, metrics[name], "worker")
        supervisor = Supervisor(programs, say=lambda name, line: print(name, line, file=log))
        realms = {f"store-{number}": sandbox.add_company("US") for number in range(1, companies + 1)}
        stage = Stage(node, settings, sandbox, engine, realms, names, ways, supervisor, publisher)
        for connection_id in realms:
            _connect(stage, connection_id)
        stack.callback(supervisor.stop)
        supervisor.start()
        yield stage


def _database_url(folder: Path, database: Kind, stack: contextlib.ExitStack) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'ledger.db'}"
    server = PrivatePostgres(folder / "postgres", preferred_port=POSTGRES_PORT)
    stack.callback(server.remove)
    server.start()
    return server.database("soak")


def _one_way_bad(settings: Settings, place: int) -> tuple[TcpProxy, Settings]:
    """The proxy before one of a worker's servers, and the worker's settings with it."""
    names = ["broker_url", "quickbooks_url"]
    if not settings.database_url.startswith("sqlite"):
        names.append("database_url")
    name = names[place % len(names)]
    url = getattr(settings, name)
    way = TcpProxy.to(url)
    return way, settings.model_copy(update={name: way.url(url)})


def _settings(node: PrivateNode, sandbox: SandboxServer, database_url: str) -> Settings:
    return Settings(
        broker_url=node.add_vhost("soak"),
        management_url=node.management_url,
        database_url=database_url,
        secret_key=SecretStr(random_secrets.token_hex(16)),
        quickbooks_url=sandbox.url,
        intuit_discovery_url=sandbox.discovery_url,
        intuit_client_id=sandbox.client_id,
        intuit_client_secret=SecretStr(sandbox.client_secret),
        quickbooks_limits_scale=LIMITS_SCALE,
    )


def _program(settings: Settings, port: int, *words: str) -> Program:
    own = settings.model_copy(update={"metrics_listen": f"127.0.0.1:{port}"})
    return Program(counterfoil(*words), environment(own, os.environ))


def _connect(stage: Stage, connection_id: str) -> None:
    realm_id = stage.realms[connection_id]
    connection = Connection(
        connection_id=connection_id,
        platform="woocommerce",
        realm_id=realm_id,
        settings=ConnectionSettings.model_validate(
            _book_settings(stage.sandbox, realm_id) | {"products": stock_shelf(stage.sandbox, realm_id)}
        ),
    )
    sealer = Secrets(stage.settings.secret_key.get_secret_value())
    with writing(stage.engine) as database:
        add_connection(database, connection, secrets=sealer.seal({}), now=datetime.now(UTC))
    stage.grant(connection_id)


def _book_settings(sandbox: SandboxServer, realm_id: str) -> dict[str, Any]:
    accounts = {row["Name"]: row["Id"] for row in sandbox.dump(realm_id, "Account")}
    service = next(row["Id"] for row in sandbox.dump(realm_id, "Item") if row["Type"] == "Service")
    return {
        "unknown_product": "fallback",
        "stock": "follow",
        "accounts": {
            "deposit": accounts["Undeposited Funds"],
            "stock_adjustments": accounts["Inventory Shrinkage"],
        },
        "items": dict.fromkeys(("fallback", "shipping", "fee", "refund_adjustment"), service),
    }
