"""A headless Chromium, driven over its debugging pipe: no library, no port. Source: Chrome DevTools Protocol."""

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rig.waiting import wait_for

CHROMIUM = shutil.which("chromium")


class Browser:
    """One page. ``open``, ``click``, ``title``; ended by the ``with`` block."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()

        def as_three_and_four() -> None:
            # Duplicated first: the pipes may themselves be 3 and 4.
            into, out = os.dup(to_browser), os.dup(from_browser)
            os.dup2(into, 3)
            os.dup2(out, 4)

        self._process = subprocess.Popen(
            [
                CHROMIUM or "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                f"--user-data-dir={profile}",
                "--remote-debugging-pipe",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_three_and_four,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""

    def __enter__(self) -> Self:
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._write)  # Chromium ends when nobody holds its pipe
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        self._call("Page.navigate", url=address)
        wait_for(lambda: self._evaluate("document.readyState") == "complete", what="the page is loaded")

    def click(self, selector: str) -> None:
        """Click what a CSS selector finds."""
        self._evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def heading(self) -> str:
        """The page's first heading; "" while there is none."""
        return str(self._evaluate("(document.querySelector('h1') || {}).innerText || ''"))

    def _evaluate(self, expression: str) -> Any:
        return self._call("Runtime.evaluate", expression=expression)["result"].get("value")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _next(self) -> bytes:
        while b"\0" not in self._rest:
            part = os.read(self._read, 65_536)
            assert part, "Chromium has ended"
            self._rest += part
        one, _, self._rest = self._rest.partition(b"\0")
        return one
