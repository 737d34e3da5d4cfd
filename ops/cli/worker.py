"""``counterfoil worker``: sync events to QuickBooks."""

import os
import sys

import click

from events.broker.topology import WORKFLOWS
from ops.settings import Settings
from schemas.envelope import Workflow
from workers.secrets import SecretKeyError


@click.command()
@click.argument("workflows", nargs=-1, type=click.Choice(WORKFLOWS), metavar="[WORKFLOW]…")
@click.pass_obj
def worker(settings: Settings, workflows: tuple[Workflow, ...]) -> None:
    """Consume WORKFLOWS (orders, inventory, contacts; all when none is named) until SIGTERM."""
    from ops.processes.logs import configure_logs
    from ops.processes.worker import run_worker

    configure_logs(settings.log, secrets=settings.secret_values())
    try:
        code = run_worker(settings, workflows or WORKFLOWS)
    except SecretKeyError as error:
        raise click.ClickException(str(error)) from error
    sys.stdout.flush()
    sys.stderr.flush()
    # A call to QuickBooks may still hang in a thread (up to 120 s); what it did is found by the next run.
    os._exit(code)
