"""What a long reading says while it goes on: how much of what is read, where nobody knows how much it will be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn, TimeElapsedColumn


@contextmanager
def counting(*, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Lines on a terminal, one for each thing that is read; elsewhere nothing."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _what, _count: None
        return
    columns = (TextColumn("{task.description:<14}"), TextColumn("{task.completed} read"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, count: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=None)
            progress.update(tasks[what], completed=count)

        yield tell
