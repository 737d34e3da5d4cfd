"""``counterfoil demo``: the main job end to end, on services of its own."""

import sys
import time
from pathlib import Path

import click
import orjson
from rich.console import Console


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".counterfoil"), show_default=True)
def demo(folder: Path) -> None:
    """Send two stores' webhooks, book them, mend what fails, compare the books. Stops all it started.

    The last line is one JSON object. Exit 0 only if nothing was lost or doubled.
    """
    from ops.demo.company import CompanyRefused
    from ops.demo.story import DemoFailed, tell
    from ops.demo.watch import TooSlow
    from ops.node.install import InstallFailed
    from ops.node.node import NodeFailed

    try:
        figures = tell(folder, Console(), started=time.monotonic())
    except (CompanyRefused, DemoFailed, InstallFailed, NodeFailed, TooSlow) as error:
        raise click.ClickException(str(error)) from error
    click.echo(orjson.dumps(figures).decode())
    sys.exit(0 if not figures["lost"] and not figures["doubled"] and not figures["unresolved"] else 1)
