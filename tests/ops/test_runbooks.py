"""Each reason has its page, each page its reason."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import workers
from workers.errors import Hold, NeedsAttention, RetryLater, SyncError, Wait

PAGES = Path(__file__).parents[2] / "ops" / "runbooks"
BASES = (SyncError, RetryLater, Wait, Hold, NeedsAttention)
"""They say what happens next; nobody raises them themselves."""
SECTIONS = ("## What it means", "## How to see it", "## How to fix it", "## How to prevent it")


def reasons() -> set[str]:
    """The slug of every error class that gives one."""
    for module in pkgutil.walk_packages(workers.__path__, "workers."):
        importlib.import_module(module.name)
    found: set[str] = set()
    open_classes: list[type[SyncError]] = [SyncError]
    while open_classes:
        error = open_classes.pop()
        open_classes += error.__subclasses__()
        if error not in BASES and "reason" in vars(error) and error.__module__.startswith("workers."):
            found.add(error.reason)
    return found


def test_every_reason_has_a_page_and_every_page_a_reason() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == reasons()


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_page_says_what_how_to_see_fix_and_prevent(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert text.startswith("# ")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert len(text) < 2500
