"""A headless Chromium with a fresh profile, for one block of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from ops.node import chromium
from tests.rig.fixtures import missing

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It is root's, it has no screen, and it talks to nobody but the page under test."""

WIDTH, HEIGHT = 1100, 900
WAIT_SECONDS = 60.0


@contextmanager
def browser_page() -> Iterator[Page]:
    """One empty page; the browser ends with the block. Skips, or fails in CI, where there is no Chromium."""
    program = chromium.find()
    if program is None:
        missing(chromium.NOT_FOUND)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=QUIET)
        try:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(WAIT_SECONDS * 1000)
            yield page
        finally:
            browser.close()
