"""Whom to look for: the person who bought, or the store's own customer (rules A62, A63)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from schemas.orders import Buyer
from workers.mapping.customer import customer_fields, field_marks
from workers.mapping.frame import Frame
from workers.mapping.names import LONGEST_DISPLAY_NAME, clean, folded, person_name, usable_email
from workers.steps import Json, StoreKey, SyncMapping

Known = Mapping[StoreKey, SyncMapping]
STORE = "store"


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer as we look for the customer. ``currency`` "" where one customer serves all currencies.

    ``by_hand`` is the customer that a person chose, ``distinct`` what nobody else has, ``store_id`` how the store
    tells this buyer from others.
    """

    name: str
    email: str
    keys: tuple[StoreKey, ...]
    buyer: Buyer | None
    currency: str
    distinct: str
    store_id: str
    by_hand: str = ""

    @property
    def fields(self) -> Json:
        """What a new customer gets; {} for the store's own. Made when asked for: most buyers are known."""
        return customer_fields(self.buyer) if self.buyer is not None else {}

    @property
    def code(self) -> str:
        """Tells one person from another in groups, headers and settings without saying who it is."""
        return sha256(self.distinct.encode()).hexdigest()[:12]

    def fix(self, frame: Frame) -> str:
        """The setting that says which customer this is."""
        if self.buyer is None:
            return frame.fix("store_customer", value=self.name)
        tail = f" {self.currency}" if self.currency else ""
        return frame.fix("buyers", f"{self.buyer.customer_id or self.code}{tail}")

    @property
    def key(self) -> StoreKey:
        """The key that a new customer is remembered under first."""
        return self.keys[0]

    def mapping(self, key: StoreKey, quickbooks_id: str, sync_token: str = "0") -> SyncMapping:
        """What is remembered of the customer: what the store says now counts as said."""
        marks = {"fields": field_marks(self.fields)}
        return SyncMapping(key, "Customer", quickbooks_id, sync_token, detail=marks)


def party_of(buyer: Buyer, currency: str, frame: Frame) -> Party:
    """Decide whom to look for."""
    settings, company = frame.settings, frame.company
    foreign = currency if company.multicurrency and currency != company.home_currency else ""
    tail = f"/{foreign}" if foreign else ""
    email, name = usable_email(buyer.email), person_name(buyer)
    keys = tuple(
        StoreKey(kind, f"{store_id}{tail}")
        for kind, store_id in (("customer", buyer.customer_id), ("email", folded(email)))
        if store_id
    )
    guest_of_store = settings.guests == "per_store" and not buyer.customer_id
    if settings.customers == "per_store" or guest_of_store or not keys or not name:
        store = clean(settings.store_customer, LONGEST_DISPLAY_NAME)
        own = (StoreKey("customer", f"{STORE}{tail}"),)
        return Party(store, "", own, None, foreign, frame.connection_id, frame.connection_id)
    distinct = email or f"{frame.connection_id} {buyer.customer_id}"
    store_id = buyer.customer_id or frame.connection_id
    party = Party(name, email, keys, buyer, foreign, distinct, store_id)
    return replace(party, by_hand=_by_hand(party, buyer, frame)) if settings.buyers else party


def known_customer(party: Party, known: Known) -> SyncMapping | None:
    """The remembered customer of a party; one that a person chose comes before any that was found."""
    for key in party.keys:
        mapping = known.get(key)
        if mapping is not None and mapping.quickbooks_id and party.by_hand in ("", mapping.quickbooks_id):
            return mapping
    return None


def _by_hand(party: Party, buyer: Buyer, frame: Frame) -> str:
    """The setting ``buyers``, by store id, e-mail or code; a second account has its currency behind: ``77 CAD``."""
    tail = f" {party.currency}" if party.currency else ""
    chosen = {folded(name): customer for name, customer in frame.settings.buyers.items()}
    for name in (buyer.customer_id or "", party.email, party.code):
        if name and chosen.get(folded(f"{name}{tail}")):
            return chosen[folded(f"{name}{tail}")]
    return ""
