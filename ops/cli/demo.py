"""``counterfoil demo``: the main job end to end, on services of its own."""

import sys
import time
from pathlib import Path

import click
import orjson
from rich.console import Console

PICTURE_WIDTH = 110


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".counterfoil"), show_default=True)
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Save the end of the story as an SVG picture."
)
def demo(folder: Path, picture: Path | None) -> None:
    """Send two stores' webhooks, book them, mend what fails, compare the books. Stops all it started.

    The last line is one JSON object. Exit 0 only if nothing was lost or doubled.
    """
    from ops.demo.company import CompanyRefused
    from ops.demo.story import DemoFailed, tell
    from ops.demo.watch import TooSlow
    from ops.node.install import InstallFailed
    from ops.node.node import NodeFailed

    console = Console(width=PICTURE_WIDTH, force_terminal=True, record=True) if picture else Console()
    try:
        figures = tell(folder, console, started=time.monotonic())
    except (CompanyRefused, DemoFailed, InstallFailed, NodeFailed, TooSlow) as error:
        raise click.ClickException(str(error)) from error
    if picture is not None:
        console.save_svg(str(picture), title="make demo")
    click.echo(orjson.dumps(figures).decode())
    sys.exit(0 if not figures["lost"] and not figures["doubled"] and not figures["unresolved"] else 1)
