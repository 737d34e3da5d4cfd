"""Every dashboard as the JSON file that Grafana reads."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from events.broker.topology import WORKFLOWS
from ops.dashboards.broker import broker
from ops.dashboards.overview import overview
from ops.dashboards.quickbooks import quickbooks
from ops.dashboards.webhooks import webhooks
from ops.dashboards.workflow import workflow_board

FOLDER = Path(__file__).with_name("json")


def dashboards() -> list[Dashboard]:
    """All of them."""
    return [overview(), *(workflow_board(name) for name in WORKFLOWS), quickbooks(), broker(), webhooks()]


def texts() -> dict[str, str]:
    """File name and content of each."""
    return {f"{one.uid}.json": as_json(one) for one in dashboards()}


def as_json(dashboard: Dashboard) -> str:
    """Keys in order, so that a change shows as the lines that changed."""
    return json.dumps(dashboard, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
