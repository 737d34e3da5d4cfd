"""``counterfoil up``: webhooks, worker and desk in one terminal, for one machine."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import click
from rich.console import Console

from ops.processes.programs import TOGETHER, counterfoil, environment, with_metrics_ports
from ops.processes.supervisor import Program, Supervisor
from ops.settings import Settings

COLOURS = {"webhooks": "cyan", "worker": "green", "desk": "magenta", "sandbox": "yellow", "up": "bold"}
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.2


class _Asked(BaseException):
    """Ctrl-C or SIGTERM: what was started is ended on the way out, whatever we were at."""


@click.command()
@click.option(
    "--demo", is_flag=True, help="With a RabbitMQ node, a database and a QuickBooks company of its own."
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".counterfoil"), show_default=True)
@click.pass_obj
def up(settings: Settings, *, demo: bool, folder: Path) -> None:
    """Run all processes in one terminal. What dies is started again; Ctrl-C ends all of them."""
    console = Console(highlight=False)
    for number in SIGNALS:
        signal.signal(number, _end)
    try:
        if demo:
            _run_demo(console, folder)
        else:
            _run(console, settings)
    except _Asked:
        console.print("Everything has ended.")


def _run_demo(console: Console, folder: Path) -> NoReturn:
    from ops.demo.company import CompanyRefused
    from ops.demo.stack import demo_stack
    from ops.node.install import InstallFailed
    from ops.node.node import NodeFailed

    try:
        with demo_stack(folder, say=console.print, show=_printer(console)) as stack:
            _print_addresses(console, stack.addresses)
            _wait()
    except (CompanyRefused, InstallFailed, NodeFailed) as error:
        raise click.ClickException(str(error)) from error


def _run(console: Console, settings: Settings) -> NoReturn:
    from ops.cli.setup import prepare

    prepare(settings)
    ports = with_metrics_ports(settings)
    programs = {
        name: Program(
            counterfoil(name),
            environment(settings.model_copy(update={"metrics_listen": ports[name]}), os.environ),
        )
        for name in TOGETHER
    }
    supervisor = Supervisor(programs, say=_printer(console))
    try:
        supervisor.start()
        addresses = {"Webhooks": f"http://{settings.listen}/webhooks/CONNECTION"}
        addresses |= {f"{name} metrics": f"http://{port}/metrics" for name, port in ports.items()}
        addresses["Management UI"] = _without_password(settings.management_url)
        _print_addresses(console, addresses)
        _wait()
    finally:
        supervisor.stop(settings.shutdown_seconds + 10.0)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)  # a second Ctrl-C must not cut the ending short
    raise _Asked


def _wait() -> NoReturn:
    # In short sleeps: a signal that comes just before a wait without end would not be seen by Python.
    while True:
        time.sleep(LOOK_SECONDS)


def _print_addresses(console: Console, addresses: dict[str, str]) -> None:
    console.print("")
    for name, address in addresses.items():
        console.print(f"  {name:<16} {address}", soft_wrap=True)
    console.print("\nCtrl-C ends it.")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _printer(console: Console) -> Callable[[str, str], None]:
    lock = threading.Lock()

    def say(name: str, line: str) -> None:
        with lock:
            console.print(f"[{COLOURS.get(name, 'white')}]{name:>8}[/]  ", end="")
            console.print(line, markup=False, soft_wrap=True)

    return say
