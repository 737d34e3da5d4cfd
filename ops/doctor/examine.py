"""All checks, one after another."""

from collections.abc import Iterator
from datetime import datetime

from ops.doctor.broker import check_broker, check_management
from ops.doctor.finding import Finding
from ops.doctor.ledger import check_ledger
from ops.doctor.outside import check_disk, check_quickbooks
from ops.doctor.queues import check_queues
from ops.settings import Settings
from workers.ledger.engine import open_ledger


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look at everything that the processes need. Changes nothing."""
    yield from check_broker(settings.broker_url)
    yield from check_management(settings.management_url, settings.broker_url)
    yield from check_queues(settings.management_url, settings.broker_url)
    engine = open_ledger(settings.database_url)
    try:
        key = settings.secret_key.get_secret_value()
        yield from check_ledger(engine, key, settings.payload_days, now)
    finally:
        engine.dispose()
    yield from check_quickbooks(settings, now)
    yield from check_disk(settings.spool_path, settings.database_url)
