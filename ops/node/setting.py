"""What a private node is told: its environment and its files. Pure, except for ``write_files``.

Source for the names: RabbitMQ docs, "Configuration" and "File and Directory Locations".
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from ops.node.ports import LOOPBACK

COOKIE = "home/.erlang.cookie"
HANDED_DOWN = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME")
PREFERRED_PORTS: Mapping[str, int] = {
    "amqp": 5680,
    "management": 15680,
    "prometheus": 15700,
    "distribution": 25680,
    "epmd": 4380,
}
"""RabbitMQ's usual ports moved up, so that a broker on 5672 and our node never meet."""


def node_name(cookie: str, member: str = "") -> str:
    """A name for the node with this cookie: one that no other node answers to; ``member`` of a cluster."""
    return f"counterfoil-{hashlib.sha256(cookie.encode()).hexdigest()[:10]}{member}@localhost"


def environment(
    folder: Path, ports: Mapping[str, int], *, name: str, inherited: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the server and of rabbitmqctl: no secret of ours, no setting of another node."""
    kept = {name: inherited[name] for name in HANDED_DOWN if name in inherited}
    return kept | {
        "HOME": str(folder / "home"),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_CRASH_DUMP": str(folder / "log" / "erl_crash.dump"),
        "RABBITMQ_NODENAME": name,
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CTL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        # The start script then becomes the server instead of waiting beside it: one pid, which is ours.
        "RUNNING_UNDER_SYSTEMD": "true",
    }


def config(ports: Mapping[str, int]) -> str:
    """The node's rabbitmq.conf: everything on the loopback."""
    return "\n".join(
        (
            f"listeners.tcp.1 = {LOOPBACK}:{ports['amqp']}",
            f"management.tcp.ip = {LOOPBACK}",
            f"management.tcp.port = {ports['management']}",
            f"prometheus.tcp.ip = {LOOPBACK}",
            f"prometheus.tcp.port = {ports['prometheus']}",
            "log.file.level = info",
            "",
        )
    )


def write_files(folder: Path, ports: Mapping[str, int]) -> None:
    """Lay out the node's folder; a cookie that is there stays, and with it the node's name and data."""
    for name in ("", "home", "data", "log", "conf.d"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "rabbitmq.conf").write_text(config(ports))
    (folder / "env.conf").write_text("")
    (folder / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    cookie = folder / COOKIE
    if not cookie.exists():
        cookie.touch(mode=0o600)
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(0o400)
