"""A round: up to 30 events of one connection, from the claim to the settlement, with one QuickBooks call at a time.

The stages, and what a death in between costs:

    open      claim the objects, read the ledger          nothing was done: the events come again
    recover   repeat writes of unknown outcome            the same request ids: QuickBooks answers as the first time
    ask       intents committed, then the call            the intents are found by the next run: recover
    settle    results, mappings, entries in one commit    the entry answers the redelivery

Messages (delayed retries, error copies) are published before that commit and acked after it, so a death in
between gives a second copy, never a lost event.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any

from schemas.envelope import Envelope
from workers.context import Context
from workers.errors import (
    Hold,
    ObjectBusy,
    QuickBooksUnavailable,
    SyncError,
    Throttled,
)
from workers.ledger.connections import StoredConnection
from workers.ledger.intents import Intent
from workers.ledger.mappings import Remembered
from workers.outcomes import Skipped
from workers.runtime.call import Answer, Ask, Call, booked_mapping, plan_call, replay_calls
from workers.runtime.calling import Caller
from workers.runtime.company import READS, contexts, known_company, read_company
from workers.runtime.delivery import Delivery
from workers.runtime.holds import release_late
from workers.runtime.old_intents import find_created, split_by_age
from workers.runtime.refusals import bug_of, refusal_of
from workers.runtime.requests import (
    Apart,
    Asking,
    Changes,
    Commit,
    Look,
    LookAtStock,
    Open,
    Opening,
    Request,
)
from workers.runtime.services import Services
from workers.runtime.settlements import Settled, settle_all
from workers.runtime.task import Task
from workers.steps import Recall, Remember, StoreKey, SyncMapping
from workers.stock import NoteStock, RecallStock, SeeStock

SHARED_KINDS = frozenset({"customer", "email", "product", "inventory_item"})
"""Kinds of store keys that events of many store objects remember, under claims of their own."""

LOCAL = (Recall, Remember, NoteStock, RecallStock, SeeStock)
"""Steps that the ledger answers."""


class Round:
    """Runs the deliveries of one connection and workflow. ``run`` yields what it asks for; others run meanwhile.

    ``blamed``: its event made earlier rounds fail, so it goes to the error queue instead. ``seen``: the connection
    as an earlier round found it; the tasks then begin before the ledger is asked, and what they want to know comes
    with the claims. They do nothing yet, so it is no harm when the connection has changed and they begin anew.
    """

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        services: Services,
        on_settled: Callable[[list[Settled]], None],
        *,
        blamed: bool = False,
        seen: StoredConnection | None = None,
    ) -> None:
        first = deliveries[0]
        self.deliveries = list(deliveries)
        self._services = services
        self._on_settled = on_settled
        self._blamed = blamed
        self._seen = seen
        self.connection_id = first.connection_id
        self.workflow = first.workflow
        self.claimed: frozenset[str] = frozenset()
        self._tasks = [Task(delivery) for delivery in deliveries]
        self._known: dict[StoreKey, SyncMapping | None] = {}
        self._changes = Changes()
        self._open_tasks = list(self._tasks)
        self._settled_ids: set[str] = set()
        self._caller = Caller(services)

    def run(self) -> Asking:
        """Run to the end. Raises what the caller must answer by running the deliveries again later."""
        opening = yield from self._open()
        self._services.crash("after claim")
        self._sort_out(opening)
        if opening.stored is not None and self._live():
            self._caller.realm_id = opening.stored.connection.realm_id
            yield from self._recover(opening.intents)
            yield from self._start(opening.stored)
        while True:
            yield from self._think()
            settled = yield from self._settle()
            call = self._plan() if self._live() else None
            is_permitted = yield from self._commit(settled, call)
            if call is None:
                return
            yield from self._ask(call, is_permitted=is_permitted)

    def unsettled(self) -> list[Delivery]:
        """The deliveries that the broker must not forget yet."""
        return [delivery for delivery in self.deliveries if delivery.event_id not in self._settled_ids]

    def _live(self) -> list[Task]:
        return [task for task in self._open_tasks if not task.ended]

    def _sort_out(self, opening: Opening) -> None:
        """End what needs no run: duplicates, ignored, busy, paused, unknown."""
        for task in self._tasks:
            delivery = task.delivery
            if delivery.problem is not None:
                task.end(delivery.problem)
            elif delivery.object_key not in opening.claimed:
                task.end(ObjectBusy(f"{delivery.object_key} is being worked on by another worker"))
            elif opening.stored is not None and opening.stored.connection.status == "closed":
                task.end(Skipped("connection_closed"))
            elif delivery.event_id in opening.settled:
                task.end(Skipped("repeated"))
            elif opening.ignored & {delivery.subject, delivery.object_key}:
                task.end(Skipped("ignored"))
            else:
                refusal = refusal_of(opening.stored, delivery, self._services.clock())
                if refusal is None and self._blamed:
                    refusal = bug_of(delivery)
                if refusal is not None:
                    task.end(refusal)

    def _open(self) -> Generator[Request, Any, Opening]:
        """Claim the objects, and read what the tasks ask for first if they can begin."""
        company = known_company(self._seen) if self._seen is not None else None
        if self._seen is not None and company is not None:
            self._begin(self._tasks, contexts(self._seen, company))
        keys = frozenset(
            key for task in self._tasks if isinstance(task.step, Recall) for key in task.step.keys
        )
        opening: Opening
        opening, found = yield (
            Open(self.connection_id, self.deliveries),
            Look(self.connection_id, keys),
        )
        if not opening.intents:  # else they are read after those are settled
            self._known.update({key: found.get(key) for key in keys})
        self.claimed = frozenset(opening.claimed)
        if opening.stored is not self._seen:
            self._tasks = [Task(delivery) for delivery in self.deliveries]
            self._open_tasks = list(self._tasks)
        return opening

    def _begin(self, tasks: Iterable[Task], context: Callable[[Envelope], Context]) -> None:
        for task in tasks:
            envelope = task.delivery.envelope
            if envelope is not None and not task.has_begun:
                task.start(partial(self._services.steps_for, context(envelope), envelope.data))

    def _start(self, stored: StoredConnection) -> Asking:
        company = known_company(stored)
        if company is None:
            read = yield from self._caller.attempt(
                partial(read_company, stored, self._services), permits=READS
            )
            if isinstance(read, SyncError):
                self._fail(self._live(), read)
                return
            company = read
        self._begin(self._live(), contexts(stored, company))

    def _think(self) -> Asking:
        """Let the tasks run until each has ended or waits for QuickBooks."""
        while True:
            local = [task for task in self._live() if isinstance(task.step, LOCAL)]
            if not local:
                return
            yield from self._learn(
                key for task in local if isinstance(task.step, Recall) for key in task.step.keys
            )
            for task in local:
                step = task.step
                if isinstance(step, Recall):
                    known = {key: self._known[key] for key in step.keys}
                    task.resume({key: mapping for key, mapping in known.items() if mapping is not None})
                elif isinstance(step, Remember):
                    self._remember(step.mapping, task.delivery.event_id)
                    task.resume(None)
                elif isinstance(step, RecallStock):
                    (moves,) = yield (LookAtStock(self.connection_id, step),)
                    task.resume(moves)
                elif isinstance(step, NoteStock):
                    self._changes.stock.append(step)
                    task.resume(None)
                elif isinstance(step, SeeStock):
                    self._changes.counted.extend(step.rows)
                    task.resume(None)

    def _learn(self, keys: Iterable[StoreKey]) -> Asking:
        missing = frozenset(keys) - self._known.keys()
        if missing:
            (found,) = yield (Look(self.connection_id, missing),)
            self._known.update({key: found.get(key) for key in missing})

    def _remember(self, mapping: SyncMapping, event_id: str) -> None:
        self._known[mapping.key] = mapping
        self._changes.remembered.append(Remembered(mapping, event_id))

    def _plan(self) -> Call:
        """Make one call of what the live tasks wait for; its intents go into the next commit."""
        services = self._services
        call = plan_call(self._live(), self._caller.realm_id, now=services.clock(), new_id=services.new_id)
        self._changes.started.extend(call.intents)
        return call

    def _ask(self, call: Call, *, is_permitted: bool) -> Asking:
        """Send the call, and hand the answers back."""
        result = yield from self._caller.send(call, is_permitted=is_permitted)
        self._services.crash("after write" if call.intents else "after find")
        self._services.crash("after call")
        if isinstance(result, SyncError):
            self._fail_call(call, result)
        else:
            for ask, answer in zip(call.asks, result, strict=True):
                self._answer(ask, answer)

    def _answer(self, ask: Ask, answer: Answer) -> None:
        if isinstance(answer, SyncError):
            if ask.intent is not None and not isinstance(answer, QuickBooksUnavailable):
                self._changes.finished.append(ask.intent)
            self._note_hold(answer)
            for task in ask.tasks:
                task.fail(answer)
            return
        if ask.intent is not None and isinstance(answer, dict):
            self._book(ask.intent, answer)
        for task in ask.tasks:
            task.resume(answer)

    def _book(self, intent: Intent, answer: dict[str, object]) -> None:
        self._changes.finished.append(intent)
        mapping = booked_mapping(intent, answer)
        if mapping is not None:
            self._remember(mapping, intent.event_id)

    def _book_late(self, intent: Intent, answer: dict[str, object]) -> Asking:
        """The answer to a repeat tells of then. What others remember too (a customer, an item) may be newer by now."""
        if intent.key is not None and intent.key.kind in SHARED_KINDS:
            yield from self._learn([intent.key])
            known = self._known[intent.key]
            if known is not None and known.quickbooks_id:
                self._changes.finished.append(intent)
                return
        self._book(intent, answer)

    def _fail_call(self, call: Call, error: SyncError) -> None:
        """The whole call failed. Only an unknown outcome keeps its intents."""
        if not isinstance(error, QuickBooksUnavailable):
            self._changes.finished.extend(call.intents)
        self._fail([task for ask in call.asks for task in ask.tasks], error)

    def _fail(self, tasks: Sequence[Task], error: SyncError) -> None:
        self._note_hold(error)
        for task in tasks:
            task.end(error)

    def _note_hold(self, error: SyncError) -> None:
        """Else the held events would flow back at once, and round and round."""
        if isinstance(error, Hold) and not isinstance(error, Throttled):
            self._changes.hold = error

    def _recover(self, intents: Sequence[Intent]) -> Asking:
        """Settle writes of unknown outcome before anything new is decided about their objects."""
        services = self._services
        trusted, old = split_by_age(
            intents, now=services.clock(), trust_seconds=services.policy.request_id_trust_seconds
        )
        for intent in old:
            found = yield from self._caller.attempt(partial(find_created, services.quickbooks, intent))
            yield from self._answer_repeat(intent, found)
        for call in replay_calls(trusted):
            result = yield from self._caller.send(call)
            services.crash("after repeat")
            if isinstance(result, SyncError):
                for intent in call.intents:
                    yield from self._answer_repeat(intent, result)
                continue
            for intent, answer in zip(call.intents, result, strict=True):
                yield from self._answer_repeat(intent, answer)

    def _answer_repeat(self, intent: Intent, answer: Answer | None) -> Asking:
        """An object: it is booked. Unknown as before: its events wait. Anything else: it never was."""
        if isinstance(answer, dict):
            yield from self._book_late(intent, answer)
        elif isinstance(answer, QuickBooksUnavailable | Hold):
            key = intent.object_key
            self._fail([task for task in self._live() if task.delivery.object_key == key], answer)
        else:
            self._changes.finished.append(intent)

    def _settle(self) -> Generator[Request, Any, list[Settled]]:
        """Publish for the tasks that have ended, and note what the next commit stores of them."""
        ended = [task for task in self._open_tasks if task.ended]
        self._open_tasks = [task for task in self._open_tasks if not task.ended]
        settled = yield from settle_all(ended, self._services, self._changes, self.claimed)
        if settled:
            self._services.crash("before result")
        self._services.crash("after publish")
        return settled

    def _commit(self, settled: list[Settled], call: Call | None) -> Generator[Request, Any, bool]:
        """Store results and intents together, then let the broker forget what is settled.

        True when the right to the call came with it.
        """
        changes, self._changes = self._changes, Changes()
        is_permitted = False
        if changes != Changes():
            held = self.claimed.difference(changes.released)
            commit = Commit(self.connection_id, self.workflow, changes, held)
            is_permitted = yield from self._caller.with_permit(commit, call)
            self.claimed = held
        if changes.started:
            self._services.crash("after intent")
        self._services.crash("after commit")
        if any(one.word == "held" for one in settled):
            yield Apart(partial(release_late, self._services, self.connection_id, self.workflow))
        if settled:
            self._services.crash("before ack")
            self._settled_ids.update(one.delivery.event_id for one in settled)
            self._on_settled(settled)
        return is_permitted
