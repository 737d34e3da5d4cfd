"""The stores of compose.yaml's demo: two shops are set up in the sandbox, connected, and send their webhooks.

usage: python -m ops.image.store SANDBOX_URL WEBHOOKS_HOST:PORT
"""

import sys
import time
from datetime import UTC, datetime, timedelta

import click
from sqlalchemy.exc import IntegrityError

from ops.connections import DIRECTORY_SECONDS, change_settings
from ops.demo.company import Bookkeeper, set_up_company
from ops.demo.send import send_all
from ops.demo.shops.shop import Shop
from ops.demo.shops.shopify.shop import shopify_shop
from ops.demo.shops.woocommerce.shop import woocommerce_shop
from ops.quickbooks import open_oauth
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings, read_settings
from schemas.connection import Connection
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.quickbooks.http import Http
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

SEED = 20_261
DAYS = 25


def main(sandbox_url: str, webhooks: str, *, settings: Settings, now: datetime) -> int:
    """Open both shops and let them send everything; exit code 1 when an answer surprised a store."""
    sandbox = SandboxServer()
    sandbox.url = sandbox_url.rstrip("/")
    opened_at = now.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    shops = [make(seed=SEED, opened_at=opened_at) for make in (woocommerce_shop, shopify_shop)]
    for shop in shops:
        _open(shop, sandbox, settings, opened_at=opened_at, now=now)
    time.sleep(2 * DIRECTORY_SECONDS)  # by then every webhook process has heard of the connections
    sent = send_all(webhooks, [shop.deliveries for shop in shops], progress=lambda _: None)
    click.echo(f"{sent.webhooks} webhooks sent, {sent.events} events made, {sent.rejected} refused.")
    for surprise in sent.surprises:
        click.echo(surprise, err=True)
    return 1 if sent.surprises else 0


def _open(
    shop: Shop, sandbox: SandboxServer, settings: Settings, *, opened_at: datetime, now: datetime
) -> None:
    engine = open_ledger(settings.database_url)
    secrets = Secrets(settings.secret_key.get_secret_value())
    realm_id = sandbox.add_company("US")
    sandbox.switches(realm_id, limits={"on": False})  # the set-up is not what the limits are shown with
    done = set_up_company(
        Bookkeeper(sandbox, realm_id), shop, opened_on=(opened_at - timedelta(days=1)).date()
    )
    sandbox.switches(realm_id, limits={"on": True})
    connection = Connection(connection_id=shop.connection, platform=shop.platform, realm_id=realm_id)
    try:
        with writing(engine) as database:
            sealed = secrets.seal({"webhook_secrets": [shop.secret]})
            add_connection(database, connection, secrets=sealed, now=now)
    except IntegrityError:
        raise SystemExit(
            f'There is a connection "{shop.connection}" already: `docker compose down --volumes` ends the old demo.'
        ) from None
    pair = open_oauth(settings, Http()).refresh(sandbox.refresh_token)
    save_tokens(engine, secrets, realm_id, pair, now=now)
    change_settings(engine, shop.connection, done.settings, now=now)
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:], settings=read_settings(), now=datetime.now(UTC)))
