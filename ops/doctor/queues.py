"""What the management API tells of our queues: arguments, policies and rights that contradict us; plugins; alarms."""

import re
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit

from events.broker.addresses import addresses
from events.broker.topology import EXCHANGES, QUEUES
from ops.doctor.finding import Finding, bad, good, soon
from ops.node.management import Management, ManagementRefused, part

Json = dict[str, Any]
NAMES_SHOWN = 3

FORBIDDEN = ("message-ttl", "expires", "max-length", "max-length-bytes", "overflow")
"""What a policy must not say of a queue of ours: messages would vanish, or queues."""

DEAD_LETTERING = ("dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy")
"""Our queues say by argument where they dead-letter to, and an argument is stronger; those without must not."""

PROMETHEUS = "http/prometheus"


def check_queues(management_url: str, broker_url: str) -> Iterator[Finding]:
    """Compare what is there with the topology. Needs the tag ``management``; with ``monitoring`` it sees more."""
    management = Management(management_url)
    broker = urlsplit(addresses(broker_url)[0])
    vhost = unquote(broker.path.removeprefix("/")) or "/"
    queues = _listed(management, f"queues/{part(vhost)}")
    if queues is None:
        return  # check_management has said why
    by_name = {str(queue["name"]): queue for queue in queues}
    yield _arguments(by_name)
    yield _policies(by_name)
    yield from _rights(management, vhost, unquote(broker.username or "guest"))
    yield from _plugins(management)
    yield from alarms(_listed(management, "nodes") or [])


def _arguments(by_name: Mapping[str, Json]) -> Finding:
    wrong = []
    for queue in QUEUES:
        there = by_name.get(queue.name)
        if there is None:
            continue  # the topology's own check names it
        found = {"x-queue-type": there.get("type"), **there.get("arguments", {})}
        wanted = _ours(queue)
        differing = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
        if differing:
            key = differing[0]
            wrong.append(
                f"{queue.name} has {key} {found.get(key, 'unset')} instead of {wanted.get(key, 'unset')}"
            )
    if not wrong:
        return good("queue arguments", "All queues are as we declare them.")
    return bad(
        "queue arguments",
        f"{_some(wrong)}.",
        "empty and delete these queues, then run counterfoil setup: RabbitMQ cannot change them",
    )


def _policies(by_name: Mapping[str, Json]) -> Finding:
    wrong = []
    for queue in QUEUES:
        there = by_name.get(queue.name, {})
        said: Json = there.get("effective_policy_definition") or {}
        names = " and ".join(str(there[kind]) for kind in ("policy", "operator_policy") if there.get(kind))
        ours = _ours(queue)
        limit = said.get("delivery-limit")
        if isinstance(limit, int) and 0 <= limit < ours["x-delivery-limit"]:
            wrong.append(f'"{names}" sets delivery-limit {limit} on {queue.name}')
        wrong += [f'"{names}" sets {key} on {queue.name}' for key in FORBIDDEN if key in said]
        if "x-dead-letter-exchange" not in ours:
            wrong += [f'"{names}" sets {key} on {queue.name}' for key in DEAD_LETTERING if key in said]
    if not wrong:
        return good("policies", "No policy contradicts us.")
    text = f"Policy {_some(wrong)}: messages could get lost."
    return bad(
        "policies",
        text,
        "narrow the policy's pattern, or remove it, in the Management UI under Admin, Policies",
    )


def _rights(management: Management, vhost: str, user: str) -> Iterator[Finding]:
    """Only an administrator may see them; whoever may not is told nothing."""
    given = _object(management, f"permissions/{part(vhost)}/{part(user)}")
    if given is None:
        return
    queues, exchanges = [queue.name for queue in QUEUES], [exchange.name for exchange in EXCHANGES]
    wanted = {"read": queues, "write": [*queues, *exchanges], "configure": [*queues, *exchanges]}
    for right, names in wanted.items():
        refused = [name for name in names if not re.search(str(given.get(right, "")), name)]
        if refused:
            text = f"The user {user} has no {right} right for {_some(refused)}."
            make = soon if right == "configure" else bad  # only setup configures
            yield make("rights", text, f"rabbitmqctl set_permissions -p {vhost} {user} '.*' '.*' '.*'")
            return
    yield good("rights", f"The user {user} may do all that we need.")


def _plugins(management: Management) -> Iterator[Finding]:
    overview = _object(management, "overview") or {}
    listeners = overview.get("listeners")
    if not isinstance(listeners, list) or not listeners:
        return  # shown to monitoring users only
    if any(PROMETHEUS in str(one.get("protocol", "")) for one in listeners):
        yield good("plugins", "Management and Prometheus plugins are on.")
        return
    text = (
        "RabbitMQ's Prometheus plugin is off: no dashboard of the broker, and half of the alerts are blind."
    )
    yield soon("plugins", text, "rabbitmq-plugins enable rabbitmq_prometheus")


def alarms(nodes: Iterable[Json]) -> Iterator[Finding]:
    """What the nodes of the management API's ``/api/nodes`` complain of; nothing where all is well."""
    for node in nodes:
        for alarm, what in (("mem_alarm", "memory"), ("disk_free_alarm", "disk")):
            if node.get(alarm):
                text = f"Node {node.get('name')} is out of {what} and takes no messages."
                yield bad("broker alarm", text, f"give it more {what}; webhooks wait in the spool until then")
        if node.get("running") is False:
            yield bad("broker node", f"Node {node.get('name')} does not run.", "start it again")


def _ours(queue: Any) -> Json:
    """The arguments that we declare a queue with."""
    return dict(queue.queue_arguments)


def _listed(management: Management, path: str) -> list[Json] | None:
    found = _asked(management, path)
    return found if isinstance(found, list) else None


def _object(management: Management, path: str) -> Json | None:
    found = _asked(management, path)
    return found if isinstance(found, dict) else None


def _asked(management: Management, path: str) -> object:
    """The answer, or None when there is none for us."""
    try:
        return management.request("GET", path)
    except (ManagementRefused, OSError, HTTPException):
        return None


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
