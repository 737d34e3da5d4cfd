"""``counterfoil``: the command line's door. Reads the settings once; a fault becomes one sentence, not a traceback."""

import importlib
import sys
from collections.abc import Sequence

import click

from ops.settings import SettingsError, read_settings

COMMANDS = {
    "backfill": ("ops.cli.backfill", "Read a store and publish what the ledger lacks."),
    "check": ("ops.cli.check", "Compare store, ledger and QuickBooks."),
    "connections": ("ops.cli.connections", "Add, connect, show, change, pause and close connections."),
    "contacts": ("ops.cli.contacts", "Show what is kept of a contact, and erase it."),
    "demo": ("ops.cli.demo", "Show the main job end to end, on services of its own."),
    "desk": ("ops.cli.desk", "Run the error desk."),
    "doctor": ("ops.cli.doctor", "Check the set-up and say what to do."),
    "errors": ("ops.cli.errors", "List, show, fix, retry and ignore failed messages."),
    "inventory": ("ops.cli.inventory", "Compare the store's stock with QuickBooks', and adjust it."),
    "ledger": ("ops.cli.ledger", "Show what is booked for an event, take it back, export."),
    "sandbox": ("ops.cli.sandbox", "Run a QuickBooks Online company on this machine."),
    "setup": ("ops.cli.setup", "Declare the topology and migrate the database."),
    "status": ("ops.cli.status", "Show the banner: a tick, or what needs attention."),
    "up": ("ops.cli.up", "Run all processes in one terminal."),
    "users": ("ops.cli.users", "Manage RabbitMQ users with the permissions of a role."),
    "webhooks": ("ops.cli.webhooks", "Receive store webhooks."),
    "worker": ("ops.cli.worker", "Sync events to QuickBooks."),
}


class _Commands(click.Group):
    """Loads a command's module when it is called, so that ``--help`` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[name][0]), name.replace("-", "_"))
        assert isinstance(command, click.Command), f"{name} is a click command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="counterfoil", prog_name="counterfoil")
@click.pass_context
def cli(context: click.Context) -> None:
    """Put what happens in an online store into QuickBooks Online, exactly once in effect."""
    if context.obj is None:
        try:
            context.obj = read_settings()
        except SettingsError as error:
            raise click.ClickException(str(error)) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exit 0: done, 1: it could not be done, 2: the words are wrong."""
    try:
        cli.main(args=arguments, prog_name="counterfoil")
    except Exception as error:
        sentence = plain_sentence(error)
        if sentence is None:
            raise
        click.echo(f"Error: {sentence}", err=True)
        sys.exit(1)


def plain_sentence(error: Exception) -> str | None:
    """What a person reads instead of a traceback, for faults that are not ours; None for a fault of ours."""
    from amqp.exceptions import AMQPError
    from kombu.exceptions import OperationalError as BrokerError
    from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError

    from events.outgoing import NotConfirmed
    from ops.processes.health import ListenRefused
    from ops.tracing.switch import TracesMissing
    from workers.errors import SyncError
    from workers.secrets import SecretKeyError

    match error:
        case BrokerError() | AMQPError() | ConnectionError() | NotConfirmed():
            return f"RabbitMQ does not answer as it should ({_short(error)}). Check COUNTERFOIL_BROKER_URL."
        case ArgumentError() | DatabaseError() | InterfaceError():
            return (
                f"The database does not answer as it should ({_short(error)}). Check COUNTERFOIL_DATABASE_URL "
                "and run `counterfoil setup`."
            )
        case SyncError() | ListenRefused() | SecretKeyError() | TracesMissing():
            return str(error)
        case _:
            return None


def _short(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error) or type(error).__name__
    return text.strip().splitlines()[0][:200]


if __name__ == "__main__":
    main()
