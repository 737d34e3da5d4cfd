"""``counterfoil up``: webhooks, worker and desk in one terminal, for one machine."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from ops.processes.programs import TOGETHER, counterfoil, environment, with_metrics_ports
from ops.processes.supervisor import Program, Supervisor
from ops.settings import Settings

COLOURS = {"webhooks": "cyan", "worker": "green", "desk": "magenta", "sandbox": "yellow", "up": "bold"}


@click.command()
@click.option(
    "--demo", is_flag=True, help="With a RabbitMQ node, a database and a QuickBooks company of its own."
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".counterfoil"), show_default=True)
@click.pass_obj
def up(settings: Settings, *, demo: bool, folder: Path) -> None:
    """Run all processes in one terminal. What dies is started again; Ctrl-C ends all of them."""
    console = Console(highlight=False)
    if demo:
        from ops.demo.stack import demo_stack

        with demo_stack(folder, say=console.print, show=_printer(console)) as stack:
            console.print("")
            for name, address in stack.addresses.items():
                console.print(f"  {name:<16} {address}")
            console.print("\nCtrl-C ends it.")
            _until_signal()
        return
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
    supervisor.start()
    console.print(f"Webhooks  http://{settings.listen}/webhooks/CONNECTION")
    console.print("Metrics   " + "  ".join(f"{name} http://{port}/metrics" for name, port in ports.items()))
    console.print("Ctrl-C ends it.")
    try:
        _until_signal()
    finally:
        supervisor.stop(settings.shutdown_seconds + 10.0)


def _until_signal() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _printer(console: Console) -> Callable[[str, str], None]:
    lock = threading.Lock()

    def say(name: str, line: str) -> None:
        with lock:
            console.print(f"[{COLOURS.get(name, 'white')}]{name:>8}[/]  ", end="")
            console.print(line, markup=False)

    return say
