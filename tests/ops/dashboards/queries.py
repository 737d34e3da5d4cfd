"""Every query of the committed dashboards, as Grafana would send it."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[3] / "ops" / "dashboards" / "json"


class PanelQuery(NamedTuple):
    """One target of one panel."""

    board: str
    panel: str
    expression: str
    legend: str


def boards() -> dict[str, dict[str, Any]]:
    """The dashboards as they lie there, by file name."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that show something; rows are headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries() -> list[PanelQuery]:
    """All of them."""
    return [
        PanelQuery(name, panel["title"], target["expr"], target["legendFormat"])
        for name, board in boards().items()
        for panel in panels(board)
        for target in panel["targets"]
    ]


def filled_in(expression: str, *, rate_interval: str) -> str:
    """Grafana's variable replaced by a range."""
    return re.sub(r"\$__rate_interval", rate_interval, expression)
