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
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from workers.errors import (
    ConnectionPaused,
    Hold,
    ObjectBusy,
    QuickBooksUnavailable,
    SyncError,
    Throttled,
    UnknownConnection,
)
from workers.ledger.connections import StoredConnection
from workers.ledger.intents import Intent
from workers.ledger.mappings import Remembered
from workers.outcomes import Skipped
from workers.runtime.call import Answer, Ask, Call, booked_mapping, make_call, plan_call, replay_calls
from workers.runtime.company import READS, contexts, known_company, read_company
from workers.runtime.delivery import Delivery
from workers.runtime.holds import pause_is_over, release_late
from workers.runtime.old_intents import find_created, split_by_age
from workers.runtime.requests import (
    Apart,
    Asking,
    Changes,
    Commit,
    Look,
    LookAtStock,
    Open,
    Opening,
    Pause,
    Permit,
    Request,
)
from workers.runtime.services import Services
from workers.runtime.settle import Bug
from workers.runtime.settlements import Settled, settle_all
from workers.runtime.task import Task
from workers.steps import Recall, Remember, StoreKey, SyncMapping
from workers.stock import NoteStock, RecallStock, SeeStock

MAX_PAUSE_SECONDS = 120.0
"""A longer pause is no pause but a hold: the events go to the held queue."""

THROTTLE_SECONDS = 60.0
"""The pause after a 429 that names none. Source: Intuit's page "Limits and throttles"."""

REPEATS = 5
"""How often one call is made when its outcome is unknown, before an attempt is used up: as often as opens the
breaker, so that a lone event uses up none in an outage."""

SHARED_KINDS = frozenset({"customer", "email", "product", "inventory_item"})
"""Kinds of store keys that events of many store objects remember, under claims of their own."""

LOCAL = (Recall, Remember, NoteStock, RecallStock, SeeStock)
"""Steps that the ledger answers."""

T = TypeVar("T")


