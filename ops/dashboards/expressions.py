"""PromQL that several dashboards use. Gauges of the ledger are the same on every desk, so ``max`` takes one of them."""

RATE = "[$__rate_interval]"

WORK_QUEUES = "orders|inventory|contacts"
WAITING_QUEUES = f"({WORK_QUEUES})([.]backlog|[.]delayed[.].+)?"
ERROR_QUEUES = f"({WORK_QUEUES})[.]errors"
COMMAND_QUEUES = f"({WORK_QUEUES})[.]commands"


def unresolved(*, by: str = "", where: str = "") -> str:
    """Failed messages that wait for a person, summed up by these labels; without labels 0 when there are none."""
    labels = f'status="unresolved"{"," if where else ""}{where}'
    each = f"max by (connection, workflow, reason) (counterfoil_failed_messages{{{labels}}})"
    return f"sum by ({by}) ({each})" if by else f"sum({each}) or vector(0)"


def per_second(counter: str, *, by: str, where: str = "") -> str:
    """How often a second, summed up by these labels."""
    return f"sum by ({by}) (rate({_select(counter, where)}{RATE}))"


def quantile(fraction: float, histogram: str, *, by: str = "", where: str = "") -> str:
    """So many of the observations took no longer; ``fraction`` 0.95 is 95 %."""
    labels = f"le, {by}" if by else "le"
    buckets = _select(f"{histogram}_bucket", where)
    return f"histogram_quantile({fraction:g}, sum by ({labels}) (rate({buckets}{RATE})))"


def queue(names: str, *, of: str = "messages") -> str:
    """RabbitMQ's own number for each queue whose name fits. In a cluster several nodes may tell it: the largest."""
    return f'max by (queue) (rabbitmq_detailed_queue_{of}{{queue=~"{names}"}})'


def _select(metric: str, where: str) -> str:
    return f"{metric}{{{where}}}" if where else metric
