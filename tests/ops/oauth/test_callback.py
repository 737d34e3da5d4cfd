"""The tiny server that the browser comes back to."""

import threading
from collections.abc import Iterator

import pytest
import urllib3

from ops.oauth.callback import PATH, Callback
from ops.oauth.consent import ConnectFailed, Consent


@pytest.fixture
def callback() -> Iterator[Callback]:
    with Callback(0, state="s-1") as callback:
        yield callback


class Browser(threading.Thread):
    """Goes to some addresses, one after another."""

    def __init__(self, port: int, *paths: str) -> None:
        super().__init__()
        self._addresses = [f"http://127.0.0.1:{port}{path}" for path in paths]
        self.statuses: list[int] = []

    def run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
            self.statuses = [pool.request("GET", address).status for address in self._addresses]


def test_strangers_and_other_attempts_do_not_end_the_wait(callback: Callback) -> None:
    browser = Browser(
        callback.port,
        "/favicon.ico",
        f"{PATH}?code=bad&state=guess&realmId=1",
        f"{PATH}?error=access_denied&state=guess",
        f"{PATH}?code=XAB1&state=s-1&realmId=9130",
    )
    browser.start()

    consent = callback.wait(10)

    browser.join()
    assert consent == Consent("XAB1", "9130")
    assert browser.statuses == [404, 400, 400, 200]


def test_a_refusal_ends_the_wait_at_once(callback: Callback) -> None:
    browser = Browser(callback.port, f"{PATH}?error=access_denied&state=s-1")
    browser.start()

    with pytest.raises(ConnectFailed, match="you did not agree"):
        callback.wait(10)

    browser.join()


def test_nobody_is_waited_for_for_ever(callback: Callback) -> None:
    with pytest.raises(ConnectFailed, match="Nobody agreed"):
        callback.wait(0.05)


def test_a_taken_port_is_said(callback: Callback) -> None:
    with pytest.raises(ConnectFailed, match=f"Port {callback.port} on this machine is taken"):
        Callback(callback.port, state="s-2")
