"""A shop on this machine beside a whole stack, whose connection may read it."""

from collections.abc import Iterator

import pytest

from tests.faults.conftest import OpenStack, open_stack, sandbox
from tests.rig.broker import Broker
from tests.rig.stack import Stack
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop

__all__ = ["open_stack", "sandbox"]


@pytest.fixture
def woo() -> Iterator[WooCommerceShop]:
    with WooCommerceShop() as shop:
        yield shop


@pytest.fixture
def stack(open_stack: OpenStack, broker: Broker, sqlite_url: str, woo: WooCommerceShop) -> Stack:
    """Its connection ``acme-woo`` has the shop's credentials."""
    stack = open_stack(broker, sqlite_url)
    access = (f"store_url={woo.url}", f"store_key={KEY}", f"store_secret={SECRET}")
    stack.run_command("connections", "set", "acme-woo", *access)
    return stack
