"""The store platforms that Counterfoil understands, by name."""

from collections.abc import Mapping

from events.stores.counterfoil.platform import Counterfoil
from events.stores.platform import Platform
from events.stores.shopify.platform import Shopify
from events.stores.woocommerce.platform import WooCommerce

PLATFORMS: Mapping[str, Platform] = {
    platform.name: platform for platform in (WooCommerce(), Shopify(), Counterfoil())
}
