"""A dashboard: its frame, its variable, the way to its neighbours, and rows of panels."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    Row,
)
from grafana_foundation_sdk.models import dashboard as models

from ops.dashboards.panels import SOURCE, WIDTH, AnyPanel

TAG = "counterfoil"
REFRESH = "30s"


class Section(NamedTuple):
    """A heading and its panels, from left to right, line after line."""

    title: str
    panels: Sequence[AnyPanel]


def board(name: str, title: str, description: str, sections: Sequence[Section]) -> models.Dashboard:
    """Put a dashboard together; ``name`` is its file and the end of its uid."""
    made = (
        Dashboard(f"Counterfoil / {title}")
        .uid(f"counterfoil-{name}")
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .readonly()
        .refresh(REFRESH)
        .time("now-6h", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .annotation(
            AnnotationQuery()
            .name("Alerts")
            .datasource(SOURCE)
            .enable(enable=True)
            .icon_color("red")
            .expr('sum by (alertname) (ALERTS{alertname=~"Counterfoil.*", alertstate="firing"})')
        )
        .link(
            DashboardLink("Counterfoil")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(as_dropdown=True)
            .keep_time(keep_time=True)
        )
    )
    for section in sections:
        made.with_row(Row(section.title))
        for panel in section.panels:
            made.with_panel(panel)
    dashboard = made.build()
    _place(dashboard)
    return dashboard


def _place(dashboard: models.Dashboard) -> None:
    """Number the panels and lay them out: a row on a line of its own, panels side by side while they fit."""
    x = y = height = 0
    for number, panel in enumerate(dashboard.panels or [], start=1):
        panel.id_val = number
        assert panel.grid_pos is not None
        is_row = isinstance(panel, models.RowPanel)
        width = WIDTH if is_row else panel.grid_pos.w
        if is_row or x + width > WIDTH:
            x, y, height = 0, y + height, 0
        panel.grid_pos.x, panel.grid_pos.y, panel.grid_pos.w = x, y, width
        x, height = x + width, max(height, panel.grid_pos.h)
