"""The stores' side: sends the webhooks over HTTP, as the platforms do, and keeps what came back."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson
import urllib3

from ops.demo.shops.delivery import Delivery

ANSWER_SECONDS = 30.0


@dataclass(slots=True)
class Sent:
    """What was sent and what came back. ``surprises``: answers other than the store would expect."""

    webhooks: int = 0
    events: int = 0
    rejected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    def add(self, other: "Sent") -> None:
        """Take another store's figures in."""
        self.webhooks += other.webhooks
        self.events += other.events
        self.rejected += other.rejected
        self.kinds.update(other.kinds)
        self.surprises.extend(other.surprises)


def send_all(address: str, shops: Sequence[Sequence[Delivery]], *, progress: Callable[[int], None]) -> Sent:
    """Send each shop's deliveries in their order, the shops side by side."""
    total = Sent()
    with ThreadPoolExecutor(len(shops)) as pool:
        for sent in pool.map(lambda deliveries: _send_shop(address, deliveries, progress), shops):
            total.add(sent)
    return total


def _send_shop(address: str, deliveries: Sequence[Delivery], progress: Callable[[int], None]) -> Sent:
    http = urllib3.PoolManager(retries=False, timeout=ANSWER_SECONDS)
    sent = Sent()
    for delivery in deliveries:
        answer = http.request(
            "POST", f"http://{address}{delivery.path}", body=delivery.body, headers=dict(delivery.headers)
        )
        sent.webhooks += 1
        sent.kinds[delivery.kind] += 1
        if answer.status == 200:
            sent.events += int(orjson.loads(answer.data).get("events", 0))
        else:
            sent.rejected += 1
        if answer.status != delivery.expect:
            sent.surprises.append(f"{delivery.kind}: {answer.status} instead of {delivery.expect}")
        progress(1)
    return sent
