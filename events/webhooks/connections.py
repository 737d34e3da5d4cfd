"""The connections, ready at hand: a slow or missing database must never hold up a store's webhook."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from events.webhooks.directory import Directory, WebhookConnection

REFRESH_SECONDS = 1.0
FIRST_LOOK_SECONDS = 3.0
"""Shopify waits 5 s for its answer."""

log = logging.getLogger(__name__)


class DirectoryAway(Exception):
    """A connection that we have not seen yet cannot be looked up now. Raised by ``Connections.get``."""


class Connections:
    """Remembers every connection that was asked for, and reads it again each second in a thread of its own."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[str, WebhookConnection] = {}
        self._first_looks = ThreadPoolExecutor(1, thread_name_prefix="connections")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="connections refresh", daemon=True)

    def start(self) -> None:
        """Start reading again."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stopping.set()
        self._first_looks.shutdown(wait=False, cancel_futures=True)

    async def get(self, connection_id: str) -> WebhookConnection | None:
        """The connection, or None if there is none of that name.

        Raises:
            DirectoryAway: it is not known yet and the directory does not answer.
        """
        known = self._known.get(connection_id)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                found = await loop.run_in_executor(self._first_looks, self._directory.get, connection_id)
        except Exception as error:
            # Whatever the directory's database raises: the store must send again, and a person must see why.
            log.warning("the connections cannot be read", extra={"problem": repr(error)})
            raise DirectoryAway from error
        if found is not None:
            self._known[connection_id] = found
        return found

    def _run(self) -> None:
        while not self._stopping.wait(REFRESH_SECONDS):
            try:
                for connection_id in list(self._known):
                    self._refresh(connection_id)
            except Exception as error:
                # What we know stays good until the directory answers again.
                log.warning("the connections cannot be read", extra={"problem": repr(error)})

    def _refresh(self, connection_id: str) -> None:
        found = self._directory.get(connection_id)
        if found is None:
            self._known.pop(connection_id, None)
        else:
            self._known[connection_id] = found
