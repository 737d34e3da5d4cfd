"""A WooCommerce shop's REST API v3: lists with pages and totals, single objects, refunds, variations.

Source of the behaviour: WooCommerce REST API docs v3 and ``class-wc-rest-crud-controller.php``: ``modified_after`` and
``after`` are exclusive, lists by time are sorted by id within a second, and more than 100 a page are refused.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from tests.rig.stores.server import Asked, FakeStore, Said, chosen

KEY, SECRET = "ck_of_the_tests", "cs_of_the_tests"
PREFIX = "/wp-json/wc/v3/"
Row = dict[str, Any]


class WooCommerceShop(FakeStore):
    """``put`` what the shop has; ``remove`` what it has no longer."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[int, Row] = {}
        self.products: dict[int, Row] = {}
        self.customers: dict[int, Row] = {}
        self.variations: dict[int, dict[int, Row]] = {}
        self.refunds: dict[int, list[Row]] = {}
        self.key, self.secret = KEY, SECRET

    def answer(self, asked: Asked) -> Said:
        """See ``FakeStore``."""
        pair = b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return _error(401, "woocommerce_rest_cannot_view")
        if not asked.path.startswith(PREFIX):
            return _error(404, "rest_no_route")
        match asked.path.removeprefix(PREFIX).split("/"):
            case ["orders", number, "refunds"] if int(number) in self.orders:
                return _listed(self.refunds.get(int(number), []), asked.query)
            case ["products", number, "variations"] if int(number) in self.products:
                rows = self.variations.get(int(number), {}).values()
                return _listed([_as_listed(row) for row in rows], asked.query)
            case ["orders" | "products" | "customers" as kind]:
                return _listed(list(self._of(kind).values()), asked.query)
            case ["orders" | "products" | "customers" as kind, number]:
                found = self._of(kind).get(int(number)) or self._variation(kind, int(number))
                return Said(found) if found else _error(404, f"woocommerce_rest_{kind}_invalid_id")
            case _:
                return _error(404, "rest_no_route")

    def _of(self, kind: str) -> dict[int, Row]:
        return {"orders": self.orders, "products": self.products, "customers": self.customers}[kind]

    def _variation(self, kind: str, number: int) -> Row | None:
        if kind != "products":
            return None
        return next((rows[number] for rows in self.variations.values() if number in rows), None)


def _as_listed(row: Row) -> Row:
    """The list of a product writes its variations without their parent's name."""
    return {name: value for name, value in row.items() if name not in ("name", "type")}


def _listed(rows: list[Row], query: Mapping[str, str]) -> Said:
    per_page, page = int(query.get("per_page", 10)), int(query.get("page", 1))
    if per_page > 100 or page < 1:
        return _error(400, "rest_invalid_param")
    rows = [row for row in rows if _passes(row, query)]
    rows.sort(key=_order(query.get("orderby", "date")), reverse=query.get("order", "desc") == "desc")
    pages = -(-len(rows) // per_page)
    shown = rows[(page - 1) * per_page : page * per_page]
    if "_fields" in query:
        shown = [chosen(row, query["_fields"].split(",")) for row in shown]
    return Said(shown, headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})


def _passes(row: Row, query: Mapping[str, str]) -> bool:
    changed, made = row.get("date_modified_gmt") or "", row.get("date_created_gmt") or ""
    return (
        (query.get("modified_after", "") < changed or "modified_after" not in query)
        and (changed < query.get("modified_before", "~"))
        and (query.get("after", "") < made or "after" not in query)
        and (made < query.get("before", "~"))
        and ("type" not in query or row.get("type") == query["type"])
        and row.get("status") != "trash"
    )


def _order(orderby: str) -> Callable[[Row], tuple[str, int]]:
    field = {"modified": "date_modified_gmt", "date": "date_created_gmt"}.get(orderby)
    return lambda row: (str(row.get(field) or "") if field else "", int(row["id"]))


def _error(status: int, code: str) -> Said:
    return Said({"code": code, "message": "Sorry.", "data": {"status": status}}, status)