class Round:
    """Runs the deliveries of one connection and workflow. ``run`` yields what it asks for; others run meanwhile.

    ``blamed``: its event made earlier rounds fail, so it goes to the error queue instead.
    """

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        services: Services,
        on_settled: Callable[[list[Settled]], None],
        *,
        blamed: bool = False,
    ) -> None:
        first = deliveries[0]
        self.deliveries = list(deliveries)
        self._services = services
        self._on_settled = on_settled
        self._blamed = blamed
        self.connection_id = first.connection_id
        self.workflow = first.workflow
        self.claimed: frozenset[str] = frozenset()
        self._tasks = [Task(delivery) for delivery in deliveries]
        self._known: dict[StoreKey, SyncMapping | None] = {}
        self._changes = Changes()
        self._open_tasks = list(self._tasks)
        self._settled_ids: set[str] = set()
        self._realm_id = ""

    def run(self) -> Asking:
        """Run to the end. Raises what the caller must answer by running the deliveries again later."""
        (opening,) = yield (Open(self.connection_id, self.deliveries),)
        self.claimed = frozenset(opening.claimed)
        self._services.crash("after claim")
        self._sort_out(opening)
        if opening.stored is not None and self._live():
            self._realm_id = opening.stored.connection.realm_id
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
                refusal = _refusal(opening.stored, delivery, self._services.clock())
                if refusal is None and self._blamed:
                    refusal = _bug(delivery)
                if refusal is not None:
                    task.end(refusal)

    def _start(self, stored: StoredConnection) -> Asking:
        company = known_company(stored)
        if company is None:
            read = yield from self._attempt(partial(read_company, stored, self._services), permits=READS)
            if isinstance(read, SyncError):
                self._fail(self._live(), read)
                return
            company = read
        context = contexts(stored, company)
        for task in self._live():
            envelope = task.delivery.envelope
            assert envelope is not None, "a message without an envelope has ended before"
            task.start(partial(self._services.steps_for, context(envelope), envelope.data))

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
        call = plan_call(self._live(), self._realm_id, now=services.clock(), new_id=services.new_id)
        self._changes.started.extend(call.intents)
        return call

    def _ask(self, call: Call, *, is_permitted: bool) -> Asking:
        """Send the call, and hand the answers back."""
        result = yield from self._send(call, is_permitted=is_permitted)
        self._services.crash("after write" if call.intents else "after find")
        self._services.crash("after call")
        if isinstance(result, SyncError):
            self._fail_call(call, result)
        else:
            for ask, answer in zip(call.asks, result, strict=True):
                self._answer(ask, answer)

    def _send(
        self, call: Call, *, is_permitted: bool = False
    ) -> Generator[Request, Any, list[Answer] | SyncError]:
        """Make the call; the outcome of a whole call that failed comes back."""
        action = partial(make_call, self._services.quickbooks, call)
        return (yield from self._attempt(action, batch=call.is_batch, is_permitted=is_permitted))

    def _attempt(
        self, action: Callable[[], T], *, batch: bool = False, permits: int = 1, is_permitted: bool = False
    ) -> Generator[Request, Any, T | SyncError]:
        """Act as soon as budget and breaker allow; again when the outcome is unknown and may yet become known."""
        services = self._services
        repeats = 0
        while True:
            for _ in range(permits - 1):
                while (pause := (yield from self._take(batch=batch))) > 0:
                    yield Pause(pause)
            if not is_permitted:
                yield from self._permit(batch=batch)
            is_permitted = False
            try:
                answers: T = yield Apart(action)
            except Throttled as error:
                services.breaker.succeeded()
                if (error.seconds or THROTTLE_SECONDS) > MAX_PAUSE_SECONDS:
                    return error
                services.budget.throttled(self._realm_id, error.seconds or THROTTLE_SECONDS)
            except QuickBooksUnavailable as error:
                services.breaker.failed()
                repeats += 1
                if repeats >= REPEATS and not services.breaker.open:
                    return error
                yield Pause(0.1 * 2**repeats)
            except SyncError as error:
                services.breaker.succeeded()
                return error
            else:
                services.breaker.succeeded()
                return answers

    def _permit(self, *, batch: bool) -> Asking:
        """Wait until one call may go out."""
        breaker = self._services.breaker
        while True:
            pause = breaker.delay()
            if pause <= 0:
                pause = yield from self._take(batch=batch)
                if pause <= 0:
                    return
                breaker.unused()  # we may have been the probe; somebody else can be it meanwhile
            yield Pause(pause)

    def _take(self, *, batch: bool) -> Generator[Request, Any, float]:
        """Seconds to wait for the right to one call; 0.0 when it is ours."""
        at_hand = self._services.budget.at_hand(self._realm_id, batch=batch)
        if at_hand is not None:
            return at_hand
        (seconds,) = yield (Permit(self._realm_id, batch),)
        return float(seconds)

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
            found = yield from self._attempt(partial(find_created, services.quickbooks, intent))
            yield from self._answer_repeat(intent, found)
        for call in replay_calls(trusted):
            result = yield from self._send(call)
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
            is_permitted = yield from self._commit_with_permit(commit, call)
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

    def _commit_with_permit(self, commit: Commit, call: Call | None) -> Generator[Request, Any, bool]:
        """Ask for the call's permit in the same transaction, if the ledger must be asked and QuickBooks answers."""
        services = self._services
        if call is None or services.breaker.open:
            yield (commit,)
            return False
        at_hand = services.budget.at_hand(self._realm_id, batch=call.is_batch)
        if at_hand is not None:
            yield (commit,)
            return at_hand == 0.0
        _, seconds = yield (commit, Permit(self._realm_id, call.is_batch))
        return bool(seconds == 0.0)


def _bug(delivery: Delivery) -> Bug:
    return Bug(
        f"Counterfoil cannot carry out {delivery.subject}: it failed again and again by itself. "
        "The log has the details; report it, and Retry after the next update.",
        cause="round failed",
    )


def _refusal(stored: StoredConnection | None, delivery: Delivery, now: datetime) -> SyncError | None:
    if stored is None:
        return UnknownConnection(
            f'The event names the connection "{delivery.connection_id}", which does not exist. '
            "Add it, then Retry, or Ignore the event.",
            cause=delivery.connection_id,
            fix="counterfoil connections add",
        )
    if stored.connection.status == "paused" and not pause_is_over(stored, now):
        return ConnectionPaused(stored.connection.pause_reason or "paused")
    return None
