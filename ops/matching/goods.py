"""Products and their items, by the rules that the workers match by (A70 to A72). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ops.matching.match import Listed, Match, unsettled, without_spaces
from ops.matching.needs import Needs
from workers.items.bundles import GROUP
from workers.items.lookup import SELLABLE, Known, Wanted, known_item
from workers.mapping.frame import Frame
from workers.steps import Json

WHAT_THEN = {
    "create": "An item is created.",
    "fallback": "The fallback item is used (unknown_product=fallback).",
    "stop": "Its orders wait for a person (unknown_product=stop).",
}


class Items:
    """The items of a company that can be sold, by id, SKU and name."""

    def __init__(self, rows: Iterable[Json]) -> None:
        self.by_id: dict[str, Json] = {}
        self._exact: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)
        self._near: defaultdict[str, list[Json]] = defaultdict(list)
        self._bundles: defaultdict[str, list[Json]] = defaultdict(list)
        for row in rows:
            self.by_id[str(row.get("Id", ""))] = row
            if row.get("Active") is False:
                continue
            if row.get("Type") == GROUP and row.get("Sku"):
                self._bundles[str(row["Sku"])].append(row)
            if row.get("Type") not in SELLABLE:
                continue
            for field in ("Sku", "Name"):
                text = str(row.get(field) or "")
                if text:
                    self._exact[field, text].append(row)
                    self._near[without_spaces(text)].append(row)

    def of(self, wanted: Wanted) -> tuple[list[Json], str]:
        """As the workers look: by SKU, else by name; and by which it was."""
        by_sku = self._exact["Sku", wanted.sku] if wanted.sku else []
        return (by_sku, "SKU") if by_sku else (self._exact["Name", wanted.sku or wanted.name], "name")

    def like(self, wanted: Wanted) -> list[Json]:
        """Those whose SKU or name differs in case and spaces at most."""
        texts = dict.fromkeys(without_spaces(text) for text in (wanted.sku, wanted.name) if text)
        return [row for text in texts for row in self._near[text]]

    def bundles(self, wanted: Wanted) -> list[Json]:
        """Bundles with its SKU: whether it is sold as its parts is for a person to say (A78)."""
        return self._bundles[wanted.sku] if wanted.sku else []

    def is_bundle(self, quickbooks_id: str) -> bool:
        """Whether this item stands for its parts."""
        return self.by_id.get(quickbooks_id, {}).get("Type") == GROUP

    def takes(self, quickbooks_id: str, wanted: Wanted | None) -> bool:
        """Whether this item can be sold; a bundle for a product with a SKU only."""
        row = self.by_id.get(quickbooks_id)
        if row is None or row.get("Active") is False:
            return False
        return row.get("Type") in SELLABLE or (
            row.get("Type") == GROUP and wanted is not None and bool(wanted.sku)
        )


def match_goods(needs: Needs, items: Items, known: Known, frame: Frame) -> Iterator[Match]:
    """Each product of the store."""
    for key, wanted in needs.products.items():
        used, twice = needs.used["product", key], needs.has_twice(wanted.sku)
        yield _match(key, wanted, items, known, frame, used=used, twice=twice)


def _match(
    key: str, wanted: Wanted, items: Items, known: Known, frame: Frame, *, used: int, twice: bool
) -> Match:
    name = _shown(wanted)
    note = ""
    item = known_item(wanted, known, frame)
    if item is not None:
        row = items.by_id.get(item.quickbooks_id)
        if row is not None and row.get("Active") is not False:
            by_hand = (frame.settings.products.get(wanted.sku), frame.settings.bundles.get(wanted.sku))
            how = "chosen" if wanted.sku and item.quickbooks_id in by_hand else "remembered"
            return Match("product", key, name, "found", Listed.of(row), how, used=used)
        note = f"Item {item.quickbooks_id} was removed or made inactive. "
    if twice:
        note += "The store gives this SKU to several products (A71)."
    elif not wanted.sku:
        note += "The store gives it no SKU (A71). "
    rows, how = items.of(wanted)
    if len(rows) == 1 and not twice:
        return Match("product", key, name, "found", Listed.of(rows[0]), how, used=used, note=note.strip())
    bundles = items.bundles(wanted) if not rows else []
    if bundles:
        note += "It is a bundle in QuickBooks: its orders wait for a person (A78)."
    elif not rows:
        note += WHAT_THEN[frame.settings.unknown_product]
    status, candidates = unsettled(Listed.of(row) for row in rows or bundles or items.like(wanted))
    if twice and candidates:
        status = "ambiguous"
    return Match("product", key, name, status, None, "", candidates, used, note.strip())


def _shown(wanted: Wanted) -> str:
    return f"{wanted.name} (SKU {wanted.sku})" if wanted.sku else wanted.name
