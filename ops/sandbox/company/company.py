"""One QuickBooks company: every call either succeeds whole or raises QuickBooksFault and changes nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import InvalidOperation
from typing import TypeVar

from ops.sandbox.company import cdc, merging, posting, reports
from ops.sandbox.company.books import Books
from ops.sandbox.company.country import COUNTRIES
from ops.sandbox.company.entity import Draft, Entity, Operation
from ops.sandbox.company.faults import (
    DELETED,
    QuickBooksFault,
    invalid_id,
    invalid_number,
    missing,
    object_not_found,
    refusal,
    unreadable_property,
    unsupported_operation,
)
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.tax import PSEUDO_CODES
from ops.sandbox.company.query.run import run_query
from ops.sandbox.company.registry import ENTITIES, entity_for_path
from ops.sandbox.company.settings import CompanySettings
from ops.sandbox.company.store import Removal, Tables
from ops.sandbox.company.sync_tokens import as_changed, as_created, check_token, is_same
from ops.sandbox.company.transactions.sending import SENDABLE, sent_form

Answer = TypeVar("Answer")
NOTHING: frozenset[str] = frozenset()

__all__ = ["Company", "QuickBooksFault", "entity_for_path"]


class Company:
    """A company in memory. Not thread-safe; answers are shared with the store and must not be changed."""

    def __init__(
        self,
        *,
        realm_id: str,
        country: str,
        clock: Callable[[], datetime],
        settings: CompanySettings | None = None,
    ) -> None:
        self.books = Books(
            realm_id=realm_id,
            country=COUNTRIES[country],
            clock=clock,
            settings=settings or CompanySettings(),
        )

    @property
    def realm_id(self) -> str:
        return self.books.realm_id

    @property
    def settings(self) -> CompanySettings:
        return self.books.settings

    def create(self, entity: str, body: Json, *, include: frozenset[str] = NOTHING) -> Json:
        """Store a new object and answer it as QuickBooks does."""
        definition = self._definition(entity, "create")
        make = definition.make
        if make is not None:
            return self._carried_out(lambda: make(self.books, body))
        return self._carried_out(lambda: self._create(definition, body, include))

    def update(self, entity: str, body: Json, *, include: frozenset[str] = NOTHING) -> Json:
        """Replace an object, or only what was sent when ``sparse`` is true; ``include=void`` voids it."""
        if "void" in include:
            return self._void(entity, body)
        definition = self._definition(entity, "update")
        make = definition.make
        if make is not None:
            return self._carried_out(lambda: make(self.books, body))
        return self._carried_out(lambda: self._update(definition, body, include))

    def delete(self, entity: str, body: Json) -> Json:
        """Delete a transaction."""
        definition = self._definition(entity, "delete")
        return self._carried_out(lambda: self._delete(definition, body))

    def void(self, entity: str, body: Json) -> Json:
        """``operation=void``, which only invoices have; others are voided by an update that includes it."""
        if entity != "Invoice":
            raise unsupported_operation("void")
        return self._void(entity, body)

    def send(self, entity: str, body: Json) -> Json:
        """Mark a form as sent by e-mail: ``{"Id", "sendTo"?}``."""
        definition = self._definition(entity, "update")
        if entity not in SENDABLE:
            raise unsupported_operation("send")
        return self._carried_out(lambda: self._sent(definition, body))

    def _sent(self, definition: Entity, body: Json) -> Json:
        store = self.books.store
        sent = sent_form(self.books, self._stored(definition, body), body.get("sendTo", ""))
        store.put(store.rows(definition.name), sent["Id"], sent)
        store.put(store.tables.changed_at, (definition.name, sent["Id"]), self.books.now())
        return self._view(definition, sent)

    def read(self, entity: str, id: str) -> Json:
        definition = self._definition(entity, "read")
        row = self.books.row(entity, str(id))
        if row is None and entity == "TaxCode" and self.books.country.us_tax:
            row = next((code for code in PSEUDO_CODES if code["Id"] == id), None)
        if row is None:
            removal = self.books.store.tables.removals.get((entity, str(id)))
            raise object_not_found(DELETED) if removal else object_not_found()
        return self._view(definition, row)

    def query(self, statement: str) -> Json:
        """The QueryResponse of one statement."""
        self._check_subscription()
        return run_query(self.books, statement)

    def cdc(self, entities: list[str], changed_since: datetime) -> Json:
        """One CDCResponse entry: what was created, changed and deleted since."""
        self._check_subscription()
        return cdc.changes(self.books, entities, changed_since)

    def report(self, name: str, params: Mapping[str, str]) -> Json:
        self._check_subscription()
        return reports.run_report(self.books, name, params)

    def snapshot(self) -> object:
        """Everything as it is now, for ``restore``; costs one copy of the tables, not of what is in them."""
        return self.books.store.tables.copy()

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot, as often as wanted."""
        assert isinstance(snapshot, Tables)
        self.books.store.tables = snapshot.copy()

    def _definition(self, entity: str, operation: Operation) -> Entity:
        self._check_subscription()
        definition = ENTITIES.get(entity)
        if definition is None or operation not in definition.operations:
            raise unsupported_operation(f"{operation} {entity}".lower() if definition else entity.lower())
        return definition

    def _check_subscription(self) -> None:
        if self.settings.subscription_ended:
            raise refusal(
                "6190",
                "Invalid Company Status",
                "Subscription period has ended or canceled or there was a billing problem : You can't add "
                f"data to {self.settings.plan.name} because your trial or subscription period ended, you "
                "canceled your subscription, or there was a billing problem.",
            )

    def _carried_out(self, call: Callable[[], Answer]) -> Answer:
        store = self.books.store
        try:
            answer = call()
        except InvalidOperation:
            # A sum or product with more digits than the books can hold.
            store.rollback()
            raise invalid_number("Amount", "out of range") from None
        except BaseException:
            store.rollback()
            raise
        store.commit()
        return answer

    def _view(self, definition: Entity, row: Json) -> Json:
        return definition.view(self.books, row) if definition.view is not None else row

    def _create(self, definition: Entity, body: Json, include: frozenset[str]) -> Json:
        sent = definition.shape.read(body)
        document = {name: value for name, value in sent.items() if value is not None}
        definition.shape.require(document)
        books = self.books
        id = str(books.store.next_number(f"id:{definition.id_space}"))
        draft = Draft(books, definition, document, None, sent, include, id)
        for rule in definition.rules:
            rule(draft)
        stored = as_created(books, draft.document, draft.id)
        self._save(definition, draft, stored)
        return self._view(definition, books.store.rows(definition.name)[draft.id])

    def _update(self, definition: Entity, body: Json, include: frozenset[str]) -> Json:
        before = self._stored(definition, body)
        sent = definition.shape.read(body)
        check_token(self.books, before, body)
        sparse = body.get("sparse") in (True, "true")
        document = merging.merge(definition, before, sent, sparse=sparse)
        definition.shape.require(document)
        draft = Draft(self.books, definition, document, before, sent, include, before["Id"], sparse)
        for rule in definition.rules:
            rule(draft)
        if is_same(draft.document, before):
            return self._view(definition, before)
        self._save(definition, draft, as_changed(self.books, draft.document, before))
        return self._view(definition, self.books.store.rows(definition.name)[draft.id])

    def _save(self, definition: Entity, draft: Draft, stored: Json) -> None:
        books = self.books
        store = books.store
        store.put(store.rows(definition.name), draft.id, stored)
        store.put(store.tables.changed_at, (definition.name, draft.id), books.now())
        if definition.effects is not None:
            key = _effects_key(definition, draft.id)
            if draft.before is not None:
                posting.reverse(books, key)
            posting.apply(books, definition.name, key, definition.effects(books, stored))
        if definition.saved is not None:
            draft.document = stored
            definition.saved(draft)

    def _stored(self, definition: Entity, body: Json) -> Json:
        """Raises 2020 without an Id, 2030 for one that is no number, 610 when there is nothing."""
        if type(body) is not dict:
            raise unreadable_property()
        id = body.get("Id")
        if id is None or id == "":
            raise missing("Id")
        row = self.books.row(definition.name, str(id))
        if row is None:
            if not str(id).isdigit():
                raise invalid_id(id)
            raise object_not_found(DELETED) if definition.id_space == "transaction" else object_not_found()
        return row

    def _delete(self, definition: Entity, body: Json) -> Json:
        before = self._stored(definition, body)
        check_token(self.books, before, body)
        books, id = self.books, before["Id"]
        store = books.store
        if definition.check_removal is not None:
            definition.check_removal(books, before)
        if definition.removed is not None:
            definition.removed(books, before)
        posting.reverse(books, _effects_key(definition, id))
        store.remove(store.rows(definition.name), id)
        store.remove(store.tables.changed_at, (definition.name, id))
        now = books.now()
        removal = Removal(definition.name, id, now, books.stamp(now))
        store.put(store.tables.removals, (definition.name, id), removal)
        return {"domain": "QBO", "status": "Deleted", "Id": id}

    def _void(self, entity: str, body: Json) -> Json:
        definition = self._definition(entity, "update")
        if definition.void is None:
            raise unsupported_operation("void")
        return self._carried_out(lambda: self._voided(definition, body))

    def _voided(self, definition: Entity, body: Json) -> Json:
        assert definition.void is not None
        before = self._stored(definition, body)
        check_token(self.books, before, body)
        if definition.check_removal is not None:
            definition.check_removal(self.books, before)
        if definition.removed is not None:
            definition.removed(self.books, before)
        posting.reverse(self.books, _effects_key(definition, before["Id"]))
        stored = as_changed(self.books, definition.void(self.books, before), before)
        draft = Draft(self.books, definition, stored, None, {}, NOTHING, before["Id"])
        self._save(definition, draft, stored)
        return self._view(definition, self.books.store.rows(definition.name)[before["Id"]])


def _effects_key(definition: Entity, id: str) -> str:
    """Transactions share one space of ids; the opening stock of an item has a key of its own."""
    return id if definition.id_space == "transaction" else f"{definition.id_space} {id}"
