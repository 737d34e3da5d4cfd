"""RabbitMQ's own Management UI as an operator uses it: the stock screens, clicked in a real browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from ops.node.management import part
from tests.rig.browser import HEIGHT, WAIT_SECONDS, WIDTH
from tests.rig.waiting import wait_for

TALL = 2600
POPUP = ".form-popup-info, .form-popup-warn"
expect.set_options(timeout=WAIT_SECONDS * 1000)


class ManagementUi:
    """One logged-in operator. ``pictures``: the folder for screenshots; None: none are taken."""

    def __init__(self, page: Page, url: str, vhost: str, *, pictures: Path | None = None) -> None:
        self.page = page
        self._url = url.rstrip("/")
        self._vhost = vhost
        self._pictures = pictures

    def log_in(self, name: str, password: str) -> None:
        """By the form on the first page."""
        self.page.goto(self._url)
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", password)
        self.page.click("input[type=submit][value=Login]")
        expect(self.page.locator("#logout")).to_be_visible()

    def open_queues(self, holding: str) -> Locator:
        """The list of queues whose names hold a text, as a table."""
        self._open("queues")
        self.page.fill("#queues-name", holding)
        self.page.press("#queues-name", "Enter")
        table = self.page.locator("table.list")
        expect(table.get_by_role("link", name=f"orders{holding}", exact=True)).to_be_visible()
        return table

    def get_message(self, queue: str, holding: str) -> Locator:
        """Get messages with the form as it stands there (Nack message requeue true), until one holds a text."""
        self._open("queues", self._vhost, queue)
        self._unfold("Get messages")
        form = self.page.locator("form[action='#/queues/get']")
        form.locator("input[name=count]").fill("200")
        found = self.page.locator("#msg-wrapper .box").filter(has_text=holding)

        def got() -> bool:
            self._close_popup()  # "Queue is empty": a sweep has the messages in hand for a moment
            with self.page.expect_response(lambda answer: answer.url.endswith("/get")):
                form.get_by_role("button", name="Get Message(s)").click()
            return found.count() > 0

        wait_for(got, timeout_seconds=WAIT_SECONDS, what=f"a message in {queue} with {holding}")
        return found.first

    def publish(
        self,
        exchange: str,
        routing_key: str,
        payload: Mapping[str, Any],
        *,
        user_id: str = "",
        picture: str = "",
    ) -> str:
        """Publish by the form of an exchange: no content type, no message id. What the UI says of it."""
        self._open("exchanges", self._vhost, exchange)
        self._unfold("Publish message")
        form = self.page.locator("form[action='#/exchanges/publish']")
        form.locator("input[name=routing_key]").fill(routing_key)
        form.locator("textarea[name=payload]").fill(json.dumps(payload))
        if user_id:
            form.locator("input[name=props_1_mfkey]").fill("user_id")
            form.locator("input[name=props_1_mfvalue]").fill(user_id)
        if picture:
            self.picture(picture, form)
        form.get_by_role("button", name="Publish message").click()
        expect(self.page.locator(POPUP)).to_be_visible()
        told = self.page.locator(POPUP).inner_text()
        self._close_popup()
        return told

    def picture(self, name: str, part_of_page: Locator, *, holding: str = "") -> None:
        """Keep what is seen, once a text is there: RabbitMQ's numbers are up to ten seconds old."""
        if self._pictures is not None:
            expect(part_of_page).to_contain_text(holding)
            # RabbitMQ's head stays on top of the screen, so the whole part has to fit below it.
            self.page.set_viewport_size({"width": WIDTH, "height": TALL})
            part_of_page.screenshot(path=self._pictures / f"{name}.png")
            self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def _open(self, *place: str) -> None:
        """A fresh page: another place behind the # alone would leave the old screen there for a moment."""
        self.page.goto("about:blank")
        self.page.goto(f"{self._url}/#/{'/'.join(part(name) for name in place)}")
        self.page.evaluate("jQuery.fx.off = true")  # nothing slides: what is there can be clicked, and seen

    def _close_popup(self) -> None:
        popup = self.page.locator(POPUP)
        if popup.is_visible():
            popup.get_by_text("Close").click()
            expect(popup).to_have_count(0)

    def _unfold(self, heading: str) -> None:
        """Open a section; RabbitMQ remembers in the browser which ones are open."""
        section = self.page.locator(".section, .section-hidden").filter(
            has=self.page.locator("h2", has_text=heading)
        )
        expect(section).to_be_visible()
        if not section.locator(".hider").is_visible():
            section.locator("h2").click()
        expect(section.locator(".hider")).to_be_visible()
