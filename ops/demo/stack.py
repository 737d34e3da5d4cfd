"""The demo's own services: a RabbitMQ node, a database, two QuickBooks companies, and all processes."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from ops.cli.setup import prepare
from ops.connections import change_settings
from ops.demo.company import Bookkeeper, SetUp, set_up_company
from ops.demo.shops.shop import Shop
from ops.demo.shops.shopify.shop import shopify_shop
from ops.demo.shops.woocommerce.shop import woocommerce_shop
from ops.node.management import Management
from ops.node.ports import free_port
from ops.node.provide import provide
from ops.processes.programs import TOGETHER, counterfoil, environment, with_metrics_ports
from ops.processes.supervisor import Program, Supervisor
from ops.quickbooks import open_oauth
from ops.sandbox.testing import SandboxServer
from ops.settings import PREFIX, Settings
from schemas.connection import Connection
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.quickbooks.http import Http
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

VHOST = "counterfoil-demo"
DEMO_KEY = "the demo has no secrets"
SEED = 20_261
Say = Callable[[str], None]
Show = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop, its company in the sandbox, and what the set-up left for the operator to mend."""

    shop: Shop
    realm_id: str
    set_up: SetUp


@dataclass(frozen=True, slots=True)
class DemoStack:
    """Everything that runs, and where."""

    settings: Settings
    sandbox: SandboxServer
    shops: tuple[DemoShop, ...]
    supervisor: Supervisor
    addresses: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What a ``counterfoil`` command needs to speak to this stack."""
        return environment(self.settings, os.environ)


@contextmanager
def demo_stack(folder: Path, *, say: Say, show: Show) -> Iterator[DemoStack]:
    """Start everything, give it, and end what was started. Data of an earlier run is thrown away."""
    data = folder / "demo"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    with ExitStack() as ending:
        broker_url, management_url = _broker(folder, say=say, ending=ending)
        sandbox = ending.enter_context(SandboxServer(port=free_port(9480, taken=set())))
        say(f"QuickBooks company (sandbox) ready on {sandbox.url}.")
        settings = _settings(data, broker_url, management_url, sandbox)
        prepare(settings)
        say("Topology declared, database made.")
        shops = tuple(_open_shops(settings, sandbox, say=say))
        supervisor, addresses = _processes(settings, show=show)
        ending.callback(supervisor.stop)
        supervisor.start()
        addresses |= {"Management UI": management_url, "QuickBooks": sandbox.url}
        yield DemoStack(settings, sandbox, shops, supervisor, addresses)


def _broker(folder: Path, *, say: Say, ending: ExitStack) -> tuple[str, str]:
    given = os.environ.get(f"{PREFIX}BROKER_URL")
    node = provide(
        folder,
        say=say,
        broker_url=given,
        management_url=os.environ.get(f"{PREFIX}MANAGEMENT_URL"),
        generation=os.environ.get("RABBITMQ_GENERATION", ""),
    )
    if not node.is_running():
        ending.callback(node.stop)
    node.start()
    management = Management(node.management_url)
    management.delete_vhost(VHOST)
    url = node.add_vhost(VHOST)
    ending.callback(management.delete_vhost, VHOST)
    return url, node.management_url


def _settings(data: Path, broker_url: str, management_url: str, sandbox: SandboxServer) -> Settings:
    taken: set[int] = set()
    for preferred in (9408, 9464, 9465, 9466):
        taken.add(free_port(preferred, taken=taken))
    listen, metrics = sorted(taken)[:2]
    return Settings(
        broker_url=broker_url,
        management_url=management_url,
        database_url=f"sqlite:///{data.resolve() / 'counterfoil.db'}",
        secret_key=SecretStr(DEMO_KEY),
        quickbooks_url=sandbox.url,
        intuit_discovery_url=sandbox.discovery_url,
        intuit_client_id=sandbox.client_id,
        intuit_client_secret=SecretStr(sandbox.client_secret),
        listen=f"127.0.0.1:{listen}",
        metrics_listen=f"127.0.0.1:{metrics}",
        spool_path=str(data.resolve() / "spool.db"),
    )


def _open_shops(settings: Settings, sandbox: SandboxServer, *, say: Say) -> Iterator[DemoShop]:
    now = datetime.now(UTC)
    opened_at = now.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=25)
    secrets, oauth = Secrets(DEMO_KEY), open_oauth(settings, Http())
    engine = open_ledger(settings.database_url)
    for make in (woocommerce_shop, shopify_shop):
        shop = make(seed=SEED, opened_at=opened_at)
        realm_id = sandbox.add_company("US")
        opened_on = (opened_at - timedelta(days=1)).date()
        sandbox.switches(realm_id, limits={"on": False})  # the set-up is not what the limits are shown with
        done = set_up_company(Bookkeeper(sandbox, realm_id), shop, opened_on=opened_on)
        sandbox.switches(realm_id, limits={"on": True})
        connection = Connection(connection_id=shop.connection, platform=shop.platform, realm_id=realm_id)
        with writing(engine) as database:
            sealed = secrets.seal({"webhook_secrets": [shop.secret]})
            add_connection(database, connection, secrets=sealed, now=now)
        save_tokens(engine, secrets, realm_id, oauth.refresh(sandbox.refresh_token), now=now)
        change_settings(engine, shop.connection, done.settings, now=now)
        say(
            f'Connection "{shop.connection}" ({shop.name}, {shop.platform}) linked to company {realm_id}: '
            f"{len(shop.wares)} products, {len(shop.customers)} customers, one tax mapped."
        )
        yield DemoShop(shop, realm_id, done)
    engine.dispose()


def _processes(settings: Settings, *, show: Show) -> tuple[Supervisor, dict[str, str]]:
    ports = with_metrics_ports(settings)
    programs = {
        name: Program(
            counterfoil(name),
            environment(settings.model_copy(update={"metrics_listen": ports[name]}), os.environ),
        )
        for name in TOGETHER
    }
    addresses = {f"{name} metrics": f"http://{port}/metrics" for name, port in ports.items()}
    addresses["Webhooks"] = f"http://{settings.listen}/webhooks/CONNECTION"
    return Supervisor(programs, say=show), addresses
