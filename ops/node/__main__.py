"""``python -m ops.node``: the private node by hand. Settings come as options, not from the environment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.node import chromium, newer, postgres, prometheus
from ops.node.docker import DockerNode
from ops.node.install import InstallFailed
from ops.node.management import ManagementRefused
from ops.node.node import NodeFailed, PrivateNode
from ops.node.ports import NoFreePort
from ops.node.postgres import PostgresFailed, PrivatePostgres
from ops.node.provide import provide


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 it could not be done, 2 the words are wrong."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen)
    except (NodeFailed, InstallFailed, PostgresFailed, NoFreePort, ManagementRefused, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.node", description="The private RabbitMQ node.")
    parser.add_argument("--folder", type=Path, default=Path(".counterfoil"), help="where its files are")
    parser.add_argument("--generation", default="", metavar="4", help="RabbitMQ 4 beside an older one")
    commands = parser.add_subparsers(dest="command", required=True)
    install = commands.add_parser("install", help="find or install RabbitMQ, start nothing")
    install.add_argument("--with-postgres", action="store_true", help="PostgreSQL too, for the tests")
    install.add_argument(
        "--with-prometheus",
        action="store_true",
        help="Prometheus too, for the tests of dashboards and alerts",
    )
    install.add_argument(
        "--with-chromium", action="store_true", help="Chromium too, for the tests in a real browser"
    )
    commands.add_parser("start", help="find or install RabbitMQ and start the node")
    commands.add_parser("stop", help="stop the node")
    commands.add_parser("remove", help="stop the node and the tests' servers and delete their data")
    commands.add_parser("status", help="say whether it runs, and where")
    ctl = commands.add_parser("ctl", help="rabbitmqctl against this node")
    ctl.add_argument("words", nargs=argparse.REMAINDER)
    return parser


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "remove":
        return _remove(chosen.folder)
    node = provide(chosen.folder, say=_say, generation=chosen.generation)
    match chosen.command:
        case "install":
            if chosen.with_postgres:
                postgres.install(say=_say)
            if chosen.with_prometheus:
                prometheus.install(say=_say)
            if chosen.with_chromium:
                chromium.install(say=_say)
        case "start":
            node.start()
            _say(f"AMQP           {node.amqp_url()}")
            _say(f"Management UI  {node.management_url}")
            _say(f"Metrics        {node.prometheus_url}")
        case "stop":
            node.stop()
        case "status":
            if not node.is_running():
                _say("The private node does not run.")
                return 1
            _say(f"The private node runs: {node.amqp_url()}, management {node.management_url}")
        case "ctl":
            _say(node.ctl(*chosen.words))
    return 0


def _remove(folder: Path) -> int:
    for place in (folder, folder / "test"):
        if (place / "rabbitmq" / "docker.json").exists():
            DockerNode(place / "rabbitmq", say=_say).remove()
        for name in ("rabbitmq", f"rabbitmq-{newer.GENERATION}"):
            PrivateNode(place / name, say=_say).remove()
        if (place / "postgres").exists():
            PrivatePostgres(place / "postgres", say=_say).remove()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
