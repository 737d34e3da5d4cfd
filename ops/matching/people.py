"""Buyers and their customers, by the rules that the workers match by (A60 to A65). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ops.matching.match import Listed, Match, Status, unsettled, without_spaces
from ops.matching.needs import Needs
from workers.mapping.frame import Frame
from workers.mapping.names import folded
from workers.parties.names import names_of
from workers.parties.party import Known, Party, known_customer
from workers.parties.search import is_party
from workers.steps import Json

WHAT_THEN = {
    "create": "A customer is created.",
    "stop": "The order waits for a person (unknown_customer=stop).",
}
INACTIVE = {
    "ask": "a person is asked.",
    "reactivate": "it is made active.",
    "create": "another one is created beside it.",
}


class Customers:
    """The customers of a company, by id, e-mail and name."""

    def __init__(self, rows: Iterable[Json]) -> None:
        self.by_id: dict[str, Json] = {}
        self._by_email: defaultdict[str, list[Json]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Json]] = defaultdict(list)
        for row in rows:
            self.by_id[str(row.get("Id", ""))] = row
            self._by_email[folded(str((row.get("PrimaryEmailAddr") or {}).get("Address", "")))].append(row)
            self._by_name[without_spaces(_name(row))].append(row)

    def of(self, party: Party, frame: Frame) -> list[Json]:
        """Those that are the party: by e-mail; the store's own and people with an address by name as well."""
        if party.email:
            rows: Sequence[Json] = self._by_email[folded(party.email)]
        else:
            first = next(names_of(party, frame))
            rows = [row for row in self.named(first) if _name(row) == first]
        return [row for row in rows if is_party(row, party, frame)]

    def named(self, name: str) -> list[Json]:
        """Those whose name differs in case and spaces at most."""
        return self._by_name[without_spaces(name)]


def match_people(needs: Needs, customers: Customers, known: Known, frame: Frame) -> Iterator[Match]:
    """Each buyer of the store."""
    for party in needs.parties.values():
        yield _match(party, customers, known, frame, needs.used[party.key])


def _match(party: Party, customers: Customers, known: Known, frame: Frame, used: int) -> Match:
    line = Match("customer", key_text(party), _shown(party), "missing", used=used)
    remembered = known_customer(party, known)
    chosen = party.by_hand or (remembered.quickbooks_id if remembered is not None else "")
    note = ""
    if chosen:
        row = customers.by_id.get(chosen)
        if row is not None and row.get("Active") is not False:
            return _with(line, row, "chosen" if party.by_hand else "remembered")
        note = f"Customer {chosen} was merged, removed or made inactive. "
    rows = customers.of(party, frame)
    active = sorted((row for row in rows if row.get("Active") is not False), key=lambda row: int(row["Id"]))
    how = "e-mail" if party.email else "name and address" if party.buyer is not None else "name"
    if len(active) == 1:
        return _with(line, active[0], how, note=note.strip())
    if active:
        note += f"{len(active)} customers are this buyer; the oldest, {active[0]['Id']}, is used until you choose."
        return _with(line, active[0], how, note=note, status="ambiguous", candidates=active)
    if rows:
        note += f"The customer is inactive: {INACTIVE[frame.settings.inactive_customers]}"
    elif party.buyer is None:
        note += "The store's own customer is created."
    else:
        note += WHAT_THEN[frame.settings.unknown_customer]
    status, candidates = unsettled(Listed.of(row) for row in rows or customers.named(party.name))
    return Match("customer", line.key, line.name, status, candidates=candidates, used=used, note=note)


def _with(
    line: Match,
    row: Json,
    how: str,
    *,
    note: str = "",
    status: Status = "found",
    candidates: Sequence[Json] = (),
) -> Match:
    listed = tuple(Listed.of(one) for one in candidates)
    return Match(line.kind, line.key, line.name, status, Listed.of(row), how, listed, line.used, note)


def key_text(party: Party) -> str:
    """``customer/77``, or ``email/…`` for a guest; a second account has its currency behind."""
    return f"{party.key.kind}/{party.key.store_id}"


def _shown(party: Party) -> str:
    tail = f" ({party.currency})" if party.currency else ""
    return f"{party.name}{f' <{party.email}>' if party.email else ''}{tail}"


def _name(row: Json) -> str:
    return str(row.get("DisplayName", ""))
