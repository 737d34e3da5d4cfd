"""``counterfoil desk``: carry out operators' commands and keep the error queues in order."""

import click
import pika.exceptions

from ops.settings import Settings


@click.command()
@click.option(
    "--reconcile", is_flag=True, help="Compare error queues and ledger once, mend what differs, and end."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (with --reconcile).")
@click.pass_obj
def desk(settings: Settings, *, reconcile: bool, as_json: bool) -> None:
    """Carry out commands, take settled copies out of the error queues, until SIGTERM."""
    from ops.processes.desk import run_desk
    from ops.processes.logs import configure_logs

    configure_logs(settings.log, secrets=settings.secret_values())
    if reconcile:
        _reconcile(settings, as_json=as_json)
        return
    raise SystemExit(run_desk(settings))


def _reconcile(settings: Settings, *, as_json: bool) -> None:
    from dataclasses import asdict

    from ops.cli.showing import printed
    from ops.desk.queue_pass import QueueBusy
    from ops.processes.desk import sweep_once

    try:
        swept = sweep_once(settings)
    except QueueBusy as error:
        raise click.ClickException(
            "A desk looks at the error queues just now. Try again in a moment."
        ) from error
    except pika.exceptions.AMQPError as error:
        raise click.ClickException(
            f"RabbitMQ does not answer as it should ({type(error).__name__}). Check COUNTERFOIL_BROKER_URL "
            "and run `counterfoil setup`."
        ) from error
    if as_json:
        printed({workflow: asdict(one) for workflow, one in swept.items()})
        return
    for workflow, one in swept.items():
        click.echo(
            f"{workflow:<10} {one.kept} waiting, {one.taken_out} settled copies taken out, "
            f"{one.copies_put_back} copies put back, {one.rows_rebuilt} rows rebuilt, {one.strangers} unknown messages"
        )
