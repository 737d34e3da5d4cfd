"""A Shopify shop's REST Admin API: cursors in the Link header, call limit, access scopes, client credentials.

Source of the behaviour: shopify.dev, "Paginate" (a page_info takes no filters beside it), "Rate limits",
"Client credentials grant", "Order" (60 days without ``read_all_orders``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.rig.stores.server import Asked, FakeStore, Said

TOKEN, CLIENT_ID, CLIENT_SECRET = "shpat_of_the_tests", "client-of-the-tests", "shpss_of_the_tests"
SCOPES = (
    "read_orders", "read_all_orders", "read_products", "read_customers", "read_shopify_payments_payouts",
)  # fmt: skip
Row = dict[str, Any]


class ShopifyShop(FakeStore):
    """``bucket``: how many calls are let through before one is throttled; None: any number.

    ``payouts`` None: the shop does not have Shopify Payments. ``transactions`` of its balance name their payout.
    """

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[int, Row] = {}
        self.products: dict[int, Row] = {}
        self.customers: dict[int, Row] = {}
        self.levels: list[Row] = []
        self.payouts: dict[int, Row] | None = {}
        self.transactions: list[Row] = []
        self.scopes = [*SCOPES]
        self.bucket: int | None = None
        self._used = 0
        self._cursors: dict[str, tuple[list[Row], int]] = {}

    def answer(self, asked: Asked) -> Said:
        """See ``FakeStore``."""
        path = asked.path.removeprefix("/admin")
        if (asked.method, path) == ("POST", "/oauth/access_token"):
            return self._grant(asked)
        if asked.headers.get("x-shopify-access-token") != TOKEN:
            return Said({"errors": "[API] Invalid API key or access token"}, 401)
        if path == "/oauth/access_scopes.json":
            scopes = [{"handle": scope} for scope in self.scopes]
            return Said({"access_scopes": scopes}, headers={"Date": _http_date()})
        if self.bucket is not None:
            self._used += 1
            if self._used > self.bucket:
                self._used = 0
                return Said({"errors": "Exceeded 2 calls per second"}, 429, {"Retry-After": "2.0"})
        match path.removeprefix("/api/").split("/")[1:]:
            case ["inventory_levels.json"]:
                found = [row for row in self.levels if _is_level(row, asked.query)]
                return self._paged("inventory_levels", found, asked)
            case ["shopify_payments", *rest]:
                return self._payments(rest, asked)
            case [kind, "count.json"]:
                return Said({"count": len(self._matching(kind, asked.query))})
            case [name] if name.removesuffix(".json") in ("orders", "products", "customers"):
                return self._listed(name.removesuffix(".json"), asked)
            case [kind, name]:
                found = self._of(kind).get(int(name.removesuffix(".json")))
                return Said({kind.removesuffix("s"): found}) if found else Said({"errors": "Not Found"}, 404)
            case _:
                return Said({"errors": "Not Found"}, 404)

    def _grant(self, asked: Asked) -> Said:
        given = json.loads(asked.body)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Said({"error": "invalid_client"}, 401)
        return Said({"access_token": TOKEN, "scope": ",".join(self.scopes), "expires_in": 86399})

    def _of(self, kind: str) -> dict[int, Row]:
        return {"orders": self.orders, "products": self.products, "customers": self.customers}.get(kind, {})

    def _matching(self, kind: str, query: Mapping[str, str]) -> list[Row]:
        return [row for row in self._of(kind).values() if _passes(kind, row, query)]

    def _payments(self, rest: list[str], asked: Asked) -> Said:
        """Payouts come newest first, whatever is asked. Source: shopify.dev, "Payouts"."""
        query = asked.query
        match rest:
            case _ if self.payouts is None:
                return Said({"errors": "Not Found"}, 404)
            case ["payouts.json"]:
                least, most = query.get("date_min", ""), query.get("date_max", "9")
                found = [row for row in self.payouts.values() if least <= row["date"] <= most]
                found.sort(key=lambda row: (row["date"], row["id"]), reverse=True)
                return self._paged("payouts", found, asked)
            case ["balance", "transactions.json"]:
                wanted = query.get("payout_id")
                found = [row for row in self.transactions if str(row["payout_id"]) == wanted]
                return self._paged("transactions", found, asked)
            case ["payouts", name]:
                one = self.payouts.get(int(name.removesuffix(".json")))
                return Said({"payout": one}) if one else Said({"errors": "Not Found"}, 404)
            case _:
                return Said({"errors": "Not Found"}, 404)

    def _listed(self, kind: str, asked: Asked) -> Said:
        field, _, direction = asked.query.get("order", "id desc").partition(" ")
        rows = sorted(self._matching(kind, asked.query), key=lambda row: (str(row[field]), row["id"]))
        return self._paged(kind, rows[::-1] if direction == "desc" else rows, asked)

    def _paged(self, kind: str, rows: list[Row], asked: Asked) -> Said:
        query, limit, start = asked.query, int(asked.query.get("limit", 50)), 0
        if limit > 250 or ("page_info" in query and set(query) - {"page_info", "limit"}):
            return Said({"errors": "page_info cannot be passed with other filters"}, 400)
        if "page_info" in query:
            rows, start = self._cursors[query["page_info"]]
        headers = {"X-Shopify-Shop-Api-Call-Limit": f"{min(self._used, 39)}/40"}
        if start + limit < len(rows):
            name = f"cursor{len(self._cursors)}"
            self._cursors[name] = (rows, start + limit)
            following = f"{self.url}{asked.path}?limit={limit}&page_info={name}"
            headers["Link"] = f'<{following}>; rel="next"'
        return Said({kind: rows[start : start + limit]}, headers=headers)


def _passes(kind: str, row: Row, query: Mapping[str, str]) -> bool:
    if kind == "orders" and query.get("status", "open") != "any" and row.get("closed_at"):
        return False
    for field in ("updated_at", "created_at"):
        at = datetime.fromisoformat(row[field])
        least, most = query.get(f"{field}_min"), query.get(f"{field}_max")
        if (least and at < datetime.fromisoformat(least)) or (most and at > datetime.fromisoformat(most)):
            return False
    return True


def _is_level(row: Row, query: Mapping[str, str]) -> bool:
    items, places = (query.get(name, "").split(",") for name in ("inventory_item_ids", "location_ids"))
    at_place = str(row["location_id"]) in places or places == [""]
    return str(row["inventory_item_id"]) in items and at_place


def _http_date() -> str:
    return f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}"
