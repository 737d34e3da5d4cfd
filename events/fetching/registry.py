"""The store platforms that can be asked, by name."""

from collections.abc import Mapping

from events.stores.api import StoreApi
from events.stores.shopify.api import ShopifyApi
from events.stores.woocommerce.api import WooCommerceApi

APIS: Mapping[str, StoreApi] = {api.name: api for api in (WooCommerceApi(), ShopifyApi())}
