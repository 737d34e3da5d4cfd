"""What lies outside of us: Intuit, and the disks of spool and ledger."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import orjson
from sqlalchemy import make_url

from ops.doctor.finding import Finding, bad, good, soon
from ops.settings import Settings
from workers.errors import SyncError
from workers.quickbooks.http import Http

ANSWER_SECONDS = 10.0
CLOCK_SECONDS = 30.0
"""A Date header has whole seconds, and the checks before this one take a while."""

BAD_CLOCK_SECONDS = 300.0
MEBIBYTE = 1024 * 1024
BAD_BYTES = 256 * MEBIBYTE
SOON_BYTES = 1024 * MEBIBYTE
"""The spool's 100,000 webhooks of some 5 KB each, twice over."""


def check_quickbooks(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Intuit's discovery document and clock, the API's host, and the app's own keys."""
    http = Http(connect_seconds=5.0, answer_seconds=ANSWER_SECONDS)
    try:
        yield from _discovery(http, settings.intuit_discovery_url, now)
        yield _api(http, settings.quickbooks_url)
    finally:
        http.close()
    if settings.intuit_client_id and settings.intuit_client_secret.get_secret_value():
        yield good("intuit app", "Client id and secret are set.")
    else:
        yield bad(
            "intuit app",
            "The keys of your Intuit app are missing.",
            "set COUNTERFOIL_INTUIT_CLIENT_ID and COUNTERFOIL_INTUIT_CLIENT_SECRET",
        )


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def check_disk(
    spool_path: str, database_url: str, *, free: Callable[[Path], int] = _free_bytes
) -> Iterator[Finding]:
    """Room for webhooks while the broker is away, and for a ledger in a file. ``free``: bytes left in a folder."""
    yield _room(
        "spool", spool_path, "COUNTERFOIL_SPOOL_PATH", "webhooks wait there while RabbitMQ is away", free
    )
    url = make_url(database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database
    if is_file and Path(url.database or "").resolve().parent.is_dir():  # else the ledger's own check says so
        does = "without it nothing can be booked"
        yield _room("database disk", url.database or "", "COUNTERFOIL_DATABASE_URL", does, free)


def _room(check: str, file: str, setting: str, does: str, free: Callable[[Path], int]) -> Finding:
    folder = Path(file).resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return bad(check, f"{folder} is no folder that we may write to.", f"check {setting}")
    left = free(folder)
    text = f"{left // MEBIBYTE:,} MiB are free in {folder}."
    if left < SOON_BYTES:
        make = bad if left < BAD_BYTES else soon
        return make(check, text, f"make room: {does}")
    return good(check, text)


def _discovery(http: Http, url: str, now: datetime) -> Iterator[Finding]:
    do = "check the network and COUNTERFOIL_INTUIT_DISCOVERY_URL"
    try:
        answer = http.send("GET", url, headers={"Accept": "application/json"})
    except SyncError:
        yield bad("intuit", f"{url} cannot be reached.", do)
        return
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if answer.status != 200 or not isinstance(found, dict) or "token_endpoint" not in found:
        yield bad("intuit", f"Status {answer.status}, and no discovery document.", do)
        return
    yield good("intuit", "Its discovery document is there.")
    yield from check_clock(answer.headers.get("date", ""), now)


def check_clock(theirs: str, now: datetime) -> Iterator[Finding]:
    """This machine's clock against a ``Date`` header: tokens, signatures and limits hang on it."""
    try:
        off_seconds = abs((parsedate_to_datetime(theirs) - now).total_seconds())
    except (ValueError, TypeError):
        return  # no date to compare with
    if off_seconds <= CLOCK_SECONDS:
        yield good("clock", "It agrees with Intuit's.")
        return
    make = bad if off_seconds > BAD_CLOCK_SECONDS else soon
    yield make(
        "clock", f"It is {off_seconds:.0f} s off Intuit's.", "let the machine keep time (chrony, timesyncd)"
    )


def _api(http: Http, url: str) -> Finding:
    try:
        http.send("GET", url, headers={"Accept": "application/json"})
    except SyncError:
        return bad(
            "quickbooks", f"{url} cannot be reached.", "check the network and COUNTERFOIL_QUICKBOOKS_URL"
        )
    return good("quickbooks", "The API answers.")
