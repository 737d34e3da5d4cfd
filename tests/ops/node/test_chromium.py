"""Chromium for the browser tests: found on the path, or one sentence says how to get it."""

import pytest

from ops.node import chromium
from ops.node.install import InstallFailed


def test_without_chromium_and_without_apt_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(InstallFailed, match="apt-get install chromium"):
        chromium.install(say=print)
    assert chromium.find() is None
