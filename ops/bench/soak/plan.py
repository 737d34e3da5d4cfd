"""Which faults strike when: drawn from the seed before anything runs. Pure."""

import random
from dataclasses import dataclass

GAP_SECONDS = 4.0
"""On average so much time between two faults; many are still going on when the next one comes."""

SELDOM = 3
KINDS: dict[str, int] = {
    "worker_killed": 8,
    "worker_stopped": 5,
    "worker_frozen": 5,
    "desk_killed": 2,
    "connections_cut": 5,
    "broker_frozen": SELDOM,
    "broker_alarm": SELDOM,
    "broker_restarted": 1,
    "broker_killed": 1,
    "database_locked": 5,
    "quickbooks_frozen": 3,
    "quickbooks_down": 3,
    "company_dead": 3,
    "answers_lost": 8,
    "answers_cut": 6,
    "throttled": 4,
    "token_expired": 4,
    "consent_ended": 2,
    "way_reset": 5,
    "way_refused": 4,
    "way_stalled": 4,
    "way_stalled_back": 4,
    "way_trickles": 4,
}
"""Kinds and how often each is drawn compared with the others."""

LONGEST_SECONDS = {"worker_frozen": 20.0, "database_locked": 5.0, "broker_frozen": 8.0}
"""A worker that stands still longer than 15 s loses its claims."""


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault; ``number`` says which worker or company, whatever fits the kind."""

    at_seconds: float
    kind: str
    seconds: float
    number: int

    def __str__(self) -> str:
        return f"{self.at_seconds:7.1f} s  {self.kind:<18} {self.seconds:4.1f} s  #{self.number}"


def draw_plan(seed: int, seconds: float) -> list[PlannedFault]:
    """The faults of one soak, in order of time."""
    dice = random.Random(seed)
    faults = []
    at = 0.0
    while True:
        at += dice.expovariate(1 / GAP_SECONDS)
        if at >= seconds:
            return faults
        kind = dice.choices(list(KINDS), weights=list(KINDS.values()))[0]
        lasts = dice.uniform(0.5, LONGEST_SECONDS.get(kind, 6.0))
        faults.append(PlannedFault(round(at, 2), kind, round(lasts, 2), dice.randrange(1000)))
