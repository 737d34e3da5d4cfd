"""Which deliveries run next: one lane for each connection and workflow, so that none waits for another's backlog.

Pure: no broker, no clock of its own. Within a lane, deliveries of one store object run one after another.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workers.runtime.delivery import Delivery

ROUND_SIZE = 30
"""Operations in one QuickBooks batch. Source: Intuit's page "Limits and throttles"."""


LANE_HOLDS = 4 * ROUND_SIZE
"""What a lane that stands still may keep in memory."""

SLOW_SECONDS = 1.0
"""A lane whose last round began so long ago stands still: its company is throttled, slow or dead."""

FULL = 10 * ROUND_SIZE
"""With fewer deliveries in memory than that the broker still hands over whatever comes: nobody waits for anybody."""

TURN_SECONDS = 0.25
"""How often the surplus of the backlog queue goes to its end, so that others who wait there come into view."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[Delivery] = field(default_factory=deque)
    busy: set[str] = field(default_factory=set)
    running: int = 0
    not_before: float = 0.0
    moved_at: float = 0.0
    one_by_one: int = 0


class Lanes:
    """The deliveries that wait in this process.

    ``rounds_per_lane``: how many rounds of one lane run side by side, so that a lone event does not wait for
    the answer to an earlier batch. Inventory has one: QuickBooks locks stock while it is written (fault 6000).
    """

    def __init__(self, *, rounds_per_lane: int = 4, round_size: int = ROUND_SIZE) -> None:
        self._lanes: OrderedDict[tuple[str, str], _Lane] = OrderedDict()
        self._rounds_per_lane = rounds_per_lane
        self._round_size = round_size
        self._turned_at = float("-inf")

    @property
    def _set_aside(self) -> int:
        return sum(delivery.set_aside for lane in self._lanes.values() for delivery in lane.waiting)

    def __len__(self) -> int:
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def add(self, delivery: Delivery, now: float) -> None:
        """Put a new delivery at the end of its lane."""
        lane = self._lanes.setdefault((delivery.connection_id, delivery.workflow), _Lane())
        if not lane.waiting:
            lane.moved_at = now
        lane.waiting.append(delivery)

    def next_round(self, now: float) -> list[Delivery]:
        """Take up to a batch of deliveries of the lane that waited longest; [] when none may run."""
        for key, lane in self._lanes.items():
            if not lane.waiting or lane.not_before > now or lane.running >= self._width(key):
                continue
            taken = self._take(lane)
            if taken:
                lane.not_before = 0.0
                lane.moved_at = now
                lane.running += 1
                self._lanes.move_to_end(key)
                return taken
        return []

    def finished(self, deliveries: Iterable[Delivery]) -> None:
        """A round is over; its store objects are free again."""
        self._free(deliveries)

    def postpone(
        self, deliveries: Iterable[Delivery], open_: Sequence[Delivery], *, until: float, apart: bool = False
    ) -> None:
        """A round could not end: those still open go back to the front, and their lane rests until then.

        ``apart``: one of them may be to blame, so each runs in a round of its own.
        """
        lane = self._free(deliveries)
        if lane is not None and open_:
            lane.waiting.extendleft(reversed(open_))
            lane.not_before = until
            if apart:
                lane.one_by_one = max(lane.one_by_one, len(open_))

    def surplus(self, now: float) -> list[Delivery]:
        """Take out what lanes that stand still hold beyond a few batches: it would only keep others waiting.

        A lane that moves keeps all it has, however much: its company is quick enough. What comes from the backlog
        queue is taken out now and then only.
        """
        if len(self) < FULL and self._set_aside < LANE_HOLDS:
            return []
        turn = now - self._turned_at >= TURN_SECONDS
        if turn:
            self._turned_at = now
        taken: deque[Delivery] = deque()
        for lane in self._lanes.values():
            if now - lane.moved_at <= SLOW_SECONDS:
                continue
            kept: deque[Delivery] = deque()
            while lane.waiting and len(lane.waiting) + len(kept) > LANE_HOLDS:
                delivery = lane.waiting.pop()
                (taken if turn or not delivery.set_aside else kept).appendleft(delivery)
            lane.waiting.extend(kept)
        return list(taken)

    def forget(self) -> None:
        """The broker connection is lost: what waits here comes again by itself."""
        for lane in self._lanes.values():
            lane.waiting.clear()

    def wakes_at(self) -> float | None:
        """The next moment at which a resting lane may run, if any rests."""
        resting = [lane.not_before for lane in self._lanes.values() if lane.waiting and lane.not_before]
        return min(resting, default=None)

    def _width(self, key: tuple[str, str]) -> int:
        return 1 if key[1] == "inventory" else self._rounds_per_lane

    def _take(self, lane: _Lane) -> list[Delivery]:
        taken: list[Delivery] = []
        passed: list[Delivery] = []
        skipped: set[str] = set()
        ids: set[str] = set()
        size = 1 if lane.one_by_one else self._round_size
        while lane.waiting and len(taken) < size:
            delivery = lane.waiting.popleft()
            # the same id for another object is the same event: the ledger keeps one of each
            if delivery.object_key in lane.busy or delivery.object_key in skipped or delivery.event_id in ids:
                passed.append(delivery)
                skipped.add(delivery.object_key)
            else:
                taken.append(delivery)
                ids.add(delivery.event_id)
                lane.busy.add(delivery.object_key)
        lane.one_by_one = max(0, lane.one_by_one - len(taken))
        lane.waiting.extendleft(reversed(passed))
        return taken

    def _free(self, deliveries: Iterable[Delivery]) -> _Lane | None:
        lane = None
        for delivery in deliveries:
            lane = self._lanes[(delivery.connection_id, delivery.workflow)]
            lane.busy.discard(delivery.object_key)
        if lane is not None:
            lane.running -= 1
        return lane
